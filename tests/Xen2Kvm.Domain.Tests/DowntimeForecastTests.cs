using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;

namespace Xen2Kvm.Domain.Tests;

public sealed class DowntimeForecastTests
{
    private const long MiB = 1024 * 1024;
    private static readonly DateTimeOffset Start = new(2026, 11, 21, 22, 0, 0, TimeSpan.Zero);
    private static readonly (string Id, int Seconds)[] Steps =
        [("check", 4), ("allocate", 2), ("stop", 20), ("copy", 100), ("verify", 40), ("convert", 30), ("define", 1), ("start", 2), ("prove", 30), ("finish", 3)];

    // 2000 MiB are copied of the sample's guest; its swap is made anew.
    private static readonly Plan Plan = Sample.Plan(Sample.Guest);

    [Fact]
    public void The_parts_of_a_measured_move_add_up_to_its_downtime()
    {
        var run = Ended("xen1", "kvm1", 2000, 1);
        var move = MeasuredMove.Of(run).ShouldNotBeNull();
        move.Parts.Values.Aggregate(TimeSpan.Zero, (sum, part) => sum + part).ShouldBe(run.Downtime(Start)!.Value);
        move.Parts["stop"].ShouldBe(TimeSpan.FromSeconds(18), "the guest went down two seconds after the step began");
        move.Parts["prove"].ShouldBe(TimeSpan.FromSeconds(21), "it answered nine seconds before its proof was complete");
        move.Bytes.ShouldBe(2000 * MiB);
    }

    [Fact]
    public void Without_a_measured_run_there_is_no_forecast()
    {
        DowntimeForecast.Of(Plan, "xen1", "kvm1", []).ShouldBeNull();
        var good = Ended("xen1", "kvm1", 2000, 1);
        var useless = new[]
        {
            good with { State = RunState.RolledBack }, good with { DownSince = null },
            good.With(good.Steps.First(step => step.Id == "copy") with { Attempts = 2 }),
        };
        DowntimeForecast.Of(Plan, "xen1", "kvm1", useless).ShouldBeNull();
    }

    [Fact]
    public void One_run_of_the_same_size_gives_its_own_downtime_with_half_on_either_side()
    {
        var forecast = DowntimeForecast.Of(Plan, "xen1", "kvm1", [Ended("xen1", "kvm1", 2000, 1)]).ShouldNotBeNull();

        // 18 + 100 + 40 + 30 + 1 + 2 + 21 = 212 s were measured.
        forecast.Low.TotalSeconds.ShouldBe(212 / 1.5, 0.01);
        forecast.High.TotalSeconds.ShouldBe(212 * 1.5, 0.01);
        forecast.Basis.ShouldBe("1 earlier run from xen1 to kvm1; copy and verification scaled to 2.0 GiB");
    }

    [Fact]
    public void Copy_and_verification_grow_with_the_bytes_and_the_rest_does_not()
    {
        // Measured with half the bytes: 140 s of copy and verification become 280 s, 72 s stay.
        var forecast = DowntimeForecast.Of(Plan, "xen1", "kvm1", [Ended("xen1", "kvm1", 1000, 1)]).ShouldNotBeNull();
        forecast.Low.TotalSeconds.ShouldBe(352 / 1.5, 0.01);
        forecast.High.TotalSeconds.ShouldBe(352 * 1.5, 0.01);
    }

    [Fact]
    public void A_guest_of_quite_another_size_gets_a_wider_range()
    {
        // A tenth of the bytes: 140 s become 1400 s, and their range is widened by half once more.
        var forecast = DowntimeForecast.Of(Plan, "xen1", "kvm1", [Ended("xen1", "kvm1", 200, 1)]).ShouldNotBeNull();
        forecast.High.TotalSeconds.ShouldBe((1400 * 1.5 * 1.5) + (72 * 1.5), 0.01);
        forecast.Low.TotalSeconds.ShouldBe((1400 / 1.5 / 1.5) + (72 / 1.5), 0.01);
    }

    [Fact]
    public void Several_runs_give_their_spread_and_are_widened_less()
    {
        var forecast = DowntimeForecast.Of(Plan, "xen1", "kvm1", [Ended("xen1", "kvm1", 2000, 1), Ended("xen1", "kvm1", 2000, 2)]).ShouldNotBeNull();
        forecast.Low.TotalSeconds.ShouldBe(212 / 1.25, 0.01);

        // Twice as long in every step: 38 + 200 + 80 + 60 + 2 + 4 + 51 = 435 s.
        forecast.High.TotalSeconds.ShouldBe(435 * 1.25, 0.01);
        forecast.Runs.ShouldBe(2);
    }

    [Fact]
    public void With_many_runs_an_outlier_does_not_stretch_the_range()
    {
        var steady = Enumerable.Range(0, 19).Select(_ => Ended("xen1", "kvm1", 2000, 1)).ToList();
        var forecast = DowntimeForecast.Of(Plan, "xen1", "kvm1", [.. steady, Ended("xen1", "kvm1", 2000, 9)]).ShouldNotBeNull();
        forecast.High.TotalSeconds.ShouldBe(212 * 1.025, 0.01);
    }

