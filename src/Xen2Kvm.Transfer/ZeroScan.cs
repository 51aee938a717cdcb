namespace Xen2Kvm.Transfer;

/// <summary>Finds the pages of a chunk that hold nothing but zeroes.</summary>
public static class ZeroScan
{
    /// <summary>True when every byte is zero (also when there are none). Vectorised by the framework.</summary>
    public static bool IsZero(ReadOnlySpan<byte> bytes) => bytes.IndexOfAnyExcept((byte)0) < 0;

    /// <summary>
    /// The data map of a chunk of at most <see cref="DiskLayout.ChunkBytes"/> bytes: bit i is set when page i holds a byte that is not zero.
    /// A short last page counts as a page.
    /// </summary>
    public static ulong DataMap(ReadOnlySpan<byte> chunk)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(chunk.Length, DiskLayout.ChunkBytes);
        ulong map = 0;
        for (int page = 0, at = 0; at < chunk.Length; page++, at += DiskLayout.PageBytes)
        {
            if (!IsZero(chunk.Slice(at, Math.Min(DiskLayout.PageBytes, chunk.Length - at))))
                map |= 1UL << page;
        }
        return map;
    }

    /// <summary>The map of a chunk of <paramref name="chunkBytes"/> bytes in which every page holds data.</summary>
    public static ulong FullMap(int chunkBytes)
    {
        int pages = DiskLayout.Pieces(chunkBytes, DiskLayout.PageBytes);
        return pages >= 64 ? ulong.MaxValue : (1UL << pages) - 1;
    }

    /// <summary>Bytes of the pages that <paramref name="map"/> names, in a chunk of <paramref name="chunkBytes"/> bytes (its last page may be short).</summary>
    public static int MappedBytes(ulong map, int chunkBytes)
    {
        int pages = DiskLayout.Pieces(chunkBytes, DiskLayout.PageBytes);
        int bytes = System.Numerics.BitOperations.PopCount(map) * DiskLayout.PageBytes;
        if (pages > 0 && (map & (1UL << (pages - 1))) != 0)
            bytes -= (pages * DiskLayout.PageBytes) - chunkBytes;
        return bytes;
    }
}
