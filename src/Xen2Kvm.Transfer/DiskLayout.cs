namespace Xen2Kvm.Transfer;

/// <summary>How a disk is cut for the copy. All sizes are bytes; all offsets are relative to the start of the disk's source range.</summary>
public static class DiskLayout
{
    /// <summary>The unit of the zero scan: a page that is all zero is not sent.</summary>
    public const int PageBytes = 4 * 1024;

    /// <summary>The unit of hashing.</summary>
    public const int BlockBytes = 64 * 1024;

    /// <summary>The unit of sending: one data frame covers at most this much of the disk, and one bit per page fits in 64 bits.</summary>
    public const int ChunkBytes = 256 * 1024;

    /// <summary>The smallest region, see <see cref="RegionBytes"/>.</summary>
    public const int MinRegionBytes = 4 * 1024 * 1024;

    /// <summary>The largest region, that of a disk of <see cref="MaxDiskBytes"/>.</summary>
    public const int MaxRegionBytes = (int)(MaxDiskBytes / MaxRegions);

    /// <summary>The longest disk that is accepted: 2^44 bytes (16 TiB).</summary>
    public const long MaxDiskBytes = 1L << 44;

    // What is remembered of a region takes about 100 bytes at the receiver: this bounds its memory at any disk size.
    private const int MaxRegions = 1 << 18;

    /// <summary>
    /// The unit of journalling, resuming, verifying and repairing of a disk of <paramref name="length"/> bytes: 4 MiB up to a TiB, and twice
    /// as much for every doubling beyond.
    /// </summary>
    public static int RegionBytes(long length)
    {
        int bytes = MinRegionBytes;
        while (length > (long)bytes * MaxRegions)
            bytes *= 2;
        return bytes;
    }

    /// <summary>Number of regions of a disk of <paramref name="length"/> bytes; the last may be short.</summary>
    public static int RegionCount(long length)
    {
        int bytes = RegionBytes(length);
        return checked((int)((length + bytes - 1) / bytes));
    }

    /// <summary>Bytes of region <paramref name="region"/> of a disk of <paramref name="length"/> bytes.</summary>
    public static int RegionLength(long length, int region) => (int)Math.Min(RegionBytes(length), length - RegionOffset(length, region));

    /// <summary>Offset of the first byte of <paramref name="region"/> of a disk of <paramref name="length"/> bytes.</summary>
    public static long RegionOffset(long length, int region) => (long)region * RegionBytes(length);

    /// <summary>Number of pieces of <paramref name="unit"/> bytes that cover <paramref name="bytes"/> bytes.</summary>
    public static int Pieces(int bytes, int unit) => (bytes + unit - 1) / unit;
}
