using Xen2Kvm.Transfer.Protocol;

namespace Xen2Kvm.Transfer.Tests;

public sealed class PayloadTests
{
    private static readonly UInt128[] Hashes = [1, 2, new UInt128(3, 4), UInt128.MaxValue];

    private static FrameHeader Chunk(int length, FrameFlags flags = 0) => new() { Type = FrameType.Data, Flags = flags, Length = length };

    [Fact]
    public void A_region_note_survives_writing_and_reading()
    {
        var note = new RegionNote(12345, 4096, true, new UInt128(0x0123456789abcdef, 0xfedcba9876543210));
        byte[] bytes = new byte[RegionNote.Bytes];
        note.Write(bytes);
        RegionNote.Read(bytes).ShouldBe(note);
        RegionNote.ReadAll([.. bytes, .. bytes]).ShouldBe([note, note]);
    }

    [Fact]
    public void Notes_that_are_cut_or_impossible_are_errors()
    {
        byte[] bytes = new byte[RegionNote.Bytes];
        new RegionNote(1, 0, false, 5).Write(bytes);
        Should.Throw<ProtocolException>(() => RegionNote.ReadAll(bytes.AsSpan(0, 27)));
        new RegionNote(-1, 0, false, 5).Write(bytes);
        Should.Throw<ProtocolException>(() => RegionNote.Read(bytes));
        new RegionNote(1, DiskLayout.MaxRegionBytes + 1, false, 5).Write(bytes);
        Should.Throw<ProtocolException>(() => RegionNote.Read(bytes));
    }

    [Fact]
    public void A_chunk_survives_writing_and_reading()
    {
        byte[] payload = new byte[ChunkPayload.HeadBytes(DiskLayout.ChunkBytes) + (2 * DiskLayout.PageBytes)];
        ChunkPayload.WriteHead(payload, 0b101, Hashes);
        var found = new UInt128[4];
        ChunkPayload.ReadHead(Chunk(DiskLayout.ChunkBytes), payload, found, out ReadOnlySpan<byte> body).ShouldBe(0b101ul);
        found.ShouldBe(Hashes);
        body.Length.ShouldBe(2 * DiskLayout.PageBytes);
    }

    [Fact]
    public void The_last_chunk_may_have_any_length()
    {
        var found = new UInt128[4];
        foreach (int length in (int[])[1, 511, 4096, 4097, 65536, 65537, DiskLayout.ChunkBytes - 1])
        {
            ulong map = ZeroScan.FullMap(length);
            byte[] payload = new byte[ChunkPayload.HeadBytes(length) + length];
            ChunkPayload.WriteHead(payload, map, Hashes.AsSpan(0, DiskLayout.Pieces(length, DiskLayout.BlockBytes)));
            ChunkPayload.ReadHead(Chunk(length), payload, found, out ReadOnlySpan<byte> body).ShouldBe(map);
            body.Length.ShouldBe(length);
        }
    }

    [Fact]
    public void A_chunk_with_random_content_never_passes_with_wrong_sizes()
    {
        var random = new Random(7);
        var found = new UInt128[4];
        for (int i = 0; i < 20_000; i++)
        {
            int length = random.Next(-10, DiskLayout.ChunkBytes + 10);
            var flags = (FrameFlags)random.Next(4);
            byte[] payload = new byte[random.Next(0, 300)];
            random.NextBytes(payload);
            FrameHeader header = Chunk(length, flags) with { Offset = random.Next(2) * DiskLayout.ChunkBytes };
            try
            {
                ulong map = ChunkPayload.ReadHead(header, payload, found, out ReadOnlySpan<byte> body);
                int mapped = ZeroScan.MappedBytes(map, length);
                mapped.ShouldBeInRange(1, DiskLayout.ChunkBytes);
                body.Length.ShouldBeLessThanOrEqualTo(mapped);
            }
            catch (ProtocolException)
            {
                // The only allowed way out.
            }
        }
    }

    [Fact]
    public void A_credit_survives_writing_and_reading()
    {
        byte[] bytes = new byte[CreditPayload.Bytes];
        new CreditPayload(1L << 50, 123).Write(bytes);
        CreditPayload.Read(bytes).ShouldBe(new CreditPayload(1L << 50, 123));
        Should.Throw<ProtocolException>(() => CreditPayload.Read(bytes.AsSpan(1)));
    }
}
