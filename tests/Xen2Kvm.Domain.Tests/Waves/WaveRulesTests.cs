using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Domain.Waves;
using static Xen2Kvm.Domain.Tests.Waves.Waves;

namespace Xen2Kvm.Domain.Tests.Waves;

public sealed class WaveRulesTests
{
    [Fact]
    public void Plans_that_wait_for_each_other_are_named_in_a_circle()
    {
        var problem = WaveRules.StructureProblems([Entry("a", "c"), Entry("b", "a"), Entry("c", "b"), Entry("d", "a")]).ShouldHaveSingleItem();
        problem.ShouldContain("a → c → b → a");
        WaveRules.StructureProblems([Entry("a", "a")]).ShouldHaveSingleItem().ShouldContain("a → a");
        WaveRules.StructureProblems([Entry("a", "b", "c"), Entry("b", "c"), Entry("c")]).ShouldBeEmpty();
    }

    [Fact]
    public void A_long_chain_is_no_circle_and_is_looked_at_quickly()
    {
        var chain = Enumerable.Range(0, WaveRules.MostPlans).Select(i => i == 0 ? Entry("g0") : Entry($"g{i}", $"g{i - 1}")).ToArray();
        WaveRules.StructureProblems(chain).ShouldBeEmpty();
        WaveRules.StructureProblems([chain[0] with { DependsOn = [chain[^1].PlanId] }, .. chain[1..]]).ShouldHaveSingleItem().ShouldContain("wait for each other");
    }

    [Fact]
    public void A_guest_twice_a_stranger_and_a_canary_that_waits_are_refused()
    {
        WaveRules.StructureProblems([Entry("a"), Entry("a") with { PlanId = Id("other plan") }]).ShouldHaveSingleItem().ShouldContain("twice");
        WaveRules.StructureProblems([Entry("a", "stranger")]).ShouldHaveSingleItem().ShouldContain("not in this wave");
        WaveRules.StructureProblems([Entry("a", "b") with { IsCanary = true }, Entry("b")]).ShouldHaveSingleItem().ShouldContain("canary");
    }

    [Fact]
    public void An_empty_wave_is_not_submitted()
    {
        var draft = Of(WaveState.Draft) with { Calendar = new WaveCalendar { Windows = [new MaintenanceWindow { Zone = "UTC", On = new DateOnly(2026, 1, 1), Start = default, Minutes = 60 }] } };
        var refused = Should.Throw<WaveException>(() => WaveRules.Submit(draft, "f", "olga", Now));
        refused.Message.ShouldContain("no plans");
        refused.Message.ShouldContain("has passed");
    }

    [Fact]
    public void Another_person_approves_and_what_they_saw_must_be_what_is_submitted()
    {
        var wave = Of(WaveState.Submitted, Entry("a"));
        Should.Throw<WaveException>(() => WaveRules.Decide(wave, Yes("olga"), false)).Message.ShouldContain("another person");
        Should.Throw<WaveException>(() => WaveRules.Decide(wave with { SubmittedBy = "olga (token backup)" }, Yes("Olga"), false));
        Should.Throw<WaveException>(() => WaveRules.Decide(wave, Yes("petra") with { Fingerprint = "f0" }, false)).Message.ShouldContain("submitted anew");
        WaveRules.Decide(wave, Yes("petra"), false).State.ShouldBe(WaveState.Approved);
        WaveRules.Decide(wave, Yes("olga"), selfApproval: true).State.ShouldBe(WaveState.Approved);
    }

    [Fact]
    public void Two_approvers_are_two_people()
    {
        var wave = Of(WaveState.Submitted, Entry("a")) with { Policy = new WavePolicy { ApproversNeeded = 2 } };
        var once = WaveRules.Decide(wave, Yes("petra"), false);
        once.State.ShouldBe(WaveState.Submitted);
        Should.Throw<WaveException>(() => WaveRules.Decide(once, Yes("PETRA"), false)).Message.ShouldContain("already");
        WaveRules.Decide(once, Yes("paul"), false).State.ShouldBe(WaveState.Approved);
    }

    [Fact]
    public void A_rejection_needs_a_reason_and_leads_back_to_a_draft_that_shows_it()
    {
        var wave = Of(WaveState.Submitted, Entry("a"));
        Should.Throw<WaveException>(() => WaveRules.Decide(wave, Yes("petra") with { Approved = false, Reason = " " }, false));
        var rejected = WaveRules.Decide(wave, Yes("petra") with { Approved = false, Reason = "not on a Friday" }, false);
        rejected.State.ShouldBe(WaveState.Draft);
        rejected.Note.ShouldBe("Rejected by petra: not on a Friday");
        rejected.Fingerprint.ShouldBeNull();
    }

