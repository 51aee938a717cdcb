using Xen2Kvm.Agent.Native;
using Xen2Kvm.Transfer;

namespace Xen2Kvm.Agent.Hashing;

/// <summary>Hashes regions of what it reads, piece by piece, so that a large region takes no more memory than a small one. For one thread.</summary>
internal sealed unsafe class RegionReader(HashTree hashes) : IDisposable
{
    // A read may be rounded up to a page.
    private readonly AlignedBuffer _piece = new(DiskLayout.MinRegionBytes + AlignedBuffer.Alignment);
    private readonly UInt128[] _blocks = new UInt128[DiskLayout.MaxRegionBytes / DiskLayout.BlockBytes];

    /// <summary>Whether a range is known to read as zero without being read.</summary>
    public delegate bool HoleTest(long offset, int length);

    /// <summary>Reads a range whole.</summary>
    public delegate void Reading(long offset, byte* into, int length);

    /// <summary>The hash of the region at <paramref name="offset"/> of what <paramref name="read"/> reads.</summary>
    public UInt128 Hash(long offset, int length, HoleTest isHole, Reading read)
    {
        int count = 0;
        for (int at = 0; at < length; at += DiskLayout.MinRegionBytes)
        {
            int piece = Math.Min(DiskLayout.MinRegionBytes, length - at);
            bool zero = isHole(offset + at, piece);
            if (!zero)
                read(offset + at, _piece.Pointer, piece);
            for (int block = 0; block < piece; block += DiskLayout.BlockBytes)
            {
                int size = Math.Min(DiskLayout.BlockBytes, piece - block);
                _blocks[count++] = zero ? hashes.ZeroBlock(size) : hashes.Hash(_piece.Span.Slice(block, size));
            }
        }
        return hashes.Combine(_blocks.AsSpan(0, count));
    }

    public void Dispose() => _piece.Dispose();
}
