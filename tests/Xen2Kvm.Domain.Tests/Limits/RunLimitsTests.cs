using Xen2Kvm.Domain.Limits;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Domain.Tests.Waves;
using Xen2Kvm.Domain.Waves;
using static Xen2Kvm.Domain.Tests.Limits.Rules;
using static Xen2Kvm.Domain.Tests.Waves.Waves;

namespace Xen2Kvm.Domain.Tests.Limits;

public sealed class RunLimitsTests
{
    private static Run Alone(string guest, RunState state, int minutesAgo = 10) => Run(guest, state, minutesAgo) with
    {
        WaveId = null,
        StartedAt = state == RunState.Queued ? null : Now,
    };

    private static RunLimits Look(LimitBook book, params Run[] runs) => RunLimits.Of(book, Now, runs, plan => plan == Id("b") ? ["vg0", "vg1"] : ["vg0"]);

    [Fact]
    public void A_run_above_the_limit_waits_and_says_for_what()
    {
        var runs = new[] { Alone("a", RunState.Running), Alone("b", RunState.NeedsAnswer), Alone("c", RunState.Queued) };
        Look(Book(AtOnce(3)), runs).Waiting.ShouldBeEmpty();
        Look(Book(AtOnce(2)), runs).Waiting.ShouldBe(new Dictionary<Guid, string> { [runs[2].Id] = "there are 2 of 2 runs" });
        Look(Book(AtOnce(2, "kvm1").At("20:00", "22:00")), runs).Waiting[runs[2].Id].ShouldBe("kvm1 runs 2 of 2 at this hour");
        Look(Book(AtOnce(1, "kvm1", "vg1")), runs).Waiting.ShouldBeEmpty("it goes to another pool");
        Look(Book(AtOnce(2, "kvm1", "vg0")), runs).Waiting[runs[2].Id].ShouldBe("pool vg0 of kvm1 has 2 of 2");
        Look(Book(AtOnce(0, "xen1")), runs).Waiting[runs[2].Id].ShouldBe("no run may start on xen1");
        Look(Book(AtOnce(0).At("08:00", "09:00")), runs).Waiting.ShouldBeEmpty("at another hour");
    }

    [Fact]
    public void What_has_begun_is_never_held_up_and_neither_is_a_roll_back()
    {
        Run[] runs =
        [
            Alone("a", RunState.Running), Alone("b", RunState.RollingBack), Alone("c", RunState.Queued) with { StartedAt = Now },
            Alone("d", RunState.Queued) with { Intent = RunIntent.RollBack }, Alone("e", RunState.Queued) with { Intent = RunIntent.Stop },
        ];
        var look = Look(Book(AtOnce(0)), runs);
        look.Waiting.ShouldBeEmpty();
        look.Used[LimitScope.Everywhere].Used.ShouldBe(5);
    }

    [Fact]
    public void Who_was_asked_for_first_starts_first_and_one_that_must_wait_does_not_hold_up_others()
    {
        Run[] runs = [Alone("late", RunState.Queued, 1), Alone("early", RunState.Queued, 20), Alone("elsewhere", RunState.Queued, 2) with { TargetHost = "kvm2" }];
        var look = Look(Book(AtOnce(1, "kvm1")), runs);
        look.Waiting.Keys.ShouldBe([runs[0].Id]);
        look.Used[new("kvm1")].Used.ShouldBe(1);
    }

    [Fact]
    public void A_wave_starts_no_more_than_the_installation_allows_and_says_why()
    {
        var wave = Of(WaveState.Running, Entry("a"), Entry("b"), Entry("c"));
        var alone = Alone("other", RunState.Running);
        var view = WaveView.Of(wave, [], [alone], Now, Look(Book(AtOnce(2, "kvm1").At("20:00", "22:00")), alone));
        view.Entries.Select(status => status.MayStart).ShouldBe([true, false, false]);
        view.Of("b").Reason.ShouldBe("waits: kvm1 runs 2 of 2 at this hour");

        // A run of its own that was asked for and waits says so, too.
        Run[] mine = [Run("a", RunState.Queued)];
        WaveView.Of(wave, mine, [alone, .. mine], Now, Look(Book(AtOnce(1)), [alone, .. mine])).Of("a").Reason.ShouldBe("waits: there are 1 of 1 runs");
    }
}
