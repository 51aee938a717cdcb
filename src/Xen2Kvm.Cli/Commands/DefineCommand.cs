using System.CommandLine;
using System.Xml.Linq;
using Xen2Kvm.Cli.Offline;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Hosts.Libvirt;

namespace Xen2Kvm.Cli.Commands;

/// <summary>x2k define: the libvirt XML of a Xen config, without any host or dashboard.</summary>
internal static class DefineCommand
{
    private const string DefaultDirectory = "/var/lib/libvirt/images";

    /// <summary>Builds the command.</summary>
    public static Command Build(CommonOptions common)
    {
        var file = InspectCommand.FileArgument();
        var guest = new Option<string?>("--guest") { Description = "Name of the guest, where the file holds several" };
        var size = new Option<string[]>("--size")
        {
            Description = "Size of a disk, as xvda1=4294967296 or xvda1=4G (K, M, G, T are powers of 1024); may be given often. "
                + "Not needed for a disk whose path exists on this machine",
        };
        var directory = new Option<string?>("--storage-dir") { Description = $"Directory for the disks there (default: {DefaultDirectory})" };
        var vg = new Option<string?>("--vg") { Description = "Volume group for the disks there, instead of a directory" };
        var format = Choice.Option<DiskFormat>("--format", "raw or qcow2, in a directory (default: raw)");
        var bridge = Mapping.BridgeOption();
        var mac = new Option<string[]>("--mac") { Description = "MAC of a NIC that the config gives none, as 0=52:54:00:12:34:56; may be given often" };
        var name = new Option<string?>("--name") { Description = "Name there (default: the same)" };
        var uuid = new Option<Guid?>("--uuid") { Description = "UUID there (default: the config's, else a new one)" };
        var vcpus = new Option<int?>("--vcpus") { Description = "Virtual CPUs (default: the same)" };
        var memory = new Option<long?>("--memory") { Description = "Memory in MiB (default: the same)" };
        var tcg = new Option<bool>("--tcg") { Description = "Emulate: for a host without KVM" };
        var command = new Command(
            "define",
            "Print the libvirt XML that a Xen config becomes. Partitions given as disks (xvda1, xvda2 ...) become one disk with a table; "
            + "the disks there are named NAME-vda, NAME-vdb ... What cannot be kept is said on standard error. With --json the disks' "
            + "layout is printed, too. Needs no dashboard.")
        {
            file, guest, size, directory, vg, format, bridge, mac, name, uuid, vcpus, memory, tcg,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var print = common.Printer(parsed);
            var reading = await InspectCommand.ReadAsync(parsed.GetRequiredValue(file), common.Terminal, cancellationToken).ConfigureAwait(false);
            var options = new DefineOptions
            {
                Guest = parsed.GetValue(guest),
                Sizes = Mapping.Read("--size", parsed.GetValue(size), "xvda1=4G"),
                VolumeGroup = parsed.GetValue(vg),
                Directory = parsed.GetValue(directory) ?? DefaultDirectory,
                Macs = Mapping.Read("--mac", parsed.GetValue(mac), "0=52:54:00:12:34:56"),
                Uuid = parsed.GetValue(uuid),
                UseKvm = !parsed.GetValue(tcg),
                Choices = new PlanChoices
                {
                    Format = parsed.GetValue(format), Bridges = Mapping.Bridges(parsed.GetValue(bridge)), Name = parsed.GetValue(name),
                    Vcpus = parsed.GetValue(vcpus), MemoryMiB = parsed.GetValue(memory),
                },
            };
            if (options.VolumeGroup is not null && parsed.GetValue(directory) is not null)
            {
                throw CliException.Usage("Give --vg or --storage-dir, not both.");
            }

            var (target, notes) = OfflinePlan.Make(reading, options);
            notes.ToList().ForEach(note => print.Note("x2k: " + note));
            var xml = Xml(target);
            print.Result(new { xml, target }, () => print.Raw(xml));
            return CliExit.Done;
        });
        return command;
    }

    // No run stands behind this definition, so it names none.
    private static string Xml(TargetGuest target)
    {
        try
        {
            var domain = XElement.Parse(LibvirtXmlBuilder.Build(target, Guid.Empty));
            domain.Element("metadata")?.Remove();
            return domain.ToString().ReplaceLineEndings("\n") + "\n";
        }
        catch (ArgumentException unfit)
        {
            throw CliException.Usage(unfit.Message.Split(" (Parameter", 2)[0] + " Give another one with --name.");
        }
    }
}
