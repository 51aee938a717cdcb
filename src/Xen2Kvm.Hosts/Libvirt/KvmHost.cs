using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Hosts.Scripts;

namespace Xen2Kvm.Hosts.Libvirt;

/// <summary>A KVM host driven with virsh, qemu-img and LVM.</summary>
internal sealed partial class KvmHost(IRemoteShell shell, TimeProvider time) : IKvmHost
{
    private const int MostConsoleBytes = 256 << 10;
    private const int NotKnown = 3;
    private const int NotRunning = 4;
    private static readonly string[] Virsh = ["virsh", "-c", "qemu:///system", "-q"];

    /// <inheritdoc />
    public async Task<HostSnapshot> TakeInventoryAsync(CancellationToken cancellationToken)
    {
        var takenAt = time.GetUtcNow();
        var nonce = ScriptSections.NewNonce();
        var facts = RunAsync("host-facts.sh", [nonce], "reading the host's facts", 60);
        var guests = RunAsync("kvm-inventory.sh", [nonce], "reading guests from libvirt", 120);
        var probe = ProbeKvmAsync(shell, cancellationToken);
        await Task.WhenAll(facts, guests, probe).ConfigureAwait(false);
        var host = ScriptSections.Parse(await facts.ConfigureAwait(false), nonce);
        var libvirt = ScriptSections.Parse(await guests.ConfigureAwait(false), nonce);
        return KvmInventory.Read(host, libvirt, await probe.ConfigureAwait(false), LinuxFacts.Neighbours(host.Lines("neighbours")), takenAt);

        Task<string> RunAsync(string script, string[] arguments, string what, int seconds) => HostScripts.RunAsync(
            shell, HostScripts.Command(script, arguments) with { Timeout = TimeSpan.FromSeconds(seconds), Quiet = true }, what, cancellationToken);
    }

    /// <summary>Whether a guest really runs under KVM, as <c>yes|no|unknown why</c>. Boots a tiny guest the first time.</summary>
    internal static async Task<string> ProbeKvmAsync(IRemoteShell shell, CancellationToken cancellationToken) => (await HostScripts.RunAsync(
        shell, HostScripts.Command("kvm-probe.sh", "20") with { Timeout = TimeSpan.FromSeconds(60) }, "trying KVM", cancellationToken)
        .ConfigureAwait(false)).Trim();

    /// <inheritdoc />
    public async Task<AllocatedDisk> AllocateAsync(TargetDisk disk, Guid runId, CancellationToken cancellationToken) =>
        await DiskAsync("allocate", disk, runId, cancellationToken).ConfigureAwait(false)
        ?? throw new RemoteException(RemoteFailure.CommandFailed, shell.HostName, $"{shell.HostName}: {disk.Path} was not made. Look at the run's log.");

    /// <inheritdoc />
    public Task<AllocatedDisk?> FindAllocatedAsync(TargetDisk disk, Guid runId, CancellationToken cancellationToken) =>
        DiskAsync("find", disk, runId, cancellationToken);

    /// <inheritdoc />
    public Task DeleteAsync(TargetDisk disk, Guid runId, CancellationToken cancellationToken) => DiskAsync("delete", disk, runId, cancellationToken);

    /// <inheritdoc />
    public async Task<bool> ExistsAsync(string path, CancellationToken cancellationToken)
    {
        // A logical volume that is not active has no device node.
        const string script = """
            [ -e "$1" ] || [ -L "$1" ] || case $1 in
              /dev/*/*) lvs --noheadings -o lv_name "${1#/dev/}" >/dev/null 2>&1 ;;
              *) exit 1 ;;
            esac
            """;
        var result = await shell.RunAsync(new("sh", "-c", script, "x2k", path) { IsRead = true }, cancellationToken).ConfigureAwait(false);
        return result.Ok;
    }

    /// <inheritdoc />
    public string BuildXml(TargetGuest guest, Guid runId) => LibvirtXmlBuilder.Build(guest, runId);

