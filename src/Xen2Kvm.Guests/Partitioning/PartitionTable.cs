using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Xen2Kvm.Domain.Planning;

namespace Xen2Kvm.Guests.Partitioning;

/// <summary>Bytes for a place on a disk.</summary>
/// <param name="Offset">Offset from the disk's start in bytes.</param>
/// <param name="Bytes">What belongs there.</param>
public sealed record DiskPiece(long Offset, ReadOnlyMemory<byte> Bytes);

/// <summary>
/// Builds partition tables for disks that are assembled from partitions. Pure, and deterministic by the guest's UUID: the same plan gives the
/// same bytes, so writing a table twice changes nothing.
/// </summary>
public static class PartitionTable
{
    /// <summary>Bytes of a sector.</summary>
    public const int Sector = 512;

    /// <summary>Highest partition number an MBR has room for; a plan with a higher one must use GPT.</summary>
    public const int HighestMbrPartition = 4;

    /// <summary>The table's bytes; empty when the disk brings its own. The boot code of sector 0 is never part of it.</summary>
    /// <param name="disk">The planned disk.</param>
    /// <param name="seed">The guest's UUID on KVM.</param>
    /// <param name="bootPartition">Partition to mark active; 0 for none.</param>
    /// <exception cref="ArgumentException">The plan cannot be written as such a table; the message says why.</exception>
    public static IReadOnlyList<DiskPiece> Build(TargetDisk disk, Guid seed, int bootPartition = 0)
    {
        ArgumentNullException.ThrowIfNull(disk);
        if (disk.Table == PartitionTableKind.Copied)
        {
            return [];
        }

        var parts = disk.Parts.OrderBy(part => part.OffsetBytes).ToList();
        Check(disk, parts);
        return disk.Table == PartitionTableKind.Msdos ? [Mbr(disk, parts, seed, bootPartition)] : GuidPartitionTable.Build(disk, parts, seed);
    }

    /// <summary>Bytes that belong to a name and to nothing else: the disk's signature and the partitions' ids.</summary>
    internal static byte[] Derive(Guid seed, string device, string purpose) =>
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"x2k {seed:D} {device} {purpose}")));

    internal static long Sectors(DiskPart part) => (part.LengthBytes + Sector - 1) / Sector;

    private static void Check(TargetDisk disk, List<DiskPart> parts)
    {
        var free = disk.Table == PartitionTableKind.Gpt ? GuidPartitionTable.FirstPartitionSector * Sector : 1L << 20;
        foreach (var part in parts)
        {
            if (part.PartitionNumber < 1 || part.OffsetBytes % Sector != 0 || part.LengthBytes <= 0)
            {
                throw new ArgumentException($"{disk.Device}: the part from {part.SourceVdev} has no partition number, or does not begin at a sector.", nameof(disk));
            }

            if (part.OffsetBytes < free)
            {
                throw new ArgumentException($"{disk.Device}: partition {part.PartitionNumber} begins at {part.OffsetBytes}, before {free}, where table and boot loader are.", nameof(disk));
            }

            free = part.OffsetBytes + (Sectors(part) * Sector);
        }

        var end = disk.Table == PartitionTableKind.Gpt ? disk.SizeBytes - (GuidPartitionTable.BackupSectors * Sector) : disk.SizeBytes;
        if (free > end)
        {
            throw new ArgumentException($"{disk.Device}: the partitions end at {free}, the disk has room until {end}.", nameof(disk));
        }

        if (parts.Select(part => part.PartitionNumber).Distinct().Count() != parts.Count)
        {
            throw new ArgumentException($"{disk.Device}: a partition number is used twice.", nameof(disk));
        }
    }

    private static DiskPiece Mbr(TargetDisk disk, List<DiskPart> parts, Guid seed, int bootPartition)
    {
        // Bytes 440–511 only: what lies before is boot code.
        var bytes = new byte[72];
        var signature = BinaryPrimitives.ReadUInt32LittleEndian(Derive(seed, disk.Device, "signature"));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, signature == 0 ? 1 : signature);
        foreach (var part in parts)
        {
            if (part.PartitionNumber > HighestMbrPartition)
            {
                throw new ArgumentException(
                    $"{disk.Device}: partition {part.PartitionNumber} does not fit into an MBR, which has {HighestMbrPartition}; plan a GPT.", nameof(disk));
            }

            var first = part.OffsetBytes / Sector;
            if (first + Sectors(part) > uint.MaxValue)
            {
                throw new ArgumentException($"{disk.Device}: partition {part.PartitionNumber} ends beyond 2 TiB, which an MBR cannot say; plan a GPT.", nameof(disk));
            }

            WriteEntry(bytes.AsSpan(6 + ((part.PartitionNumber - 1) * 16), 16), part.PartitionNumber == bootPartition, Type(part), first, Sectors(part));
        }

        (bytes[70], bytes[71]) = (0x55, 0xAA);
        return new(440, bytes);
    }

    internal static void WriteEntry(Span<byte> entry, bool active, byte type, long first, long sectors)
    {
        entry[0] = (byte)(active ? 0x80 : 0);
        WriteChs(entry[1..4], first);
        entry[4] = type;
        WriteChs(entry[5..8], first + sectors - 1);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], (uint)first);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[12..], (uint)sectors);
    }

    private static byte Type(DiskPart part) => part.Action == PartAction.RecreateSwap ? (byte)0x82 : (byte)0x83;

    /// <summary>Cylinder, head and sector with the usual 255 heads of 63 sectors; the highest value beyond its reach.</summary>
    private static void WriteChs(Span<byte> place, long sector)
    {
        var cylinder = sector / (255 * 63);
        if (cylinder > 1023)
        {
            (place[0], place[1], place[2]) = (254, 0xFF, 0xFF);
            return;
        }

        place[0] = (byte)(sector / 63 % 255);
        place[1] = (byte)((sector % 63) + 1 + ((cylinder >> 2) & 0xC0));
        place[2] = (byte)cylinder;
    }
}