    [Fact]
    public void Runs_between_the_same_hosts_are_preferred_and_others_are_named_as_such()
    {
        var other = Ended("xen9", "kvm9", 2000, 3);
        DowntimeForecast.Of(Plan, "xen1", "kvm1", [other, Ended("xen1", "kvm1", 2000, 1)])!.High.TotalSeconds.ShouldBe(212 * 1.5, 0.01);
        DowntimeForecast.Of(Plan, "xen1", "kvm1", [other])!.Basis.ShouldStartWith("1 earlier run between other hosts");
    }

    [Fact]
    public void A_rate_limit_sets_the_least_high_end_of_the_copy()
    {
        var limited = Plan with { RateLimitBytesPerSecond = MiB };
        var forecast = DowntimeForecast.Of(limited, "xen1", "kvm1", [Ended("xen1", "kvm1", 2000, 1)]).ShouldNotBeNull();
        forecast.High.TotalSeconds.ShouldBe(2000 + (112 * 1.5), 0.01);
    }

    [Fact]
    public void During_a_run_what_has_passed_is_certain_and_the_copy_tells_its_own_rest()
    {
        var run = Copying(new StepProgress { TotalBytes = 1, EtaLow = TimeSpan.FromSeconds(50), EtaHigh = TimeSpan.FromSeconds(70) });
        var now = run.DownSince!.Value.AddSeconds(78);
        var forecast = DowntimeForecast.During(run, Plan, [Ended("xen1", "kvm1", 2000, 1)], now).ShouldNotBeNull();

        // 78 s are over, the copy needs 50 to 70 s more, and 94 s were measured for what follows.
        forecast.Low.TotalSeconds.ShouldBe(78 + 50 + (94 / 1.5), 0.01);
        forecast.High.TotalSeconds.ShouldBe(78 + 70 + (94 * 1.5), 0.01);
        forecast.Basis.ShouldBe("what has passed, the remaining time of copy, and 1 earlier run from xen1 to kvm1");
    }

    [Fact]
    public void A_step_without_a_remaining_time_of_its_own_gets_what_is_left_of_its_range()
    {
        var run = Copying(null);
        var begun = run.CurrentStep!.StartedAt!.Value;
        DowntimeForecast At(int seconds) => DowntimeForecast.During(run, Plan, [Ended("xen1", "kvm1", 2000, 1)], begun.AddSeconds(seconds))!;
        At(30).Low.TotalSeconds.ShouldBe(18 + (100 / 1.5) + (94 / 1.5), 0.01);
        At(30).High.TotalSeconds.ShouldBe(18 + 150 + (94 * 1.5), 0.01);

        // Outlasting every measured run, it has no known end.
        At(400).High.TotalSeconds.ShouldBe(18 + 400 + 100 + (94 * 1.5), 0.01);
    }

    [Fact]
    public void A_run_that_does_not_move_or_whose_guest_answers_is_not_projected()
    {
        var run = Copying(null);
        Run[] earlier = [Ended("xen1", "kvm1", 2000, 1)];
        foreach (var still in new[]
        {
            run with { State = RunState.NeedsAnswer }, run with { State = RunState.Failed }, run with { Intent = RunIntent.RollBack }, run with { UpAgainAt = Start.AddHours(1) },
        })
        {
            DowntimeForecast.During(still, Plan, earlier, Start.AddHours(1)).ShouldBeNull();
        }

        DowntimeForecast.During(run, Plan, [], Start.AddHours(1)).ShouldBeNull();
        var before = run with { DownSince = null };
        DowntimeForecast.During(before, Plan, earlier, Start)!.High.TotalSeconds.ShouldBe(212 * 1.5, 0.01, "the guest is still up: the whole is ahead");
    }

    private static Run Ended(string from, string to, long mebibytes, int slower)
    {
        var clock = Start;
        var steps = new List<RunStep>();
        foreach (var (id, seconds) in Steps)
        {
            var end = clock.AddSeconds(seconds * slower);
            steps.Add(new RunStep
            {
                Id = id, Title = id, State = StepState.Done, Attempts = 1, StartedAt = clock, FinishedAt = end,
                Progress = id == "copy" ? new StepProgress { TotalBytes = mebibytes * MiB } : null,
            });
            clock = end;
        }

        return new Run
        {
            Id = Guid.NewGuid(), PlanId = Plan.Id, GuestName = "files", SourceHost = from, TargetHost = to, State = RunState.Succeeded, Steps = steps, StartedBy = "tester",
            CreatedAt = Start, DownSince = steps[2].StartedAt!.Value.AddSeconds(2), UpAgainAt = steps[8].FinishedAt!.Value.AddSeconds(-9), FinishedAt = clock,
        };
    }

    private static Run Copying(StepProgress? progress)
    {
        var ended = Ended("xen1", "kvm1", 2000, 1);
        return ended with
        {
            State = RunState.Running,
            UpAgainAt = null,
            FinishedAt = null,
            Steps = [.. ended.Steps.Select((step, i) => i < 3 ? step : step with
            {
                State = i == 3 ? StepState.Running : StepState.Pending, StartedAt = i == 3 ? step.StartedAt : null, FinishedAt = null, Progress = i == 3 ? progress : null,
            })],
        };
    }
}
