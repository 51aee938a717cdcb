using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Xen2Kvm.Domain.Planning;

namespace Xen2Kvm.Guests.Partitioning;

/// <summary>Builds a GUID partition table: protective MBR, both headers, both entry arrays, and a BIOS boot partition from 1 to 2 MiB.</summary>
internal static class GuidPartitionTable
{
    /// <summary>Sectors at the disk's end for the backup: 32 of entries and the header.</summary>
    public const long BackupSectors = 33;

    /// <summary>First sector a planned partition may have: the first MiB is the table's, the second the boot loader's.</summary>
    public const long FirstPartitionSector = 4096;

    /// <summary>The BIOS boot partition.</summary>
    public static readonly EmbeddingArea BiosBootArea = new(2048, 2048);

    private const int Entries = 128;
    private const int EntrySize = 128;

    private static readonly Guid LinuxData = new("0fc63daf-8483-4772-8e79-3d69d8477de4");
    private static readonly Guid LinuxSwap = new("0657fd6d-a4ab-43c4-84e5-0933c84b4f4f");
    private static readonly Guid BiosBoot = new("21686148-6449-6e6f-744e-656564454649");

    public static IReadOnlyList<DiskPiece> Build(TargetDisk disk, List<DiskPart> parts, Guid seed)
    {
        var sectors = disk.SizeBytes / PartitionTable.Sector;
        var entries = new byte[Entries * EntrySize];
        foreach (var part in parts)
        {
            if (part.PartitionNumber > Entries)
            {
                throw new ArgumentException($"{disk.Device}: partition {part.PartitionNumber} does not fit into a GPT, which has {Entries}.", nameof(disk));
            }

            var type = part.Action == PartAction.RecreateSwap ? LinuxSwap : LinuxData;
            WriteEntry(entries, disk, seed, part.PartitionNumber, type, part.OffsetBytes / PartitionTable.Sector, PartitionTable.Sectors(part), "");
        }

        // The lowest number that the guest's own partitions leave free: theirs must not change.
        var used = parts.Select(part => part.PartitionNumber).ToHashSet();
        var bootNumber = Enumerable.Range(1, Entries).First(number => !used.Contains(number));
        WriteEntry(entries, disk, seed, bootNumber, BiosBoot, BiosBootArea.FirstSector, BiosBootArea.Sectors, "BIOS boot");

        var diskId = new Guid(PartitionTable.Derive(seed, disk.Device, "disk").AsSpan(0, 16));
        var last = sectors - 1;
        return
        [
            new(440, ProtectiveMbr(sectors)),
            new(PartitionTable.Sector, Header(diskId, entries, 1, last, 2, sectors)),
            new(2 * PartitionTable.Sector, entries),
            new((last - 32) * PartitionTable.Sector, entries),
            new(last * PartitionTable.Sector, Header(diskId, entries, last, 1, last - 32, sectors)),
        ];
    }

    private static byte[] ProtectiveMbr(long sectors)
    {
        var bytes = new byte[72];
        PartitionTable.WriteEntry(bytes.AsSpan(6, 16), active: false, 0xEE, 1, Math.Min(sectors - 1, uint.MaxValue));
        (bytes[70], bytes[71]) = (0x55, 0xAA);
        return bytes;
    }

    private static void WriteEntry(byte[] entries, TargetDisk disk, Guid seed, int number, Guid type, long first, long sectors, string name)
    {
        var entry = entries.AsSpan((number - 1) * EntrySize, EntrySize);
        type.TryWriteBytes(entry);
        var id = PartitionTable.Derive(seed, disk.Device, string.Create(CultureInfo.InvariantCulture, $"partition {number}"));
        id.AsSpan(0, 16).CopyTo(entry[16..]);
        BinaryPrimitives.WriteInt64LittleEndian(entry[32..], first);
        BinaryPrimitives.WriteInt64LittleEndian(entry[40..], first + sectors - 1);
        Encoding.Unicode.GetBytes(name, entry[56..]);
    }

    private static byte[] Header(Guid diskId, byte[] entries, long self, long other, long entriesAt, long sectors)
    {
        var header = new byte[PartitionTable.Sector];
        "EFI PART"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), 0x00010000);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(12), 92);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(24), self);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(32), other);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(40), 34);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(48), sectors - 34);
        diskId.TryWriteBytes(header.AsSpan(56));
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(72), entriesAt);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(80), Entries);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(84), EntrySize);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(88), Crc32(entries));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(16), Crc32(header.AsSpan(0, 92)));
        return header;
    }

    /// <summary>CRC-32 of IEEE 802.3, as UEFI wants it.</summary>
    private static uint Crc32(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var value in data)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ (0xEDB88320u & (uint)-(int)(crc & 1));
            }
        }

        return ~crc;
    }
}
