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

    /// <summary>The unit of journalling, resuming, verifying and repairing.</summary>
    public const int RegionBytes = 4 * 1024 * 1024;

    /// <summary>The longest disk that is accepted: 2^44 bytes (16 TiB), so that a region number always fits an int.</summary>
    public const long MaxDiskBytes = 1L << 44;

    /// <summary>Number of regions of a disk of <paramref name="length"/> bytes; the last may be short.</summary>
    public static int RegionCount(long length) => checked((int)((length + RegionBytes - 1) / RegionBytes));

    /// <summary>Bytes of region <paramref name="region"/> of a disk of <paramref name="length"/> bytes.</summary>
    public static int RegionLength(long length, int region) =>
        (int)Math.Min(RegionBytes, length - ((long)region * RegionBytes));

    /// <summary>Offset of the first byte of <paramref name="region"/>.</summary>
    public static long RegionOffset(int region) => (long)region * RegionBytes;

    /// <summary>Number of pieces of <paramref name="unit"/> bytes that cover <paramref name="bytes"/> bytes.</summary>
    public static int Pieces(int bytes, int unit) => (bytes + unit - 1) / unit;
}