    [Fact]
    public void An_approval_expires()
    {
        var wave = WaveRules.Decide(Of(WaveState.Submitted, Entry("a")) with { Policy = new WavePolicy { ApprovalHours = 2 } }, Yes("petra"), false);
        wave.ApprovalsAt(Now.AddMinutes(119)).Count().ShouldBe(1);
        wave.ApprovalsAt(Now.AddMinutes(120)).ShouldBeEmpty();
    }

    [Fact]
    public void Only_legal_moves_are_made()
    {
        var moves = new Dictionary<string, (Func<Wave, Wave> Move, WaveState[] From)>
        {
            ["submit"] = (wave => WaveRules.Submit(wave, "f", "olga", Now), [WaveState.Draft]),
            ["approve"] = (wave => WaveRules.Decide(wave, Yes("petra"), false), [WaveState.Submitted]),
            ["withdraw"] = (wave => WaveRules.ToDraft(wave, null, []), [WaveState.Submitted, WaveState.Approved, WaveState.Running, WaveState.Paused]),
            ["start"] = (wave => WaveRules.Start(wave, "olga", 0, Now), [WaveState.Approved, WaveState.Paused]),
            ["pause"] = (wave => WaveRules.Pause(wave, ""), [WaveState.Running]),
            ["finish"] = (wave => WaveRules.Finish(wave, Now), [WaveState.Running, WaveState.Paused]),
            ["change"] = (wave => WaveRules.Change(wave, wave, []), [WaveState.Draft]),
        };
        foreach (var (name, (move, from)) in moves)
        {
            foreach (var state in Enum.GetValues<WaveState>())
            {
                var wave = Of(state, Entry("a")) with { Fingerprint = "f1" };
                if (from.Contains(state))
                {
                    move(wave).ShouldNotBeNull(name);
                }
                else
                {
                    Should.Throw<WaveException>(() => move(wave), $"{name} from {state}");
                }
            }
        }
    }

    [Fact]
    public void A_plan_that_has_been_started_stays_in_the_wave()
    {
        var wave = Of(WaveState.Draft, Entry("a"), Entry("b"));
        Should.Throw<WaveException>(() => WaveRules.Change(wave, wave with { Entries = [Entry("b")] }, [Id("a")])).Message.ShouldContain("a has been started");
        WaveRules.Change(wave, wave with { Entries = [Entry("a")] }, [Id("a")]).Entries.Count.ShouldBe(1);
    }

    [Fact]
    public void A_wave_is_not_given_up_in_the_middle_of_a_move()
    {
        var wave = Of(WaveState.Paused, Entry("a"), Entry("b"));
        Should.Throw<WaveException>(() => WaveRules.Cancel(wave, Look(wave, Run("a", RunState.Failed)), Now)).Message.ShouldContain("in the middle");
        WaveRules.Cancel(wave, Look(wave, Run("a", RunState.RolledBack)), Now).State.ShouldBe(WaveState.Cancelled);
    }

    [Fact]
    public void The_fingerprint_covers_every_fact_and_the_difference_is_told()
    {
        var plan = Sample.Plan(Sample.Guest);
        var wave = Of(WaveState.Draft, Entry("files")) with { Entries = [Entry("files") with { PlanId = plan.Id }] };
        var entry = DossierEntry.Of(plan, Sample.Guest, []);
        var print = WaveDossier.Of(wave, [entry]).Fingerprint();
        print.ShouldBe(WaveDossier.Of(wave, [DossierEntry.Of(plan, Sample.Guest, [])]).Fingerprint());

        var grown = Sample.Guest with { Disks = [.. Sample.Guest.Disks.Select((disk, i) => i == 0 ? disk with { SizeBytes = disk.SizeBytes + 512 } : disk)] };
        var after = DossierEntry.Of(plan, grown, [new Concern("X01", Severity.Warning, "vif0", "The MAC is in use twice.", "", "")]);
        WaveDossier.Of(wave, [after]).Fingerprint().ShouldNotBe(print);
        var differences = WaveDossier.Differences(entry.Facts, after.Facts).Select(difference => difference.ToString()).ToList();
        differences.Count.ShouldBe(2);
        differences[0].ShouldContain($"disk {Sample.Guest.Disks[0].Vdev} on Xen was");
        differences[1].ShouldContain("concern X01:vif0 is new");

        WaveDossier.Of(wave with { Policy = wave.Policy with { OnFailure = FailurePolicy.LeaveToPerson } }, [entry]).Fingerprint().ShouldNotBe(print);
        WaveDossier.Of(wave with { Policy = wave.Policy with { MaxConcurrent = 1 } }, [entry]).Fingerprint().ShouldBe(print, "limits may change while it runs");
        WaveDossier.Differences(entry.Facts, DossierEntry.Of(plan, Sample.Guest with { Power = Inventory.PowerState.Off }, []).Facts).ShouldBeEmpty();
    }

    private static WaveDecision Yes(string by) => new(by, Now, true, "", "f1");
}
