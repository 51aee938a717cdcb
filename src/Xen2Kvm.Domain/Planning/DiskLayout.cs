using System.Globalization;
using Xen2Kvm.Domain.Inventory;

namespace Xen2Kvm.Domain.Planning;

/// <summary>
/// Turns the disks of a Xen guest into disks that a PC can boot. Whole disks are copied one to one; partitions that the host presented as
/// devices (xvda1, xvda2 …, no table inside) are assembled into one disk with a table, at 1 MiB alignment, keeping their numbers.
/// </summary>
public static class DiskLayout
{
    /// <summary>Alignment of partitions and room for the boot loader before the first one, in bytes.</summary>
    public const long Alignment = 1024 * 1024;

    /// <summary>An msdos table ends at this size (2^32 sectors of 512 bytes).</summary>
    public const long MsdosLimit = 0x1_0000_0000L * 512;

    /// <summary>Where the disks go.</summary>
    /// <param name="Kind">Volume group or directory.</param>
    /// <param name="Name">Its name.</param>
    /// <param name="Directory">/dev/VG or the pool's directory.</param>
    /// <param name="Format">Format; a volume group takes raw only.</param>
    public sealed record Destination(StorageKind Kind, string Name, string Directory, DiskFormat Format);

    /// <summary>Lays out all disks of a guest that hold data (empty and CD drives are left out).</summary>
    /// <param name="guest">The guest on Xen; every disk's size must be known.</param>
    /// <param name="baseName">File or volume name to begin with; made safe here.</param>
    /// <param name="destination">Where they go.</param>
    /// <exception cref="PlanningException">A disk's size or path is not known, or whole disk and partitions share a number.</exception>
    public static IReadOnlyList<TargetDisk> Assemble(Guest guest, string baseName, Destination destination)
    {
        var sources = guest.Disks.Where(disk => !disk.IsCdrom && disk.Path is not null).ToList();
        foreach (var disk in sources.Where(disk => disk.SizeBytes is null or <= 0))
        {
            throw new PlanningException(
                $"The size of disk {disk.Vdev} ({disk.Path}) of {guest.Name} is not known. Refresh the inventory of its host, and check that {disk.Path} exists there.");
        }

        var targets = new List<TargetDisk>();
        foreach (var group in sources.GroupBy(disk => disk.DiskIndex).OrderBy(group => group.Key))
        {
            var device = DeviceName(targets.Count);
            var parts = group.OrderBy(disk => disk.Partition).ToList();
            if (parts is [{ Partition: 0 } whole])
            {
                targets.Add(Target(device, baseName, destination, whole.SizeBytes!.Value, PartitionTableKind.Copied, [Part(whole, 0, 0)]));
            }
            else if (parts.Any(part => part.Partition == 0))
            {
                throw new PlanningException(
                    $"{guest.Name} has both a whole disk and a partition of it ({string.Join(", ", parts.Select(part => part.Vdev))}). Give them different disk letters in its configuration.");
            }
            else
            {
                targets.Add(AssemblePartitions(device, baseName, destination, parts));
            }
        }

        return targets;
    }

    /// <summary>Whether a disk is a swap partition: a new area with the same UUID is made instead of a copy.</summary>
    public static bool IsSwap(GuestDisk disk) => disk.Partition > 0 && string.Equals(disk.Content, "swap", StringComparison.Ordinal);

    private static TargetDisk AssemblePartitions(string device, string baseName, Destination destination, List<GuestDisk> sources)
    {
        var length = sources.Sum(source => RoundUp(source.SizeBytes!.Value));
        var gpt = length + (2 * Alignment) > MsdosLimit || sources.Any(source => source.Partition > 4);

        // A GUID table needs a BIOS boot partition for the loader; it takes the second MiB.
        var offset = gpt ? 2 * Alignment : Alignment;
        var parts = new List<DiskPart>();
        foreach (var source in sources)
        {
            parts.Add(Part(source, offset, source.Partition));
            offset += RoundUp(source.SizeBytes!.Value);
        }

        // A GUID table keeps its copy in the last 33 sectors.
        var size = offset + (gpt ? Alignment : 0);
        return Target(device, baseName, destination, size, gpt ? PartitionTableKind.Gpt : PartitionTableKind.Msdos, parts);
    }

    private static DiskPart Part(GuestDisk source, long offset, int number)
    {
        var swap = IsSwap(source);
        return new DiskPart
        {
            SourceVdev = source.Vdev,
            SourcePath = source.Path!,
            OffsetBytes = offset,
            LengthBytes = source.SizeBytes!.Value,
            PartitionNumber = number,
            Action = swap ? PartAction.RecreateSwap : PartAction.Copy,
            SwapUuid = swap ? source.ContentUuid : null,
            SwapLabel = swap ? source.ContentLabel : null,
        };
    }

    private static TargetDisk Target(
        string device, string baseName, Destination destination, long size, PartitionTableKind table, IReadOnlyList<DiskPart> parts)
    {
        var extension = destination.Kind == StorageKind.VolumeGroup ? "" : destination.Format == DiskFormat.Qcow2 ? ".qcow2" : ".raw";
        return new TargetDisk
        {
            Device = device,
            StorageKind = destination.Kind,
            StorageName = destination.Name,
            Path = $"{destination.Directory.TrimEnd('/')}/{SafeName(baseName)}-{device}{extension}",
            Format = destination.Kind == StorageKind.VolumeGroup ? DiskFormat.Raw : destination.Format,
            SizeBytes = RoundUp(size),
            Table = table,
            Parts = parts,
        };
    }

    /// <summary>vda, vdb … vdz, vdaa.</summary>
    public static string DeviceName(int index)
    {
        var letters = "";
        for (var rest = index; rest >= 0; rest = (rest / 26) - 1)
        {
            letters = ((char)('a' + (rest % 26))).ToString(CultureInfo.InvariantCulture) + letters;
        }

        return "vd" + letters;
    }

    /// <summary>A guest's name made fit for a file or volume name: letters, digits, dot, dash, underscore; never empty or leading with dot or dash.</summary>
    public static string SafeName(string name)
    {
        var safe = new string([.. name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '_')]).TrimStart('.', '-');
        return safe.Length switch { 0 => "guest", > 64 => safe[..64], _ => safe };
    }

    private static long RoundUp(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}

/// <summary>A guest cannot be planned; the message says why and what to do.</summary>
public sealed class PlanningException(string message) : Exception(message);
