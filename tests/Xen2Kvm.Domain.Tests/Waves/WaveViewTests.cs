using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Domain.Waves;
using static Xen2Kvm.Domain.Tests.Waves.Waves;

namespace Xen2Kvm.Domain.Tests.Waves;

public sealed class WaveViewTests
{
    [Fact]
    public void A_plan_waits_until_those_before_it_are_proven()
    {
        var wave = Of(WaveState.Running, Entry("app", "db"), Entry("db"));
        Look(wave).Of("db").MayStart.ShouldBeTrue();
        Look(wave).Of("app").Reason.ShouldBe("waits for db");
        Look(wave, Run("db", RunState.Running)).Of("app").MayStart.ShouldBeFalse();
        Look(wave, Run("db", RunState.Succeeded)).Of("app").MayStart.ShouldBeTrue();
    }

    [Fact]
    public void A_plan_whose_dependency_was_rolled_back_cannot_start_and_the_wave_is_through()
    {
        var wave = Of(WaveState.Running, Entry("db"), Entry("app", "db"), Entry("web", "app"));
        var view = Look(wave, Run("db", RunState.RolledBack));
        view.Of("web").State.ShouldBe(EntryState.Blocked);
        view.Of("web").Reason.ShouldBe("cannot start: db did not come through");
        view.IsThrough.ShouldBeTrue();
        Look(wave, Run("db", RunState.Failed)).IsThrough.ShouldBeFalse("a person may still resume it");
    }

    [Fact]
    public void Everything_waits_for_the_proof_of_the_canaries()
    {
        var wave = Of(WaveState.Running, Entry("files"), Entry("old") with { IsCanary = true });
        Look(wave).Of("old").MayStart.ShouldBeTrue();
        Look(wave).Of("files").Reason.ShouldBe("waits for the canary old");
        Look(wave, Run("old", RunState.Succeeded)).Of("files").MayStart.ShouldBeTrue();
    }

    [Fact]
    public void No_more_start_than_there_are_slots_and_those_of_others_count()
    {
        var wave = Of(WaveState.Running, Entry("a"), Entry("b"), Entry("c"), Entry("d")) with { Policy = new WavePolicy { MaxConcurrent = 3, MaxPerSourceHost = 2, MaxPerTargetHost = 9, StopAfterFailures = 0 } };
        Look(wave).Entries.Select(status => status.MayStart).ShouldBe([true, true, false, false]);
        Look(wave).Of("c").Reason.ShouldBe("2 of 2 runs from xen1 in flight");

        var alone = Run("other", RunState.NeedsAnswer) with { WaveId = null };
        var view = WaveView.Of(wave, [Run("a", RunState.Running)], [Run("a", RunState.Running), alone], Now);
        view.Of("b").MayStart.ShouldBeFalse("a run on its own has the second slot of xen1");
        WaveView.Of(wave with { Policy = wave.Policy with { MaxPerSourceHost = 9, MaxConcurrent = 1 } }, [Run("a", RunState.Failed)], [], Now)
            .Of("b").MayStart.ShouldBeTrue("a failed run has no slot");
    }

    [Fact]
    public void A_plan_that_is_held_takes_no_slot_and_keeps_the_wave_open()
    {
        var wave = Of(WaveState.Running, Entry("a") with { IsHeld = true }, Entry("b")) with { Policy = new WavePolicy { MaxConcurrent = 1 } };
        var view = Look(wave);
        view.Of("a").State.ShouldBe(EntryState.Held);
        view.Of("b").MayStart.ShouldBeTrue();
        Look(wave, Run("b", RunState.Succeeded)).IsThrough.ShouldBeFalse();
    }

    [Fact]
    public void Nothing_starts_of_a_wave_that_was_put_off_until_its_time_has_come()
    {
        var wave = WaveRules.PutOff(Of(WaveState.Running, Entry("a")), Now.AddHours(1), Now);
        Look(wave).Of("a").Reason.ShouldBe("the wave was put off");
        WaveView.Of(wave, [], [], Now.AddHours(1)).Of("a").MayStart.ShouldBeTrue();
        Look(WaveRules.PutOff(wave, null, Now)).Of("a").MayStart.ShouldBeTrue();
        Look(wave, Run("a", RunState.Running)).Of("a").State.ShouldBe(EntryState.Running);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData((90 * 24) + 1)]
    public void A_wave_is_put_off_to_a_time_to_come_and_not_for_ever(int hours) =>
        Should.Throw<WaveException>(() => WaveRules.PutOff(Of(WaveState.Approved, Entry("a")), Now.AddHours(hours), Now)).Message.ShouldContain("within the next 90 days");

