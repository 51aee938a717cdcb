using System.Globalization;
using System.Text;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Hosts.Scripts;
using Xen2Kvm.Hosts.Xen.Config;
using DiskFormat = Xen2Kvm.Hosts.Xen.Config.DiskFormat;

namespace Xen2Kvm.Hosts.Xen;

/// <summary>Takes the inventory of a Xen host: definitions and facts in one round trip, the disks they name in a second.</summary>
internal sealed class XenInventory(IRemoteShell shell, TimeProvider time)
{
    /// <summary>Where configs lie; tests change it.</summary>
    public string ConfigDirectory { get; init; } = "/etc/xen";

    /// <summary>Where the records of locks lie; tests change it.</summary>
    public string LockDirectory { get; init; } = XenLocks.DefaultDirectory;

    /// <summary>The snapshot.</summary>
    public async Task<HostSnapshot> TakeAsync(CancellationToken cancellationToken)
    {
        var takenAt = time.GetUtcNow();
        var nonce = ScriptSections.NewNonce();
        var host = RunAsync(HostScripts.Command("host-facts.sh", nonce), "reading the host's facts");
        var xen = RunAsync(HostScripts.Command("xen-inventory.sh", nonce, ConfigDirectory, LockDirectory), "reading the guests of Xen");
        await Task.WhenAll(host, xen).ConfigureAwait(false);
        var facts = ScriptSections.Parse(await host.ConfigureAwait(false), nonce);
        var sections = ScriptSections.Parse(await xen.ConfigureAwait(false), nonce);
        var problems = new List<string>();
        if (sections.Value("toolstack") is null)
        {
            throw new RemoteException(RemoteFailure.CommandFailed, shell.HostName,
                $"{shell.HostName} has neither xl nor xm. Is it a Xen host, and was it booted with the hypervisor (apt install xen-system-amd64)?");
        }

        var info = XlInfoParser.Parse(sections["info"]);
        if (info.XenVersion is null)
        {
            throw new RemoteException(RemoteFailure.CommandFailed, shell.HostName,
                $"{shell.HostName}: {sections.Value("toolstack")} info failed: {sections["info"].Trim().Split('\n')[^1]}. Check that the host was booted with Xen and that xenstored runs.");
        }

        var sources = XenSources.Read(sections, problems);
        var probes = await ProbeAsync(sources, cancellationToken).ConfigureAwait(false);

        // Only what the host has seen by itself: an inventory asks nothing of the network.
        var neighbours = LinuxFacts.Neighbours(facts.Lines("neighbours"));
        var volumes = LogicalVolumes(facts);
        return new HostSnapshot
        {
            TakenAt = takenAt,
            Facts = HostFacts(facts, sections, info),
            Guests = [.. sources.Select(source => XenGuestReader.Read(source, spec => Probe(spec, probes, volumes), neighbours))],
            Problems = problems,
        };

        Task<string> RunAsync(RemoteCommand command, string what) =>
            HostScripts.RunAsync(shell, command with { Timeout = TimeSpan.FromMinutes(3), Quiet = true }, what, cancellationToken);
    }

    /// <summary>Asks for every disk once.</summary>
    private async Task<Dictionary<string, XenDiskProbe>> ProbeAsync(IReadOnlyList<XenSource> sources, CancellationToken cancellationToken)
    {
        var wanted = sources.SelectMany(source => source.Truth.Disks).Select(Key).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        var probes = new Dictionary<string, XenDiskProbe>(StringComparer.Ordinal);
        if (wanted.Count == 0)
        {
            return probes;
        }

        var nonce = ScriptSections.NewNonce();
        var output = await HostScripts.RunAsync(
            shell,
            new RemoteCommand("sh", "-c", HostScripts.Text("xen-disks.sh"), "x2k-disks", nonce)
            {
                StandardInput = Encoding.UTF8.GetBytes(string.Join('\n', wanted) + "\n"),
                Timeout = TimeSpan.FromMinutes(5),
                Quiet = true,
            },
            "looking at the guests' disks", cancellationToken).ConfigureAwait(false);
        foreach (var (name, body) in ScriptSections.Parse(output, nonce).Starting("disk "))
        {
            if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < wanted.Count)
            {
                probes[wanted[index]] = XenDiskProbe.Parse(body);
            }
        }

        return probes;
    }

    /// <summary>The line of a disk for the script; null when there is nothing to look at.</summary>
    private static string? Key(DiskSpec spec)
    {
        var place = spec.Path ?? (spec.Script?.Contains("drbd", StringComparison.Ordinal) == true && spec.Target.Length > 0 ? "drbd:" + spec.Target : null);
        if (place is null || place.Any(char.IsControl))
        {
            return null;
        }

        var format = spec.Format switch
        {
            DiskFormat.Qcow2 => "qcow2",
            DiskFormat.Qcow => "qcow",
            DiskFormat.Vhd => "vpc",
            DiskFormat.Qed => "qed",
            _ => "raw",
        };
        return $"{format} {place}";
    }

    private static XenDiskProbe? Probe(DiskSpec spec, Dictionary<string, XenDiskProbe> probes, IReadOnlyDictionary<string, long> volumes)
    {
        if (Key(spec) is not { } key || !probes.TryGetValue(key, out var probe))
        {
            return null;
        }

        // A volume that is not active has no device node, but is there.
        return probe.Backing == DiskBacking.Missing && spec.Path is { } path && volumes.TryGetValue(path, out var size)
            ? probe with { Backing = DiskBacking.LogicalVolume, SizeBytes = size, Path = path }
            : probe;
    }

    private static Dictionary<string, long> LogicalVolumes(ScriptSections facts)
    {
        var volumes = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var words in facts.Lines("lvs").Select(line => line.Split('|')).Where(words => words.Length > 2))
        {
            if (LinuxFacts.Long(words[2]) is { } size)
            {
                volumes[$"/dev/{words[0]}/{words[1]}"] = size;
                volumes[$"/dev/mapper/{Double(words[0])}-{Double(words[1])}"] = size;
            }
        }

        return volumes;

        static string Double(string name) => name.Replace("-", "--", StringComparison.Ordinal);
    }

    private static HostFacts HostFacts(ScriptSections facts, ScriptSections sections, XlInfo info)
    {
        var meminfo = facts["meminfo"];
        return new HostFacts
        {
            Hostname = facts.Value("hostname") ?? info.Host ?? "",
            OperatingSystem = LinuxFacts.OperatingSystem(facts["os"]),
            Kernel = facts.Value("kernel"),
            Hypervisor = $"Xen {info.XenVersion}" + (sections.Value("toolstack") == "xm" ? " (xm)" : ""),

            // dom0 sees only its own share; the hypervisor sees the machine.
            Cpus = info.Cpus ?? (int)(LinuxFacts.Long(facts["cpus"]) ?? 0),
            CpuModel = LinuxFacts.Field(facts["cpuinfo"], "model name"),
            CpuFlags = LinuxFacts.Field(facts["cpuinfo"], "flags")?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [],
            MemoryMiB = info.TotalMemoryMiB ?? (LinuxFacts.Number(meminfo, "MemTotal") >> 10),
            FreeMemoryMiB = info.FreeMemoryMiB ?? 0,
            Bridges = LinuxFacts.Bridges(facts.Lines("bridges"), facts.Lines("addresses")),
            Storage = [.. LinuxFacts.VolumeGroups(facts.Lines("vgs"))],
            Tools = LinuxFacts.Tools(facts.Lines("tools")),
        };
    }
}
