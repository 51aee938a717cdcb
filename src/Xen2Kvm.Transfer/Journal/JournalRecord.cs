using System.Buffers.Binary;
using Xen2Kvm.Transfer.Protocol;

namespace Xen2Kvm.Transfer.Journal;

/// <summary>
/// One line of the receiver's memory: 48 bytes, little endian: magic(4) disk(4) round(4) <see cref="RegionNote"/>(28) reserved(4) CRC-32C(4).
/// A later record of the same disk and region replaces an earlier one.
/// </summary>
/// <param name="Disk">Index of the disk.</param>
/// <param name="Round">The copy round that the region belongs to.</param>
/// <param name="Note">The region: durable, or durable and verified.</param>
public readonly record struct JournalRecord(int Disk, uint Round, RegionNote Note)
{
    /// <summary>Size in bytes.</summary>
    public const int Bytes = 48;

    private const uint Magic = 0x4A32_5831;

    /// <summary>Writes the record into the first <see cref="Bytes"/> bytes of <paramref name="to"/>.</summary>
    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(to[4..], Disk);
        BinaryPrimitives.WriteUInt32LittleEndian(to[8..], Round);
        Note.Write(to[12..]);
        BinaryPrimitives.WriteUInt32LittleEndian(to[40..], 0);
        BinaryPrimitives.WriteUInt32LittleEndian(to[44..], Crc32C.Of(to[..44]));
    }

    /// <summary>Reads a record; false when the bytes are none (torn, zeroed by a crash, rotten).</summary>
    public static bool TryRead(ReadOnlySpan<byte> from, out JournalRecord record)
    {
        record = default;
        if (from.Length < Bytes
            || BinaryPrimitives.ReadUInt32LittleEndian(from) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(from[44..]) != Crc32C.Of(from[..44]))
            return false;
        int disk = BinaryPrimitives.ReadInt32LittleEndian(from[4..]);
        if (disk < 0)
            return false;
        try
        {
            record = new JournalRecord(disk, BinaryPrimitives.ReadUInt32LittleEndian(from[8..]), RegionNote.Read(from[12..40]));
            return true;
        }
        catch (ProtocolException)
        {
            return false;
        }
    }
}