    [Fact]
    public void A_wave_taken_back_to_a_draft_is_not_put_off_any_more() =>
        WaveRules.ToDraft(WaveRules.PutOff(Of(WaveState.Approved, Entry("a")), Now.AddHours(1), Now), null, []).NotBefore.ShouldBeNull();

    [Theory]
    [InlineData(WaveState.Draft, "draft")]
    [InlineData(WaveState.Submitted, "approval")]
    [InlineData(WaveState.Approved, "not been started")]
    [InlineData(WaveState.Paused, "paused")]
    [InlineData(WaveState.Cancelled, "ended")]
    public void Nothing_starts_while_the_wave_does_not_run_and_the_reason_is_said(WaveState state, string reason)
    {
        var status = Look(Of(state, Entry("a"))).Of("a");
        status.MayStart.ShouldBeFalse();
        status.Reason.ShouldContain(reason);
    }

    [Fact]
    public void Plans_start_inside_a_window_only_and_no_more_than_it_takes()
    {
        var window = new MaintenanceWindow { Zone = "UTC", On = new DateOnly(2026, 11, 26), Start = new TimeOnly(19, 30), Minutes = 60, Capacity = 2 };
        var wave = Of(WaveState.Running, Entry("a"), Entry("b"), Entry("c")) with { Calendar = new WaveCalendar { Windows = [window] } };
        Look(wave).Entries.Select(status => status.MayStart).ShouldBe([true, true, false]);
        Look(wave, Run("a", RunState.Succeeded, 20)).Of("c").Reason.ShouldBe("this window has its 2 runs");
        WaveView.Of(wave, [Run("a", RunState.Succeeded, 40)], [], Now).Of("c").MayStart.ShouldBeTrue("a run of before the window does not count");

        var before = WaveView.Of(wave, [], [], Now.AddHours(-2));
        before.Of("a").Reason.ShouldBe("waits for its window");
        before.NextWindow!.Value.Begin.ShouldBe(Now.AddMinutes(-30));
        WaveView.Of(wave, [], [], Now.AddHours(1)).Of("a").Reason.ShouldBe("no window comes any more");
    }

    [Fact]
    public void A_wave_that_may_overrun_goes_on_once_it_has_begun()
    {
        var window = new MaintenanceWindow { Zone = "UTC", Days = [DayOfWeek.Monday], Start = new TimeOnly(10, 0), Minutes = 60 };
        var wave = Of(WaveState.Running, Entry("a"), Entry("b")) with
        {
            Calendar = new WaveCalendar { Windows = [window] },
            Policy = new WavePolicy { Overrun = OverrunPolicy.GoOn },
        };
        Look(wave).Of("a").MayStart.ShouldBeFalse();
        Look(wave, Run("a", RunState.Running)).Of("b").MayStart.ShouldBeTrue();
    }

    [Fact]
    public void Nothing_starts_after_too_many_failures_until_a_person_has_accepted_them()
    {
        var wave = Of(WaveState.Running, Entry("a"), Entry("b"), Entry("c")) with { Policy = new WavePolicy { StopAfterFailures = 1, MaxConcurrent = 5, MaxPerSourceHost = 5, MaxPerTargetHost = 5 } };
        var view = Look(wave, Run("a", RunState.RollingBack));
        view.HasTooManyFailures.ShouldBeTrue();
        view.Of("b").MayStart.ShouldBeFalse();
        view.Of("b").Reason.ShouldBe("the wave pauses after failures");
        Look(wave with { FailuresAccepted = 1 }, Run("a", RunState.RolledBack)).Of("b").MayStart.ShouldBeTrue();
    }

    [Fact]
    public void The_latest_run_of_a_plan_is_the_one_that_counts()
    {
        var wave = Of(WaveState.Running, Entry("a"));
        Look(wave, Run("a", RunState.RolledBack, 90), Run("a", RunState.Succeeded, 30)).Of("a").State.ShouldBe(EntryState.Proven);
    }
}
