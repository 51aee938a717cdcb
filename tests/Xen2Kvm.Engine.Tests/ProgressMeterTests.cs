using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Engine.Tests;

public sealed class ProgressMeterTests
{
    [Fact]
    public void Waiting_has_no_rate()
    {
        var meter = new ProgressMeter();
        var waiting = new StepProgress { Text = "Waiting", At = DateTimeOffset.UnixEpoch };
        meter.Fill(waiting).ShouldBe(waiting);
        meter.Fill(waiting with { At = waiting.At.AddSeconds(30) }).BytesPerSecond.ShouldBeNull();
    }

    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void No_remaining_time_is_told_before_ten_seconds_were_seen()
    {
        var meter = new ProgressMeter();
        for (var second = 0; second < 10; second++)
        {
            meter.Fill(At(second, second * 100)).EtaLow.ShouldBeNull();
        }
    }

    [Fact]
    public void A_steady_rate_gives_a_range_around_the_true_remaining_time()
    {
        var meter = new ProgressMeter();
        var last = new StepProgress();
        for (var second = 0; second <= 30; second++)
        {
            last = meter.Fill(At(second, second * 100));
        }

        last.BytesPerSecond.ShouldBe(100);
        var left = TimeSpan.FromSeconds(70);
        last.EtaLow!.Value.ShouldBeLessThanOrEqualTo(left);
        last.EtaHigh!.Value.ShouldBeGreaterThanOrEqualTo(left);
        last.EtaBasis!.ShouldContain("30 s");
    }

    [Fact]
    public void A_resume_that_falls_back_starts_its_rates_anew()
    {
        var meter = new ProgressMeter();
        for (var second = 0; second <= 20; second++)
        {
            meter.Fill(At(second, second * 100));
        }

        var after = meter.Fill(At(21, 500));
        (after.BytesPerSecond ?? 0).ShouldBeGreaterThanOrEqualTo(0);
        after.EtaLow.ShouldBeNull();
    }

    [Fact]
    public void Standing_still_is_noticed()
    {
        var meter = new ProgressMeter();
        meter.Fill(At(0, 0));
        meter.Fill(At(5, 100));
        meter.Fill(At(60, 100));
        meter.LastMovedAt.ShouldBe(Start.AddSeconds(5));
    }

    [Fact]
    public void Each_disk_has_a_rate_and_a_remaining_time_of_its_own_and_the_comparison_begins_anew()
    {
        var meter = new ProgressMeter();
        StepProgress Disks(int second, long slow, long fast, long compared) => new()
        {
            At = Start.AddSeconds(second), DoneBytes = slow + fast, TotalBytes = 11_000,
            Disks =
            [
                new DiskProgress { Disk = "xvda1", TotalBytes = 10_000, DurableBytes = slow },
                new DiskProgress { Disk = "xvda2", TotalBytes = 1000, DurableBytes = fast, VerifiedBytes = compared },
            ],
        };
        var last = new StepProgress();
        for (var second = 0; second <= 25; second++)
        {
            last = meter.Fill(Disks(second, second * 100, Math.Min(1000, second * 100), Math.Max(0, second - 10) * 10));
        }

        last.Disks[0].BytesPerSecond.ShouldBe(100);
        last.Disks[0].EtaLow!.Value.TotalSeconds.ShouldBe(75, 0.1);
        last.Disks[1].BytesPerSecond!.Value.ShouldBe(10, 0.1, "its copy is over; this is the rate of the comparison");
        last.Disks[1].EtaHigh!.Value.ShouldBeGreaterThan(TimeSpan.FromSeconds(90));
        meter.Fill(Disks(26, 2600, 1000, 1000)).Disks[1].BytesPerSecond.ShouldBeNull("nothing happens to it any more");
    }

    [Fact]
    public void A_sample_is_of_the_present_or_there_is_none()
    {
        var meter = new ProgressMeter();
        for (var second = 0; second <= 4; second++)
        {
            meter.Fill(new StepProgress { At = Start.AddSeconds(second), Disks = [new DiskProgress { Disk = "xvda", TotalBytes = 1000, ReadBytes = second * 10, SentBytes = second * 5, DurableBytes = second * 10 }] });
        }

        meter.Sample(true, Start).ShouldBe(new RunSample(Start.AddSeconds(4), 10, 5, 10, true));
        meter.Sample(true, Start.AddSeconds(5)).ShouldBeNull();
    }

    private static StepProgress At(int second, long done) => new() { At = Start.AddSeconds(second), DoneBytes = done, TotalBytes = 10_000 };
}
