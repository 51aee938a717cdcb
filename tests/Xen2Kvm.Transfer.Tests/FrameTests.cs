using Xen2Kvm.Transfer.Protocol;

namespace Xen2Kvm.Transfer.Tests;

public sealed class FrameTests
{
    private static readonly FrameHeader Sample = new(
        FrameType.Data, FrameFlags.Zstd | FrameFlags.Repair, 3, 7, 1L << 40, 256 * 1024, 1234, 99, 0xdeadbeef);

    [Fact]
    public void A_header_survives_writing_and_reading()
    {
        byte[] bytes = new byte[FrameHeader.Bytes];
        Sample.Write(bytes);
        FrameHeader.Read(bytes).ShouldBe(Sample);
    }

    [Fact]
    public void Every_flipped_bit_of_a_header_is_noticed()
    {
        byte[] bytes = new byte[FrameHeader.Bytes];
        Sample.Write(bytes);
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Should.Throw<ProtocolException>(() => FrameHeader.Read(bytes), $"bit {bit}");
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void A_cut_header_is_an_error()
    {
        byte[] bytes = new byte[FrameHeader.Bytes];
        Sample.Write(bytes);
        for (int length = 0; length < bytes.Length; length++)
            Should.Throw<ProtocolException>(() => FrameHeader.Read(bytes.AsSpan(0, length)));
    }

    [Fact]
    public void Garbage_is_an_error_and_nothing_else()
    {
        var random = new Random(1);
        byte[] bytes = new byte[FrameHeader.Bytes];
        for (int i = 0; i < 20_000; i++)
        {
            random.NextBytes(bytes);
            Should.Throw<ProtocolException>(() => FrameHeader.Read(bytes));
        }
    }

    [Fact]
    public void Another_programs_words_are_quoted_in_the_error()
    {
        byte[] bytes = System.Text.Encoding.ASCII.GetBytes("Welcome to xen1, last login on Monday from nowhere".PadRight(FrameHeader.Bytes));
        Should.Throw<ProtocolException>(() => FrameHeader.Read(bytes)).Message.ShouldContain("Welcome to xen1");
    }

    [Fact]
    public void No_frame_may_announce_more_than_its_type_allows()
    {
        byte[] bytes = new byte[FrameHeader.Bytes];
        foreach (FrameType type in Enum.GetValues<FrameType>())
        {
            int limit = FrameHeader.MaxPayload(type);
            limit.ShouldBeInRange(0, 1024 * 1024);
            (Sample with { Type = type, PayloadBytes = limit }).Write(bytes);
            FrameHeader.Read(bytes).PayloadBytes.ShouldBe(limit);
            foreach (int bad in (int[])[limit + 1, int.MaxValue, -1, int.MinValue])
            {
                (Sample with { Type = type, PayloadBytes = bad }).Write(bytes);
                Should.Throw<ProtocolException>(() => FrameHeader.Read(bytes), $"{type} {bad}");
            }
        }
    }

    [Fact]
    public void Negative_places_and_unknown_types_are_errors()
    {
        byte[] bytes = new byte[FrameHeader.Bytes];
        foreach (FrameHeader bad in (FrameHeader[])[
            Sample with { Disk = -1 }, Sample with { Offset = -1 }, Sample with { Length = -1 }, Sample with { Type = 0 }, Sample with { Type = (FrameType)200 }])
        {
            bad.Write(bytes);
            Should.Throw<ProtocolException>(() => FrameHeader.Read(bytes));
        }
    }

    [Fact]
    public void The_checksum_is_crc_32c() => Crc32C.Of("123456789"u8).ShouldBe(0xE3069283u);
}
