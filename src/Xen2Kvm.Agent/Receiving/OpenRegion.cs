using Xen2Kvm.Agent.Hashing;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Protocol;

namespace Xen2Kvm.Agent.Receiving;

/// <summary>A region whose frames are arriving. Several threads write its chunks; the one that finishes last completes it.</summary>
internal sealed class OpenRegion
{
    private const int BlocksPerChunk = DiskLayout.ChunkBytes / DiskLayout.BlockBytes;
    private readonly UInt128[] _blocks;
    private readonly bool[] _chunksSeen;
    private readonly long _offset;
    private int _open = 1;

    public OpenRegion(DeclaredDisk disk, int region, bool writeZeroes, HashTree hashes)
    {
        Disk = disk;
        Region = region;
        WriteZeroes = writeZeroes;
        Length = disk.RegionLength(region);
        _offset = disk.RegionOffset(region);
        _chunksSeen = new bool[DiskLayout.Pieces(Length, DiskLayout.ChunkBytes)];
        _blocks = new UInt128[DiskLayout.Pieces(Length, DiskLayout.BlockBytes)];
        for (int i = 0; i < _blocks.Length; i++)
            _blocks[i] = hashes.ZeroBlock(Math.Min(DiskLayout.BlockBytes, Length - (i * DiskLayout.BlockBytes)));
    }

    public DeclaredDisk Disk { get; }

    public int Region { get; }

    public int Length { get; }

    public bool WriteZeroes { get; }

    public RegionNote Expected { get; private set; }

    /// <summary>Called by the reading thread for each chunk, before it is handed on; checks that it belongs here and is new.</summary>
    public void Begin(in FrameHeader frame)
    {
        int inRegion = (int)(frame.Offset - _offset);
        if (inRegion % DiskLayout.ChunkBytes != 0 || frame.Length != Math.Min(DiskLayout.ChunkBytes, Length - inRegion))
            throw new ProtocolException($"disk {Disk.Id}: {frame.Length} bytes at {frame.Offset} are no chunk of region {Region}");
        ref bool seen = ref _chunksSeen[inRegion / DiskLayout.ChunkBytes];
        if (seen)
            throw new ProtocolException($"disk {Disk.Id}: the chunk at {frame.Offset} arrived twice");
        seen = true;
        Interlocked.Increment(ref _open);
    }

    /// <summary>Records the checked hashes of a chunk that has been written.</summary>
    public void SetBlocks(long offset, ReadOnlySpan<UInt128> hashes) =>
        hashes.CopyTo(_blocks.AsSpan((int)((offset - _offset) / DiskLayout.ChunkBytes) * BlocksPerChunk));

    /// <summary>Called by the reading thread when the region's last frame arrives.</summary>
    public void End(RegionNote expected) => Expected = expected;

    /// <summary>One piece of work is over; true for the last, which completes the region.</summary>
    public bool Leave() => Interlocked.Decrement(ref _open) == 0;

    /// <summary>Writes what did not arrive as zero, if it must be written, and checks the whole against the source's hash.</summary>
    public void Complete(HashTree hashes)
    {
        if (WriteZeroes)
        {
            for (int first = 0; first < _chunksSeen.Length; first++)
            {
                if (_chunksSeen[first])
                    continue;
                int next = first + 1;
                while (next < _chunksSeen.Length && !_chunksSeen[next])
                    next++;
                int begin = first * DiskLayout.ChunkBytes, end = Math.Min(Length, next * DiskLayout.ChunkBytes);
                Disk.Zero(_offset + begin, end - begin);
                first = next;
            }
        }
        if (hashes.Combine(_blocks) != Expected.Hash)
            throw new ProtocolException($"disk {Disk.Id}: region {Region} arrived with another hash than the source's");
    }
}
