using System.Text.RegularExpressions;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Guests.Appliance;
using Xen2Kvm.Guests.Edits;
using static Xen2Kvm.Guests.Appliance.GuestfishCommand;

namespace Xen2Kvm.Guests.Inspection;

/// <summary>Finds the file systems of the disks, which of them is the root, and mounts them as the guest would.</summary>
internal static partial class FileSystemFinder
{
    /// <summary>All file systems with UUID, label and state.</summary>
    public static async Task<IReadOnlyList<FoundFileSystem>> ListAsync(GuestfishSession session, CancellationToken cancellationToken)
    {
        var listed = (await session.RunAsync(["list-filesystems"], cancellationToken).ConfigureAwait(false)).Lines
            .Select(line => line.Split(": ", 2))
            .Where(pair => pair.Length == 2)
            .Select(pair => (Device: pair[0], Type: pair[1]))
            .ToList();
        var replies = await session.BatchAsync(
            [.. listed.SelectMany(system => Questions(Plain(system.Device), system.Type))],
            cancellationToken).ConfigureAwait(false);
        var found = new List<FoundFileSystem>();
        var next = 0;
        foreach (var (device, type) in listed)
        {
            var uuid = replies[next++].Text;
            var label = replies[next++].Text;
            var clean = type.StartsWith("ext", StringComparison.Ordinal) ? IsClean(replies[next++].Lines) : null;
            found.Add(new(device, type, uuid.Length > 0 ? uuid : null, label.Length > 0 ? label : null, clean));
        }

        return found;
    }

