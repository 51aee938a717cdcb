using Xen2Kvm.Domain.Cleanups;
using Xen2Kvm.Domain.Waves;

namespace Xen2Kvm.Domain.Tests.Cleanups;

public sealed class CleanupRulesTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Fortnight = TimeSpan.FromDays(14);

    [Fact]
    public void Another_person_approves_and_an_approval_is_bound_to_what_was_shown()
    {
        var proposed = Proposed();
        CleanupRules.WhyNotDecide(proposed, Word("olga", proposed), false)!.ShouldContain("another person");
        CleanupRules.WhyNotDecide(proposed, Word("Olga (token backup)", proposed), false)!.ShouldContain("another person");
        CleanupRules.WhyNotDecide(proposed, Word("olga", proposed), selfApproval: true).ShouldBeNull("a lab");
        CleanupRules.WhyNotDecide(proposed, Word("petra", proposed) with { Fingerprint = "f" }, false)!.ShouldContain("looked at anew");
        CleanupRules.WhyNotDecide(proposed, Word("petra", proposed), false).ShouldBeNull();
        var approved = CleanupRules.Decide(proposed, Word("petra", proposed));
        approved.State.ShouldBe(CleanupState.Approved);
        CleanupRules.WhyNotDecide(approved, Word("petra", approved), false)!.ShouldContain("is approved");
    }

    [Fact]
    public void A_rejection_needs_a_reason_and_ends_it()
    {
        var proposed = Proposed();
        var no = Word("petra", proposed) with { Approved = false };
        CleanupRules.WhyNotDecide(proposed, no, false)!.ShouldContain("Say why");
        var rejected = CleanupRules.Decide(proposed, no with { Reason = "keep it until March" });
        rejected.State.ShouldBe(CleanupState.Withdrawn);
        rejected.IsOpen.ShouldBeFalse();
        rejected.Note!.ShouldContain("keep it until March");
    }

    [Theory]
    [InlineData("identity")]
    [InlineData("path")]
    [InlineData("stays")]
    [InlineData("guest")]
    [InlineData("run")]
    [InlineData("hold")]
    [InlineData("more")]
    public void Each_thing_that_is_approved_is_in_the_fingerprint(string what)
    {
        var one = Proposed();
        var (item, guest) = (one.Items[0], one.Guests[0]);
        var other = what switch
        {
            "identity" => one with { Items = [item with { Identity = "volume other, 8 bytes" }, .. one.Items.Skip(1)] },
            "path" => one with { Items = [item with { Path = "/dev/vg0/other" }, .. one.Items.Skip(1)] },
            "stays" => one with { Items = [item with { Stays = "it is in use" }, .. one.Items.Skip(1)] },
            "guest" => one with { Guests = [guest with { TargetName = "other" }] },
            "run" => one with { Guests = [guest with { RunId = Guid.NewGuid() }] },
            "hold" => one with { Hold = TimeSpan.FromDays(30) },
            _ => one with { Items = [.. one.Items, item with { Path = "/dev/vg0/more" }] },
        };
        other.Fingerprint().ShouldNotBe(one.Fingerprint());
    }

    [Fact]
    public void What_became_of_an_item_is_not_part_of_the_fingerprint()
    {
        var one = Proposed();
        CleanupRules.Record(one, one.Items[0], new(Now, true, "deleted")).Fingerprint().ShouldBe(one.Fingerprint());
    }

    [Fact]
    public void Nothing_runs_before_approval_and_hold_period()
    {
        var proposed = Proposed();
        CleanupRules.WhyNotRun(proposed, Fortnight, Now)!.ShouldContain("not approved");
        var approved = Approved();
        var proven = approved.Guests[0].ProvenAt;
        CleanupRules.WhyNotRun(approved, Fortnight, proven + Fortnight - TimeSpan.FromSeconds(1))!.ShouldContain("hold period lasts until");
        CleanupRules.WhyNotRun(approved, Fortnight, proven + Fortnight).ShouldBeNull();
        CleanupRules.WhyNotRun(approved, TimeSpan.FromDays(20), proven + Fortnight)!.ShouldContain("hold period", customMessage: "a longer period that is set later holds, too");
        CleanupRules.WhyNotRun(approved with { Hold = TimeSpan.FromDays(30) }, Fortnight, proven + Fortnight).ShouldNotBeNull();
        CleanupRules.WhyNotRun(approved with { Items = [] }, Fortnight, proven + Fortnight)!.ShouldContain("does not hold", customMessage: "the items are not the approved ones");
        CleanupRules.WhyNotRun(CleanupRules.Begin(approved, "olga", Now), TimeSpan.Zero, Now)!.ShouldContain("being carried out");
    }

    [Fact]
    public void A_hold_period_is_never_shorter_than_what_is_set()
    {
        CleanupRules.WhyNotHold(TimeSpan.FromDays(13), Fortnight)!.ShouldContain("at least 14 days");
        CleanupRules.WhyNotHold(Fortnight, Fortnight).ShouldBeNull();
        CleanupRules.WhyNotHold(TimeSpan.FromDays(4000), Fortnight).ShouldNotBeNull();
    }

    [Fact]
    public void The_names_must_be_typed_exactly()
    {
        var cleanup = Proposed() with { Guests = [Guest("files"), Guest("-rf <b>")] };
        CleanupRules.WhyNotConfirmed(cleanup, ["files"])!.ShouldContain("-rf <b>");
        CleanupRules.WhyNotConfirmed(cleanup, ["files", "-rf <b>", "web"]).ShouldNotBeNull();
        CleanupRules.WhyNotConfirmed(cleanup, ["Files", "-rf <b>"]).ShouldNotBeNull();
        CleanupRules.WhyNotConfirmed(cleanup, ["-rf <b>", "files"]).ShouldBeNull();
    }

    [Fact]
    public void What_is_gone_is_no_difference_and_what_is_new_or_other_is_one()
    {
        var approved = Approved();
        var (volume, config) = (approved.Items[0], approved.Items[1]);
        approved.DifferencesTo([volume, config]).ShouldBeEmpty();
        approved.DifferencesTo([config]).ShouldBeEmpty();
        approved.DifferencesTo([volume with { Identity = "volume new, 8 bytes" }, config])
            .ShouldHaveSingleItem().ToString().ShouldBe("files: volume /dev/vg0/files on xen1 was volume u-1, 8 bytes, now volume new, 8 bytes.");
        approved.DifferencesTo([volume with { Stays = "it is in use" }, config]).ShouldHaveSingleItem().Now!.ShouldContain("in use");
        approved.DifferencesTo([volume, config, volume with { Path = "/dev/vg0/files2" }]).ShouldHaveSingleItem().Approved.ShouldBeNull();
        approved.DifferencesTo([volume, config, volume with { Path = "/dev/vg0/files2", Stays = "another guest uses it" }]).ShouldBeEmpty();
        var kept = approved with { Items = [volume with { Stays = "it is in use" }, config] };
        kept.DifferencesTo([volume, config]).ShouldBeEmpty("what was approved to stay stays, whatever it is now");
        var begun = CleanupRules.Record(approved, volume, new(Now, true, "deleted"));
        begun.DifferencesTo([volume, config]).ShouldHaveSingleItem("what was deleted is there again");
    }

    [Fact]
    public void A_void_approval_leads_back_to_a_look_and_a_new_approval()
    {
        var drift = new FactDifference("files", "volume", "a", "b");
        var voided = CleanupRules.Void(Approved(), [drift]);
        voided.State.ShouldBe(CleanupState.Proposed);
        voided.Decision.ShouldBeNull();
        CleanupRules.WhyNotDecide(voided, Word("petra", voided), false)!.ShouldContain("looked at anew first");
        var again = CleanupRules.Look(voided, voided.Guests, voided.Items, "otto", Now);
        again.Drift.ShouldBeEmpty();
        CleanupRules.WhyNotDecide(again, Word("otto", again), false)!.ShouldContain("another person");
        CleanupRules.WhyNotDecide(again, Word("petra", again), false).ShouldBeNull();
        CleanupRules.Void(CleanupRules.Begin(Approved(), "olga", Now), [drift]).State.ShouldBe(CleanupState.Failed);
    }

    [Fact]
    public void It_is_done_when_everything_is_gone_and_failed_otherwise()
    {
        var running = CleanupRules.Begin(Approved(), "olga", Now);
        running.HasBegun.ShouldBeTrue();
        var half = CleanupRules.Record(running, running.Items[0], new(Now, true, "deleted"));
        half = CleanupRules.Record(half, half.Items[1], new(Now, false, "xen1 does not answer"));
        half.BytesFreed.ShouldBe(8);
        half.BytesLeft.ShouldBe(2);
        var failed = CleanupRules.End(half, Now);
        failed.State.ShouldBe(CleanupState.Failed);
        failed.Note!.ShouldContain("1 of 2 items");
        CleanupRules.WhyNotRun(failed, TimeSpan.Zero, Now.AddDays(14)).ShouldBeNull("it runs again under the same approval");
        var again = CleanupRules.Begin(failed, "olga", Now.AddHours(1));
        again.StartedAt.ShouldBe(Now);
        again.Items[0].Outcome!.Gone.ShouldBeTrue();
        again.Items[1].Outcome.ShouldBeNull();
        CleanupRules.End(CleanupRules.Record(again, again.Items[1], new(Now, true, "was gone already")), Now).State.ShouldBe(CleanupState.Done);
    }

    [Fact]
    public void A_look_after_a_failure_keeps_on_record_what_was_deleted()
    {
        var running = CleanupRules.Begin(Approved(), "olga", Now);
        var failed = CleanupRules.End(CleanupRules.Record(running, running.Items[0], new(Now, true, "deleted")), Now);
        var again = CleanupRules.Look(failed, failed.Guests, [failed.Items[1]], "otto", Now);
        again.State.ShouldBe(CleanupState.Proposed);
        again.Items.Count.ShouldBe(2);
        again.HasBegun.ShouldBeTrue("its run cannot be rolled back any more");
    }

    [Theory]
    [InlineData(CleanupState.Deleting)]
    [InlineData(CleanupState.Done)]
    [InlineData(CleanupState.Withdrawn)]
    public void While_it_deletes_and_at_its_end_nothing_is_changed(CleanupState state)
    {
        var cleanup = Approved() with { State = state };
        CleanupRules.WhyNotLook(cleanup).ShouldNotBeNull();
        CleanupRules.WhyNotWithdraw(cleanup).ShouldNotBeNull();
        CleanupRules.WhyNotRun(cleanup, TimeSpan.Zero, Now).ShouldNotBeNull();
    }

    [Fact]
    public void The_lock_goes_last_and_volumes_go_first()
    {
        var kinds = Enum.GetValues<RemainKind>();
        var order = CleanupRules.InOrder(kinds.Reverse().Select(kind => Item(kind, $"/{kind}"))).Select(item => item.Kind).Where(kind => kind != RemainKind.OtherDisk).ToList();
        order[0].ShouldBe(RemainKind.Volume);
        order[^1].ShouldBe(RemainKind.Lock);
        order[^2].ShouldBe(RemainKind.Config);
    }

    internal static CleanupGuest Guest(string name) => new(name, Guid.Empty, "xen1", "kvm1", name, Guid.Parse("11111111-2222-3333-4444-555555555555"), Now.AddDays(-1));

    private static CleanupItem Item(RemainKind kind, string path, long bytes = 2) => new()
    {
        Guest = "files", RunId = Guid.Empty, HostId = Guid.Empty, Host = "xen1", Kind = kind, Path = path, Bytes = bytes, Identity = $"{kind} of {path}", Command = $"rm -f -- {path}",
    };

    private static Cleanup Proposed() => new()
    {
        Id = Guid.NewGuid(), Guests = [Guest("files")], Hold = Fortnight, ProposedBy = "olga", ProposedAt = Now, CreatedAt = Now,
        Items = [Item(RemainKind.Volume, "/dev/vg0/files", 8) with { Identity = "volume u-1, 8 bytes" }, Item(RemainKind.Config, "/etc/xen/files.cfg.locked-by-xen2kvm")],
    };

    private static Cleanup Approved()
    {
        var proposed = Proposed();
        return CleanupRules.Decide(proposed, Word("petra", proposed));
    }

    private static WaveDecision Word(string by, Cleanup cleanup) => new(by, Now, true, "", cleanup.Fingerprint());
}
