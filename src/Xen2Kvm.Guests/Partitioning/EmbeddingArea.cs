using System.Buffers.Binary;
using Xen2Kvm.Domain.Planning;

namespace Xen2Kvm.Guests.Partitioning;

/// <summary>The place between table and first partition (or the BIOS boot partition of a GPT) where a boot loader's core goes.</summary>
/// <param name="FirstSector">First sector of 512 bytes.</param>
/// <param name="Sectors">How many there are.</param>
public sealed record EmbeddingArea(long FirstSector, long Sectors)
{
    /// <summary>Sectors that a core image with all drivers takes at most (it is about 290 KB).</summary>
    public const long Needed = 800;

    private static readonly Guid BiosBoot = new("21686148-6449-6e6f-744e-656564454649");

    /// <summary>Finds the place.</summary>
    /// <param name="disk">The plan of the disk.</param>
    /// <param name="head">First 34 sectors of the disk, for a table that was copied.</param>
    public static EmbeddingArea Of(TargetDisk disk, ReadOnlySpan<byte> head)
    {
        ArgumentNullException.ThrowIfNull(disk);
        return disk.Table switch
        {
            PartitionTableKind.Msdos => new(1, (disk.Parts.Min(part => part.OffsetBytes) / PartitionTable.Sector) - 1),
            PartitionTableKind.Gpt => GuidPartitionTable.BiosBootArea,
            _ => OfCopied(head),
        };
    }

    private static EmbeddingArea OfCopied(ReadOnlySpan<byte> head)
    {
        var none = new EmbeddingArea(1, 0);
        if (head.Length < PartitionTable.Sector || head[510] != 0x55 || head[511] != 0xAA)
        {
            return none;
        }

        var first = long.MaxValue;
        for (var entry = 446; entry < 510; entry += 16)
        {
            var type = head[entry + 4];
            if (type == 0xEE)
            {
                return OfGpt(head);
            }

            // A boot sector of a file system ends in 55 AA too; its "entries" are no plausible table.
            var start = BinaryPrimitives.ReadUInt32LittleEndian(head[(entry + 8)..]);
            if (type != 0 && start > 0)
            {
                first = Math.Min(first, start);
            }
        }

        return first == long.MaxValue ? none : new(1, first - 1);
    }

    private static EmbeddingArea OfGpt(ReadOnlySpan<byte> head)
    {
        for (var entry = 2 * PartitionTable.Sector; entry + 128 <= head.Length; entry += 128)
        {
            if (new Guid(head.Slice(entry, 16)) == BiosBoot)
            {
                var start = BinaryPrimitives.ReadInt64LittleEndian(head[(entry + 32)..]);
                return new(start, BinaryPrimitives.ReadInt64LittleEndian(head[(entry + 40)..]) - start + 1);
            }
        }

        return new(1, 0);
    }
}
