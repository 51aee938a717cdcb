using Xen2Kvm.Domain.Cleanups;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence.Tests.Support;

namespace Xen2Kvm.Persistence.Tests;

public sealed class CleanupStoreTests(Store store) : IClassFixture<Store>
{
    private static readonly Guid Source = Guid.NewGuid();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ICleanupStore Cleanups => (ICleanupStore)store.Services.GetService(typeof(ICleanupStore))!;

    [Fact]
    public async Task A_cleanup_comes_back_whole()
    {
        var cleanup = Full("whole");
        (await Cleanups.SaveAsync(cleanup, Token)).ShouldBe(CleanupSave.Saved);
        (await Cleanups.FindAsync(cleanup.Id, Token)).ShouldHoldTheSameAs(cleanup with { Version = 1 });
        (await Cleanups.ListAsync(Token)).ShouldContain(found => found.Id == cleanup.Id);
        (await Cleanups.FindAsync(cleanup.Id, Token))!.Fingerprint().ShouldBe(cleanup.Fingerprint(), "an approval still holds after a restart");
    }

    [Fact]
    public async Task Of_two_who_change_the_same_version_one_is_told()
    {
        var cleanup = Full("race");
        await Cleanups.SaveAsync(cleanup, Token);
        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Cleanups.SaveAsync(cleanup with { Version = 1, Note = $"{i}" }, Token)));
        results.Count(result => result == CleanupSave.Saved).ShouldBe(1);
        results.Count(result => result == CleanupSave.Stale).ShouldBe(7);
    }

    [Fact]
    public async Task A_guest_is_in_one_open_cleanup_only_and_free_again_when_that_ends()
    {
        var (first, second) = (Full("d", "e"), Full("f", "e"));
        await Cleanups.SaveAsync(first, Token);
        (await Cleanups.SaveAsync(second, Token)).ShouldBe(CleanupSave.GuestTaken);
        (await Cleanups.FindAsync(second.Id, Token)).ShouldBeNull("nothing of it was stored");
        (await Cleanups.FindOpenOfAsync(Source, "e", Token))!.Id.ShouldBe(first.Id);
        await Cleanups.SaveAsync(first with { Version = 1, State = CleanupState.Withdrawn }, Token);
        (await Cleanups.FindOpenOfAsync(Source, "e", Token)).ShouldBeNull();
        (await Cleanups.SaveAsync(second, Token)).ShouldBe(CleanupSave.Saved);
    }

    [Fact]
    public async Task A_hostile_name_is_stored_as_it_is_but_for_what_the_database_cannot_hold()
    {
        var cleanup = Full("x'; DROP TABLE cleanups; --\0\ud800<b>");
        (await Cleanups.SaveAsync(cleanup, Token)).ShouldBe(CleanupSave.Saved);
        (await Cleanups.FindOpenOfAsync(Source, cleanup.Guests[0].Name, Token))!.Id.ShouldBe(cleanup.Id);
    }

    [Fact]
    public async Task It_begins_only_while_the_runs_have_succeeded_and_from_then_on_they_are_not_rolled_back()
    {
        var run = await RunAsync("g", RunState.Succeeded);
        var cleanup = Of(run);
        await Cleanups.SaveAsync(cleanup, Token);
        (await Cleanups.FindBegunOfAsync(run.Id, Token)).ShouldBeNull();
        var begun = CleanupRules.Begin(cleanup with { Version = 1 }, "olga", Some.Time);
        (await Cleanups.SaveAsync(begun, Token)).ShouldBe(CleanupSave.Saved);
        (await Cleanups.ListDeletingAsync(Token)).ShouldContain(found => found.Id == cleanup.Id);
        (await Cleanups.FindBegunOfAsync(run.Id, Token))!.Id.ShouldBe(cleanup.Id);
        (await store.Runs.SetIntentAsync(run.Id, RunIntent.RollBack, "bob", true, Token)).ShouldBeNull();
        await Cleanups.SaveAsync(begun with { Version = 2, State = CleanupState.Withdrawn }, Token);
        (await store.Runs.SetIntentAsync(run.Id, RunIntent.RollBack, "bob", true, Token)).ShouldBeNull("what it deleted stays deleted");

        var other = await RunAsync("h", RunState.Succeeded);
        var late = Of(other);
        await Cleanups.SaveAsync(late, Token);
        (await store.Runs.SetIntentAsync(other.Id, RunIntent.RollBack, "bob", false, Token)).ShouldNotBeNull();
        (await Cleanups.SaveAsync(CleanupRules.Begin(late with { Version = 1 }, "olga", Some.Time), Token)).ShouldBe(CleanupSave.RunChanged);
        (await Cleanups.FindAsync(late.Id, Token))!.State.ShouldBe(CleanupState.Proposed);
        (await Cleanups.FindBegunOfAsync(other.Id, Token)).ShouldBeNull();
    }

    [Fact]
    public async Task Of_a_roll_back_and_a_beginning_at_the_same_time_one_wins()
    {
        for (var round = 0; round < 10; round++)
        {
            var run = await RunAsync($"both-{round}", RunState.Succeeded);
            var cleanup = Of(run);
            await Cleanups.SaveAsync(cleanup, Token);
            var begin = Cleanups.SaveAsync(CleanupRules.Begin(cleanup with { Version = 1 }, "olga", Some.Time), Token);
            var back = store.Runs.SetIntentAsync(run.Id, RunIntent.RollBack, "bob", false, Token);
            (await begin == CleanupSave.Saved).ShouldNotBe(await back is not null, $"round {round}");
        }
    }

    [Fact]
    public async Task The_newest_run_of_each_guest_is_listed_and_all_runs_of_one()
    {
        var old = await RunAsync("many", RunState.RolledBack, Some.Time.AddDays(-2));
        var newest = await RunAsync("many", RunState.Succeeded);
        (await store.Runs.ListNewestAsync(Token)).Where(found => found.Run.GuestName == "many").ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            found => found.Run.Id.ShouldBe(newest.Id), found => found.SourceHostId.ShouldBe(Source));
        (await store.Runs.ListOfAsync(Source, "many", Token)).Select(run => run.Id).ShouldBe([newest.Id, old.Id]);
        (await store.Runs.ListOfAsync(Guid.NewGuid(), "many", Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task One_node_at_a_time_carries_cleanups_out_while_another_drives_waves()
    {
        await using var node = Store.NewNode(store.ConnectionString, store.Time);
        await node.InitialiseXen2KvmDatabaseAsync(Token);
        var other = (ICleanupStore)node.GetService(typeof(ICleanupStore))!;
        (await Cleanups.AloneAsync(
            async token =>
            {
                (await other.AloneAsync(_ => Task.CompletedTask, token)).ShouldBeFalse();
                (await store.Waves.AloneAsync(_ => Task.CompletedTask, token)).ShouldBeTrue();
            },
            Token)).ShouldBeTrue();
        (await other.AloneAsync(_ => Task.CompletedTask, Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_change_is_heard_on_every_node()
    {
        var cleanup = Of(await RunAsync("heard", RunState.Succeeded));
        await store.ShouldBeHeardAsync(ChangeKind.Cleanup, cleanup.Id, () => Cleanups.SaveAsync(cleanup, Token));
    }

    private static Cleanup Of(Run run) => Full(run.GuestName) with
    {
        Guests = [new(run.GuestName, Source, "xen1", "kvm1", run.GuestName, run.Id, Some.Time)],
        State = CleanupState.Proposed,
        StartedAt = null,
    };

    private static Cleanup Full(params string[] guests) => new()
    {
        Id = Guid.CreateVersion7(), State = CleanupState.Approved, Hold = TimeSpan.FromDays(14.5), ProposedBy = "olga", ProposedAt = Some.Time, CreatedAt = Some.Time,
        Decision = new("petra", Some.Time, true, "fine", "f"), Note = "n", Drift = [new("a", "volume", "1", null)], StartedBy = "olga", StartedAt = Some.Time, FinishedAt = Some.Time,
        Guests = [.. guests.Select(guest => new CleanupGuest(guest, Source, "xen1", "kvm1", guest + "2", Guid.NewGuid(), Some.Time))],
        Items =
        [
            new CleanupItem
            {
                Guest = guests[0], RunId = Guid.NewGuid(), HostId = Source, Host = "xen1", Kind = RemainKind.Volume, Path = "/dev/vg0/a", Bytes = long.MaxValue, Identity = "volume u, 1 bytes",
                Stays = "it is in use", Command = "lvremove -q -y vg0/a", Outcome = new(Some.Time, true, "deleted"),
            },
        ],
    };

    private async Task<Run> RunAsync(string guest, RunState state, DateTimeOffset? at = null)
    {
        var run = Some.Run(state, guest) with { CreatedAt = at ?? Some.Time };
        (await store.Runs.CreateAsync(run, Source, Token)).ShouldBeTrue();
        return run;
    }
}
