using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Engine.Tests;

public sealed class ProgressMeterTests
{
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

    private static StepProgress At(int second, long done) => new() { At = Start.AddSeconds(second), DoneBytes = done, TotalBytes = 10_000 };
}
