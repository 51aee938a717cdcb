using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Xen2Kvm.Transfer;

namespace Xen2Kvm.Agent.Hashing;

/// <summary>
/// The hashes of one job: XXH3-128 with the job's seed over each 64 KiB block; a region's hash is taken over its blocks' hashes, a disk's
/// root over its regions' hashes (each as 16 canonical bytes, in order). The seed is a secret of the job, so no guest can prepare collisions.
/// </summary>
internal sealed unsafe partial class HashTree
{
    private const int HashBytes = 16;
    private readonly ulong _seed;
    private readonly UInt128 _zeroBlock;

    public HashTree(ulong seed)
    {
        _seed = seed;
        byte[] zeroes = new byte[DiskLayout.BlockBytes];
        _zeroBlock = Hash(zeroes);
    }

    /// <summary>XXH3-128 of some bytes with the job's seed.</summary>
    public UInt128 Hash(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* p = bytes)
        {
            Halves halves = XXH3_128bits_withSeed(p, (nuint)bytes.Length, _seed);
            return new UInt128(halves.High, halves.Low);
        }
    }

    /// <summary>Hashes the blocks of a piece of a region. Blocks of which no page is in <paramref name="dataMap"/> are not read.</summary>
    public void HashBlocks(ReadOnlySpan<byte> chunk, ulong dataMap, Span<UInt128> into)
    {
        const int pagesPerBlock = DiskLayout.BlockBytes / DiskLayout.PageBytes;
        for (int block = 0, at = 0; at < chunk.Length; block++, at += DiskLayout.BlockBytes)
        {
            int length = Math.Min(DiskLayout.BlockBytes, chunk.Length - at);
            bool hasData = ((dataMap >> (block * pagesPerBlock)) & ((1UL << pagesPerBlock) - 1)) != 0;
            into[block] = hasData ? Hash(chunk.Slice(at, length)) : ZeroBlock(length);
        }
    }

    /// <summary>The hash of a block of zeroes.</summary>
    public UInt128 ZeroBlock(int length) => length == DiskLayout.BlockBytes ? _zeroBlock : Hash(new byte[length]);

    /// <summary>The hash of a region of zeroes.</summary>
    public UInt128 ZeroRegion(int length)
    {
        Span<UInt128> blocks = stackalloc UInt128[DiskLayout.Pieces(length, DiskLayout.BlockBytes)];
        for (int i = 0; i < blocks.Length; i++)
            blocks[i] = ZeroBlock(Math.Min(DiskLayout.BlockBytes, length - (i * DiskLayout.BlockBytes)));
        return Combine(blocks);
    }

    /// <summary>The hash over hashes: of a region from its blocks.</summary>
    public UInt128 Combine(ReadOnlySpan<UInt128> hashes)
    {
        Span<byte> bytes = stackalloc byte[hashes.Length * HashBytes];
        for (int i = 0; i < hashes.Length; i++)
            BinaryPrimitives.WriteUInt128BigEndian(bytes[(i * HashBytes)..], hashes[i]);
        return Hash(bytes);
    }

    /// <summary>The hash over hashes: of a disk from its regions, of which there may be millions.</summary>
    public UInt128 Root(IEnumerable<UInt128> hashes)
    {
        byte* bytes = stackalloc byte[HashBytes];
        void* state = XXH3_createState();
        if (state == null)
            throw new OutOfMemoryException();
        _ = XXH3_128bits_reset_withSeed(state, _seed);
        foreach (UInt128 hash in hashes)
        {
            BinaryPrimitives.WriteUInt128BigEndian(new Span<byte>(bytes, HashBytes), hash);
            _ = XXH3_128bits_update(state, bytes, HashBytes);
        }
        Halves halves = XXH3_128bits_digest(state);
        _ = XXH3_freeState(state);
        return new UInt128(halves.High, halves.Low);
    }

    /// <summary>XXH128_hash_t, returned in two registers.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Halves
    {
        public ulong Low;
        public ulong High;
    }

    [LibraryImport("libxxhash")]
    private static partial Halves XXH3_128bits_withSeed(byte* input, nuint length, ulong seed);

    [LibraryImport("libxxhash")]
    private static partial void* XXH3_createState();

    [LibraryImport("libxxhash")]
    private static partial int XXH3_freeState(void* state);

    [LibraryImport("libxxhash")]
    private static partial int XXH3_128bits_reset_withSeed(void* state, ulong seed);

    [LibraryImport("libxxhash")]
    private static partial int XXH3_128bits_update(void* state, byte* input, nuint length);

    [LibraryImport("libxxhash")]
    private static partial Halves XXH3_128bits_digest(void* state);
}
