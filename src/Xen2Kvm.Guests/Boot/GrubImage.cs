using System.Buffers.Binary;
using Xen2Kvm.Guests.Partitioning;

namespace Xen2Kvm.Guests.Boot;

/// <summary>
/// Puts GRUB's two images for BIOS into their places on the disk, as grub-bios-setup does. That tool cannot be used: it wants the guest's file
/// system mounted.
/// </summary>
/// <remarks>
/// boot.img (sector 0): at 0x5C eight bytes, little endian, the sector where core.img begins (GRUB_BOOT_MACHINE_KERNEL_SECTOR); at 0x64 the
/// BIOS drive, 0xFF meaning the one that was booted, which stays. Only its first 440 bytes are written: the rest is signature and table.
/// core.img: its first sector is diskboot.img, which loads the others by the block list that ends at the sector's end. The first entry lies at
/// 0x1F4: eight bytes first sector, two bytes number of sectors, two bytes segment (0x820). grub-mkimage writes the number and the segment
/// and leaves the start at 2, which is right only for a core in sector 1.
/// </remarks>
internal static class GrubImage
{
    private const int KernelSectorAt = 0x5C;
    private const int BlockListAt = 0x1F4;

    /// <summary>The bytes for the disk, core image first: sector 0 goes last, so that a cut-off installation never looks like a loader.</summary>
    /// <exception cref="ArgumentException">An image is not what it should be, or does not fit.</exception>
    public static IReadOnlyList<DiskPiece> Place(ReadOnlySpan<byte> boot, ReadOnlySpan<byte> core, EmbeddingArea area)
    {
        if (boot.Length != PartitionTable.Sector || boot[510] != 0x55 || boot[511] != 0xAA)
        {
            throw new ArgumentException("boot.img of GRUB is not a boot sector.", nameof(boot));
        }

        var sectors = (core.Length + PartitionTable.Sector - 1) / PartitionTable.Sector;
        if (core.Length < 2 * PartitionTable.Sector || BinaryPrimitives.ReadUInt16LittleEndian(core[(BlockListAt + 8)..]) != sectors - 1
            || BinaryPrimitives.ReadInt64LittleEndian(core[BlockListAt..]) != 2)
        {
            throw new ArgumentException("core.img of GRUB has another block list than grub-mkimage of GRUB 2 writes.", nameof(core));
        }

        if (sectors > area.Sectors)
        {
            throw new ArgumentException($"GRUB's core image takes {sectors} sectors, and {area.Sectors} are free before the first partition.", nameof(area));
        }

        var first = boot[..440].ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(first.AsSpan(KernelSectorAt), area.FirstSector);
        var rest = new byte[sectors * PartitionTable.Sector];
        core.CopyTo(rest);
        BinaryPrimitives.WriteInt64LittleEndian(rest.AsSpan(BlockListAt), area.FirstSector + 1);
        return [new(area.FirstSector * PartitionTable.Sector, rest), new(0, first)];
    }
}
