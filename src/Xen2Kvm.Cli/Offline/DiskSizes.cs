using System.Globalization;
using Xen2Kvm.Domain.Inventory;

namespace Xen2Kvm.Cli.Offline;

/// <summary>Finds the sizes of a guest's disks: what a person says, else what lies under the same path on this machine.</summary>
internal static class DiskSizes
{
    /// <summary>The disks with their sizes.</summary>
    /// <exception cref="CliException">One is not known; it says which, and how to give it.</exception>
    public static IReadOnlyList<GuestDisk> Fill(IReadOnlyList<GuestDisk> disks, IReadOnlyDictionary<string, string> given)
    {
        if (given.Keys.FirstOrDefault(vdev => disks.All(disk => disk.Vdev != vdev)) is { } stray)
        {
            throw CliException.Usage($"--size names {stray}, which is no disk of the guest. It has: {string.Join(", ", disks.Select(disk => disk.Vdev))}.");
        }

        var filled = disks.Select(disk => disk with { SizeBytes = Size(disk, given) }).ToList();
        var unknown = filled.Where(disk => disk is { SizeBytes: null, IsCdrom: false, Path: not null }).ToList();
        return unknown.Count == 0 ? filled : throw CliException.Usage(
            $"The size of {string.Join(", ", unknown.Select(disk => $"{disk.Vdev} ({disk.Path})"))} is not known here. "
            + $"Give it in bytes: {string.Join(' ', unknown.Select(disk => $"--size {disk.Vdev}=BYTES"))} "
            + "(on the Xen host: blockdev --getsize64 PATH, or stat -c %s PATH for a file).");
    }

    /// <summary>A number of bytes, or with K, M, G, T.</summary>
    /// <exception cref="CliException">It is no size.</exception>
    public static long Parse(string vdev, string text)
    {
        var factor = text is [.., var last] ? char.ToUpperInvariant(last) switch { 'K' => 10, 'M' => 20, 'G' => 30, 'T' => 40, _ => 0 } : 0;
        var digits = factor == 0 ? text : text[..^1];
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 && number <= long.MaxValue >> factor
            ? number << factor
            : throw CliException.Usage($"--size {vdev}={text} is no size: give bytes, or a whole number with K, M, G or T.");
    }

    private static long? Size(GuestDisk disk, IReadOnlyDictionary<string, string> given) =>
        given.TryGetValue(disk.Vdev, out var text) ? Parse(disk.Vdev, text) : disk.IsCdrom || disk.Path is null ? null : OnThisMachine(disk.Path, disk.Format);

    private static long? OnThisMachine(string path, string format)
    {
        // An image in a format of its own says less about its disk by its length than nothing.
        if (format != "raw")
        {
            return null;
        }

        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);

            // A block device has no length of a file; its end tells.
            var length = stream.CanSeek ? stream.Seek(0, SeekOrigin.End) : 0;
            return length > 0 ? length : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return null;
        }
    }
}