    /// <inheritdoc />
    public async Task<PowerState?> GetStateAsync(string guest, CancellationToken cancellationToken) =>
        await GuestAsync("state", guest, cancellationToken).ConfigureAwait(false) is { } result ? KvmInventory.Power(result.Output) : null;

    /// <inheritdoc />
    public async Task<Guid?> GetOwnerAsync(string guest, CancellationToken cancellationToken) =>
        await GuestAsync("xml", guest, cancellationToken).ConfigureAwait(false) is { } result
            ? LibvirtDomainReader.Owner(LibvirtDomainReader.Parse(result.Output))
            : null;

    /// <inheritdoc />
    public async Task DefineAsync(string xml, CancellationToken cancellationToken)
    {
        var domain = LibvirtDomainReader.Parse(xml);
        var name = LibvirtDomainReader.Name(domain);
        var owner = LibvirtDomainReader.Owner(domain);
        if (await GuestAsync("xml", name, cancellationToken).ConfigureAwait(false) is { } known)
        {
            var existing = LibvirtDomainReader.Owner(LibvirtDomainReader.Parse(known.Output));
            if (existing is null || existing != owner)
            {
                throw new RemoteException(RemoteFailure.CommandFailed, shell.HostName,
                    $"{shell.HostName}: libvirt already has a guest {name}{(existing is null ? " that this program did not make" : $" of run {existing}")}; " +
                    "it was left as it is. Choose another target name, or undefine it.");
            }
        }

        var result = await shell.RunAsync(
            new RemoteCommand([.. Virsh, "define", "--validate", "/dev/stdin"]) { StandardInput = Encoding.UTF8.GetBytes(xml) },
            cancellationToken).ConfigureAwait(false);
        if (!result.Ok)
        {
            throw new RemoteException(RemoteFailure.CommandFailed, shell.HostName,
                $"{shell.HostName}: libvirt refuses the definition of {name}: {Said(result)}");
        }
    }

    /// <inheritdoc />
    public Task UndefineAsync(string guest, CancellationToken cancellationToken) => GuestAsync("undefine", guest, cancellationToken);

    /// <inheritdoc />
    public async Task StartAsync(string guest, CancellationToken cancellationToken) =>
        _ = await GuestAsync("start", guest, cancellationToken, 180).ConfigureAwait(false)
            ?? throw new RemoteException(RemoteFailure.CommandFailed, shell.HostName,
                $"{shell.HostName}: libvirt does not know a guest {guest}; it must be defined before it starts.");

    /// <inheritdoc />
    public Task DestroyAsync(string guest, CancellationToken cancellationToken) => GuestAsync("destroy", guest, cancellationToken);

    /// <inheritdoc />
    public Task SetAutostartAsync(string guest, bool autostart, CancellationToken cancellationToken) =>
        GuestAsync("autostart", guest, cancellationToken, argument: autostart ? "on" : "off");

    /// <inheritdoc />
    public async Task<string> ReadConsoleAsync(string guest, CancellationToken cancellationToken)
    {
        if (await GuestAsync("xml", guest, cancellationToken).ConfigureAwait(false) is not { } xml
            || LibvirtDomainReader.ConsoleLog(LibvirtDomainReader.Parse(xml.Output)) is not { } path)
        {
            return "";
        }

        var result = await shell.RunAsync(
            new RemoteCommand("tail", "-c", $"{MostConsoleBytes}", "--", path) { Quiet = true, IsRead = true }, cancellationToken).ConfigureAwait(false);
        return result.Ok ? result.Output : "";
    }

    /// <inheritdoc />
    public async Task<byte[]?> ScreenshotAsync(string guest, CancellationToken cancellationToken)
    {
        if (await GuestAsync("live-xml", guest, cancellationToken).ConfigureAwait(false) is not { } xml
            || !LibvirtDomainReader.HasDisplay(LibvirtDomainReader.Parse(xml.Output)))
        {
            return null;
        }

        return await GuestAsync("screenshot", guest, cancellationToken).ConfigureAwait(false) is { ExitCode: 0 } picture
            ? PortablePixmap.ToPng(picture.OutputBytes.Span)
            : null;
    }

