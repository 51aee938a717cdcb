using System.Text;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Hosts.Scripts;
using Xen2Kvm.Hosts.Ssh;
using Xen2Kvm.Hosts.Xen;

namespace Xen2Kvm.Hosts.Cleanups;

/// <summary>What moves have left on a host, through one script that looks and deletes with the same eyes.</summary>
internal sealed class Remains(IRemoteShell shell) : IRemains
{
    private static readonly TimeSpan LookTime = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan DeleteTime = TimeSpan.FromMinutes(30);

    /// <summary>Where configs lie; tests change it.</summary>
    public string ConfigDirectory { get; init; } = "/etc/xen";

    /// <summary>Where the records of locks lie; tests change it.</summary>
    public string LockDirectory { get; init; } = XenLocks.DefaultDirectory;

    /// <summary>Where DRBD's resources are described; tests change it.</summary>
    public string DrbdDirectory { get; init; } = "/etc/drbd.d";

    /// <inheritdoc />
    public LockFiles FilesOf(SourceLock held) => new(
        XenLocks.RecordPath(LockDirectory, held.Guest),
        held.LockedConfigPath is { } config ? XenLocks.NotePath(config) : null,
        held is { AutostartLink: not null, AutostartTarget: null } ? XenLocks.KeptAutostartPath(LockDirectory, held.Guest) : null);

    /// <inheritdoc />
    public string CommandOf(TargetDisk disk) => PosixQuoting.Join(disk.StorageKind == StorageKind.VolumeGroup
        ? ["lvremove", "-f", disk.Path.StartsWith("/dev/", StringComparison.Ordinal) ? disk.Path["/dev/".Length..] : disk.Path]
        : ["rm", "-f", "--", disk.Path, disk.Path + ".x2k-new", disk.Path + ".x2k-run"]);

    /// <inheritdoc />
    public async Task<Remnant?> LookAsync(RemnantPlace place, IReadOnlyCollection<string> others, CancellationToken cancellationToken)
    {
        var output = await RunAsync("look", place, "", others, LookTime, $"looking at {place.Path}", cancellationToken).ConfigureAwait(false);
        if (output.Length == 0)
        {
            return null;
        }

        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('=', 2)).ToLookup(words => words[0], words => words[^1]);
        return lines["id"].FirstOrDefault() is { Length: > 0 } identity
            ? new Remnant(identity, LinuxFacts.Long(lines["bytes"].FirstOrDefault() ?? "") ?? 0, lines["stays"].FirstOrDefault(), PosixQuoting.Join(lines["run"]))
            : throw Unreadable(place, output);
    }

    /// <inheritdoc />
    public async Task<RemnantEnd> DeleteAsync(RemnantPlace place, string identity, IReadOnlyCollection<string> others, CancellationToken cancellationToken)
    {
        var output = await RunAsync("delete", place, identity, others, DeleteTime, $"deleting {place.Path}", cancellationToken).ConfigureAwait(false);
        return output.Trim() switch
        {
            "deleted" => RemnantEnd.Deleted,
            "gone" => RemnantEnd.Gone,
            "differs" => RemnantEnd.Differs,
            _ => throw Unreadable(place, output),
        };
    }

    private RemoteException Unreadable(RemnantPlace place, string output) => new(
        RemoteFailure.CommandFailed, shell.HostName, $"{shell.HostName}: asked about {place.Path}, it answered `{(output.Length > 200 ? output[..200] : output).Trim()}`, which cannot be read.");

    // Standard input holds the paths, so the script is an argument here.
    private Task<string> RunAsync(
        string act, RemnantPlace place, string identity, IReadOnlyCollection<string> others, TimeSpan timeout, string what, CancellationToken cancellationToken) =>
        HostScripts.RunAsync(
            shell,
            new RemoteCommand(
                "sh", "-c", HostScripts.Text("remains.sh"), "x2k-remains", act, place.Form.ToString().ToLowerInvariant(), place.Path, identity, ConfigDirectory,
                place.OwnConfig ?? "", DrbdDirectory)
            {
                StandardInput = Encoding.UTF8.GetBytes(string.Concat(others.Where(path => !path.Any(char.IsControl)).Select(path => path + "\n"))),
                Timeout = timeout,
            },
            what, cancellationToken);
}
