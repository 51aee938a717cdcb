using System.Text.Json;
using Xen2Kvm.Transfer.Jobs;

namespace Xen2Kvm.Transfer.Tests;

public sealed class TransferJobTests
{
    private const string Minimal = """
        {"id":"run-1","transport":["ssh","root@10.77.0.20","/x2k-agent","receive","/state"],"hashSeed":"00112233445566ff",
         "disks":[{"id":"xvda1","source":"/dev/vg/a","length":1073741824,"target":{"kind":"block","path":"/dev/vg/b"}}]}
        """;

    private static TransferJob Job => JsonSerializer.Deserialize(Minimal, TransferJson.Default.TransferJob)!;

    [Fact]
    public void Members_that_are_left_out_have_their_documented_defaults()
    {
        TransferJob job = Job;
        job.Connections.ShouldBeNull("the agent knows the processors of its host");
        job.Compression.ShouldBe("auto");
        job.RateLimitBytesPerSecond.ShouldBe(0);
        job.FlushBytes.ShouldBe(128L * 1024 * 1024);
        job.ReconnectSeconds.ShouldBe(600);
        job.Disks[0].Target.Zeroes.ShouldBe("write", "an unknown target may hold old data");
        TransferJobCheck.Problems(job).ShouldBeEmpty();
    }

    [Fact]
    public void A_job_survives_json()
    {
        string text = JsonSerializer.Serialize(Job, TransferJson.Default.TransferJob);
        JsonSerializer.Serialize(JsonSerializer.Deserialize(text, TransferJson.Default.TransferJob)!, TransferJson.Default.TransferJob).ShouldBe(text);
    }

    [Fact]
    public void Everything_that_is_wrong_is_said_at_once()
    {
        TransferJob job = Job with
        {
            Id = "",
            Transport = [],
            Connections = 9,
            HashSeed = "xyz",
            Compression = "20",
            RateLimitBytesPerSecond = -1,
            Round = 1,
            Disks = [Job.Disks[0] with { Source = "relative", Length = 0, Target = new TransferTarget { Kind = "vhd", Path = "x", Offset = -1, Zeroes = "?" } }],
        };
        string all = string.Join("\n", TransferJobCheck.Problems(job));
        foreach (string word in (string[])["id", "transport", "connections", "hashSeed", "compression", "rateLimit", "round", "source", "length", "kind", "path", "offset", "zeroes"])
            all.ShouldContain(word);
    }

    [Fact]
    public void Two_disks_of_one_name_are_refused() =>
        TransferJobCheck.Problems(Job with { Disks = [Job.Disks[0], Job.Disks[0]] }).ShouldHaveSingleItem().ShouldContain("same id");

    [Theory]
    [InlineData("auto", null)]
    [InlineData("none", 0)]
    [InlineData("1", 1)]
    [InlineData("19", 19)]
    public void Compression_settings_are_understood(string text, int? level)
    {
        TransferJobCheck.TryParseCompression(text, out int? parsed).ShouldBeTrue();
        parsed.ShouldBe(level);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("20")]
    [InlineData("zstd")]
    public void Other_compression_settings_are_refused(string text) => TransferJobCheck.TryParseCompression(text, out _).ShouldBeFalse();

    [Fact]
    public void The_last_region_may_be_short()
    {
        DiskLayout.RegionCount(1).ShouldBe(1);
        DiskLayout.RegionCount(DiskLayout.MinRegionBytes).ShouldBe(1);
        DiskLayout.RegionCount(DiskLayout.MinRegionBytes + 1L).ShouldBe(2);
        DiskLayout.RegionLength(DiskLayout.MinRegionBytes + 1L, 1).ShouldBe(1);
    }

    [Theory]
    [InlineData(0, 4, 1 << 18)]
    [InlineData(1, 8, (1 << 17) + 1)]
    [InlineData(3L << 40, 16, 1 << 18)]
    [InlineData((3L << 40) + 1, 32, (1 << 17) + 1)]
    [InlineData((15L << 40) - 1, 64, 1 << 18)]
    public void A_larger_disk_has_larger_regions_and_not_more_of_them(long beyondOneTiB, int regionMiB, int regions)
    {
        var length = (1L << 40) + beyondOneTiB;
        DiskLayout.RegionBytes(length).ShouldBe(regionMiB << 20);
        DiskLayout.RegionBytes(length).ShouldBeLessThanOrEqualTo(DiskLayout.MaxRegionBytes);
        DiskLayout.RegionCount(length).ShouldBe(regions);
        (DiskLayout.RegionOffset(length, regions - 1) + DiskLayout.RegionLength(length, regions - 1)).ShouldBe(length);
    }
}