    /// <inheritdoc />
    public async Task<bool> PingAsync(string address, CancellationToken cancellationToken)
    {
        CheckAddress(address);
        var result = await shell.RunAsync(
            new RemoteCommand("ping", "-n", "-q", "-c", "1", "-W", "1", address) { IsRead = true, Timeout = TimeSpan.FromSeconds(10) },
            cancellationToken).ConfigureAwait(false);
        return result.ExitCode == 127
            ? throw new RemoteException(RemoteFailure.CommandFailed, shell.HostName, $"{shell.HostName} has no ping. Install it (apt install iputils-ping).")
            : result.Ok;
    }

    /// <inheritdoc />
    public async Task<bool> ConnectTcpAsync(string address, int port, CancellationToken cancellationToken)
    {
        CheckAddress(address);
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, 65535);
        var result = await shell.RunAsync(
            new RemoteCommand("timeout", "3", "bash", "-c", "exec 3<>\"/dev/tcp/$0/$1\"", address, $"{port}")
            {
                AsRoot = false,
                IsRead = true,
                Timeout = TimeSpan.FromSeconds(15),
            },
            cancellationToken).ConfigureAwait(false);
        return result.Ok;
    }

    private async Task<AllocatedDisk?> DiskAsync(string action, TargetDisk disk, Guid runId, CancellationToken cancellationToken)
    {
        var block = disk.StorageKind == StorageKind.VolumeGroup;
        if (TargetPaths.Problem(disk) is { } problem)
        {
            throw new RemoteException(RemoteFailure.CommandFailed, shell.HostName, $"{shell.HostName}: {problem}");
        }

        string[] copied = [.. disk.CopiedParts().SelectMany(part => new[] { $"{part.OffsetBytes}", $"{part.LengthBytes}" })];
        var output = await HostScripts.RunAsync(
            shell,
            HostScripts.Command(
                "kvm-disk.sh",
                [action, disk.Path, $"{runId}", $"{disk.SizeBytes}", disk.Format == DiskFormat.Qcow2 ? "qcow2" : "raw", disk.StorageName, block ? "vg" : "dir", .. copied]) with
            {
                // A volume's parts that are not copied, as a large swap, are written with zeroes.
                Timeout = block ? TimeSpan.FromHours(2) : TimeSpan.FromMinutes(5),
                IsRead = action == "find",
                Rehearsed = action == "allocate" ? $"found {disk.SizeBytes}" : "",
            },
            $"{action} of {disk.Path}", cancellationToken).ConfigureAwait(false);
        return output.Trim().Split(' ') is ["found", var size] && LinuxFacts.Long(size) is { } bytes
            ? new(disk.Path, disk.Format, bytes, block)
            : null;
    }

    /// <summary>Acts on a guest; null when libvirt does not know it.</summary>
    private async Task<CommandResult?> GuestAsync(
        string action, string guest, CancellationToken cancellationToken, int seconds = 60, string argument = "")
    {
        var result = await shell.RunAsync(
            HostScripts.Command("kvm-guest.sh", action, guest, argument) with
            {
                Timeout = TimeSpan.FromSeconds(seconds),
                Quiet = action is "xml" or "live-xml" or "screenshot",
                IsRead = action is "state" or "xml" or "live-xml" or "screenshot",
            },
            cancellationToken).ConfigureAwait(false);
        return result.ExitCode switch
        {
            0 or NotRunning => result,
            NotKnown => null,
            _ => throw HostScripts.Failure(shell, result, $"{action} of {guest}"),
        };
    }

    private static void CheckAddress(string address)
    {
        if (!IPAddress.TryParse(address, out _) && !HostNamePattern().IsMatch(address))
        {
            throw new ArgumentException($"`{address}` is no address.", nameof(address));
        }
    }

    private static string Said(CommandResult result) =>
        string.Join("; ", result.StandardError.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).TakeLast(4));

    [GeneratedRegex("^[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$")]
    private static partial Regex HostNamePattern();
}
