using Xen2Kvm.Agent.Hashing;
using Xen2Kvm.Transfer;

namespace Xen2Kvm.Agent.Tests;

public sealed class HashTreeTests
{
    private readonly HashTree _plain = new(0);

    // From xxhash's own sanity checks and its xxhsum program (XXH3, 128 bits, seed 0).
    [Theory]
    [InlineData("", "99aa06d3014798d86001c324468d497f")]
    [InlineData("a", "a96faf705af16834e6c632b61e964e1f")]
    [InlineData("The quick brown fox jumps over the lazy dog", "ddd650205ca3e7fa24a1cc2e3a8a7651")]
    public void The_hash_is_xxh3_128(string text, string expected) =>
        Hex(_plain.Hash(System.Text.Encoding.ASCII.GetBytes(text))).ShouldBe(expected);

    [Fact]
    public void A_regions_hash_is_the_hash_over_its_blocks_hashes()
    {
        byte[] region = new byte[(2 * DiskLayout.BlockBytes) + 5];
        new Random(3).NextBytes(region);
        UInt128[] blocks = [_plain.Hash(region.AsSpan(0, 65536)), _plain.Hash(region.AsSpan(65536, 65536)), _plain.Hash(region.AsSpan(131072))];
        Read(region).ShouldBe(_plain.Combine(blocks));
    }

    [Fact]
    public void A_disks_root_is_the_hash_over_its_regions_hashes_in_order()
    {
        // Also more than the hash function buffers, and with a seed.
        var seeded = new HashTree(42);
        foreach (int count in (int[])[1, 2, 15, 16, 17, 64, 65, 1000])
        {
            byte[] bytes = new byte[count * 16];
            new Random(count).NextBytes(bytes);
            UInt128[] hashes = [.. Enumerable.Range(0, count).Select(i => System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes.AsSpan(i * 16)))];
            _plain.Root(hashes).ShouldBe(_plain.Hash(bytes), $"{count}");
            seeded.Root(hashes).ShouldBe(seeded.Hash(bytes), $"{count}");
        }
    }

    [Fact]
    public void Zero_regions_hash_the_same_with_and_without_reading_them()
    {
        foreach (int length in (int[])[1, 65536, 65537, DiskLayout.MinRegionBytes - 1, DiskLayout.MinRegionBytes, (2 * DiskLayout.MinRegionBytes) + 1])
        {
            Read(new byte[length]).ShouldBe(_plain.ZeroRegion(length), $"{length}");
            using var reader = new RegionReader(_plain);
            unsafe
            {
                reader.Hash(7, length, (_, _) => true, (_, _, _) => throw new InvalidOperationException()).ShouldBe(_plain.ZeroRegion(length), $"{length}");
            }
        }
    }

    [Fact]
    public void A_large_region_is_read_in_pieces_and_its_holes_are_not_read()
    {
        byte[] region = new byte[(2 * DiskLayout.MinRegionBytes) + 70_000];
        new Random(5).NextBytes(region.AsSpan(DiskLayout.MinRegionBytes));
        UInt128[] blocks = [.. region.Chunk(DiskLayout.BlockBytes).Select(block => _plain.Hash(block))];
        Read(region).ShouldBe(_plain.Combine(blocks));
        Read(region, isHole: offset => offset < DiskLayout.MinRegionBytes).ShouldBe(_plain.Combine(blocks));
    }

    [Fact]
    public void Blocks_without_data_in_the_map_are_taken_as_zero_without_a_look()
    {
        byte[] chunk = new byte[DiskLayout.ChunkBytes - 100];
        chunk[70_000] = 9;
        var hashes = new UInt128[4];
        _plain.HashBlocks(chunk, ZeroScan.DataMap(chunk), hashes);
        for (int i = 0; i < 4; i++)
            hashes[i].ShouldBe(_plain.Hash(chunk.AsSpan(i * 65536, Math.Min(65536, chunk.Length - (i * 65536)))));
    }

    [Fact]
    public void Another_seed_gives_other_hashes()
    {
        var seeded = new HashTree(42);
        seeded.Hash("x"u8).ShouldNotBe(_plain.Hash("x"u8));
        seeded.ZeroRegion(4096).ShouldNotBe(_plain.ZeroRegion(4096));
    }

    private unsafe UInt128 Read(byte[] region, Func<long, bool>? isHole = null)
    {
        using var reader = new RegionReader(_plain);
        return reader.Hash(0, region.Length, (offset, _) => isHole?.Invoke(offset) ?? false, (offset, into, length) =>
        {
            if (isHole?.Invoke(offset) ?? false)
                throw new InvalidOperationException("a hole was read");
            region.AsSpan((int)offset, length).CopyTo(new Span<byte>(into, length));
        });
    }

    private static string Hex(UInt128 hash) => $"{(ulong)(hash >> 64):x16}{(ulong)hash:x16}";
}