    /// <summary>Finds the root file system and leaves everything mounted read-only as fstab says. Null when there is no Linux root.</summary>
    public static async Task<IReadOnlyList<GuestMount>?> MountAsync(
        GuestfishSession session, Guest source, IReadOnlyList<FoundFileSystem> systems, DeviceMap devices, CancellationToken cancellationToken)
    {
        if (await FindRootAsync(session, source, systems, devices, cancellationToken).ConfigureAwait(false) is not { } root)
        {
            return null;
        }

        var fstab = await session.BatchAsync(
            [.. MountCommands([root], writable: false), Try("is-file", "/etc/fstab", "followsymlinks:true"), Try("pread", "/etc/fstab", "262144", "0")],
            cancellationToken).ConfigureAwait(false);
        var entries = FstabEntry.Parse(fstab[^1].Text);
        var wanted = entries
            .Where(entry => entry.MountPoint.StartsWith('/') && entry.MountPoint != "/" && SafePath().IsMatch(entry.MountPoint))
            .Select(entry => (Entry: entry, System: entry.Resolve(systems, devices)))
            .Where(pair => pair.System is { Mountable: true })
            .OrderBy(pair => pair.Entry.MountPoint.Count(letter => letter == '/'))
            .Select(pair => new GuestMount(pair.System!.Device, pair.Entry.MountPoint, pair.Entry.SubvolumeOption))
            .DistinctBy(mount => mount.MountPoint)
            .ToList();
        var mounted = new List<GuestMount> { root };
        foreach (var (mount, reply) in wanted.Zip(await session.BatchAsync([.. MountCommands(wanted, writable: false, required: false)], cancellationToken).ConfigureAwait(false)))
        {
            if (reply.Ok)
            {
                mounted.Add(mount);
            }
        }

        return await WithFreeSpaceAsync(session, mounted, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Commands that mount the file systems.</summary>
    public static IEnumerable<GuestfishCommand> MountCommands(IEnumerable<GuestMount> mounts, bool writable, bool required = true) => mounts.Select(mount =>
        new GuestfishCommand(["mount-options", (writable ? "rw" : "ro") + (mount.Options.Length > 0 ? "," + mount.Options : ""), mount.Device, mount.MountPoint], required));

    private static IEnumerable<GuestfishCommand> Questions(string device, string type)
    {
        yield return Try("vfs-uuid", device);
        yield return Try("vfs-label", device);
        if (type.StartsWith("ext", StringComparison.Ordinal))
        {
            yield return Try("tune2fs-l", device);
        }
    }

    private static async Task<GuestMount?> FindRootAsync(
        GuestfishSession session, Guest source, IReadOnlyList<FoundFileSystem> systems, DeviceMap devices, CancellationToken cancellationToken)
    {
        // What the Xen configuration calls root comes first, then whatever looks like one.
        var named = RootArgument().Match(source.Boot.CommandLine ?? "").Groups[1].Value;
        var expected = named.Length > 0 ? new FstabEntry(named, "/", "", "").Resolve(systems, devices)?.Device : null;
        var candidates = systems.Where(system => system.Mountable && system.Type != "vfat").OrderByDescending(system => system.Device == expected).ToList();
        if (candidates.Count == 0)
        {
            return null;
        }

        var replies = await session.BatchAsync(
            [
                .. candidates.SelectMany(system => new[]
                {
                    Try("umount-all"),
                    Try("mount-ro", system.Device, "/"),
                    Try("exists", "/etc/fstab"),
                    Try("exists", "/etc/os-release"),
                    Try("is-dir", "/lib", "followsymlinks:true"),
                    Try("exists", "/sbin/init"),
                }),
                Must("umount-all"),
            ],
            cancellationToken).ConfigureAwait(false);
        var scores = candidates.Select((system, index) => (System: system, Score: replies.Skip((index * 6) + 2).Take(4).Count(reply => reply.IsTrue))).ToList();

        // A root that was set aside for the next release (or a rescue system) scores as high as the real one: the configured one wins.
        var best = scores.Where(candidate => candidate.Score >= 2).OrderByDescending(candidate => candidate.System.Device == expected).ThenByDescending(candidate => candidate.Score).ToList();
        return best.Count == 0 ? null : new(best[0].System.Device, "/", "");
    }

    private static async Task<IReadOnlyList<GuestMount>> WithFreeSpaceAsync(GuestfishSession session, IReadOnlyList<GuestMount> mounts, CancellationToken cancellationToken)
    {
        var replies = await session.BatchAsync([.. mounts.Select(mount => Try("statvfs", mount.MountPoint))], cancellationToken).ConfigureAwait(false);
        return [.. mounts.Zip(replies, (mount, reply) => mount with { Free = Free(reply) })];
    }

    private static (long, long?)? Free(GuestfishReply reply)
    {
        var values = reply.Lines.Select(line => line.Split(": ", 2)).Where(pair => pair.Length == 2)
            .ToDictionary(pair => pair[0].Trim(), pair => long.TryParse(pair[1], out var value) ? value : 0, StringComparer.Ordinal);
        return values.TryGetValue("bfree", out var blocks) && values.TryGetValue("frsize", out var size)
            ? (blocks * size, values.GetValueOrDefault("files") > 0 ? values.GetValueOrDefault("ffree") : null)
            : null;
    }

    private static bool? IsClean(IReadOnlyList<string> superblock)
    {
        var state = superblock.FirstOrDefault(line => line.StartsWith("Filesystem state:", StringComparison.Ordinal));
        return state is null ? null : state.Split(':', 2)[1].Trim() == "clean"
            && !superblock.Any(line => line.StartsWith("Filesystem features:", StringComparison.Ordinal) && line.Contains("needs_recovery", StringComparison.Ordinal));
    }

    /// <summary>The device under a btrfs volume (btrfsvol:/dev/sda1/@).</summary>
    private static string Plain(string device) => BtrfsVolume().Match(device) is { Success: true } match ? match.Groups[1].Value : device;

    [GeneratedRegex(@"(?:^|\s)root=(?:UUID=)?(\S+)", RegexOptions.CultureInvariant)]
    private static partial Regex RootArgument();

    [GeneratedRegex(@"^btrfsvol:(/dev/[a-z]+[0-9]*)/", RegexOptions.CultureInvariant)]
    private static partial Regex BtrfsVolume();

    [GeneratedRegex("^/[A-Za-z0-9 ._/+-]+$", RegexOptions.CultureInvariant)]
    private static partial Regex SafePath();
}
