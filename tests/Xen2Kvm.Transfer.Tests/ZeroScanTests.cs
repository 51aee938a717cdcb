namespace Xen2Kvm.Transfer.Tests;

public sealed class ZeroScanTests
{
    [Fact]
    public void A_single_byte_anywhere_marks_exactly_its_page()
    {
        byte[] chunk = new byte[DiskLayout.ChunkBytes];
        foreach (int at in (int[])[0, 1, 4095, 4096, 100_000, DiskLayout.ChunkBytes - 1])
        {
            chunk[at] = 1;
            ZeroScan.DataMap(chunk).ShouldBe(1UL << (at / DiskLayout.PageBytes), $"byte {at}");
            chunk[at] = 0;
        }
        ZeroScan.DataMap(chunk).ShouldBe(0ul);
    }

    [Fact]
    public void The_map_agrees_with_a_plain_scan_on_random_sparse_content()
    {
        var random = new Random(5);
        for (int i = 0; i < 300; i++)
        {
            byte[] chunk = new byte[random.Next(1, DiskLayout.ChunkBytes + 1)];
            for (int n = random.Next(20); n > 0; n--)
                chunk[random.Next(chunk.Length)] = (byte)random.Next(256);
            ulong expected = 0;
            for (int at = 0; at < chunk.Length; at++)
                if (chunk[at] != 0)
                    expected |= 1UL << (at / DiskLayout.PageBytes);
            ZeroScan.DataMap(chunk).ShouldBe(expected);
        }
    }

    [Fact]
    public void Mapped_bytes_count_a_short_last_page_as_it_is()
    {
        ZeroScan.MappedBytes(0b11, 4097).ShouldBe(4097);
        ZeroScan.MappedBytes(0b10, 4097).ShouldBe(1);
        ZeroScan.MappedBytes(0b01, 4097).ShouldBe(4096);
        ZeroScan.MappedBytes(ulong.MaxValue, DiskLayout.ChunkBytes).ShouldBe(DiskLayout.ChunkBytes);
        ZeroScan.FullMap(4097).ShouldBe(0b11ul);
    }
}
