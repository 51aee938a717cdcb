using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Notifications;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence.Tests.Support;

namespace Xen2Kvm.Persistence.Tests;

public sealed class NotificationStoreTests(Cluster cluster) : IAsyncLifetime
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);
    private readonly Store _store = new(cluster);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _store.InitializeAsync();

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task Each_state_that_a_run_comes_into_is_told_once_with_the_transaction_that_stores_it()
    {
        var run = Some.Run(guest: "files") with { SourceHost = "xen1", TargetHost = "kvm1" };
        await _store.Runs.CreateAsync(run, Guid.NewGuid(), Token);
        var claim = (await _store.Runs.ClaimNextAsync("w", Lease, Token))!.Value.Claim;
        await _store.Runs.SaveAsync(claim, run with { State = RunState.Running }, [Some.Line("begins")], Token);
        (await TitlesAsync()).ShouldBeEmpty("nobody waits for a run to begin");

        var asks = run with { State = RunState.NeedsAnswer, Question = new("q-1", "stop", "files does not shut down. What now?", [new("wait", "Wait")]) };
        await _store.Runs.SaveAsync(claim, asks, [Some.Line("asks")], Token);
        await _store.Runs.SaveAsync(claim, asks, [Some.Line("still asks")], Token);
        await _store.Runs.ReleaseAsync(claim, Token);
        (await TitlesAsync()).ShouldBe(["files needs an answer"]);

        await _store.Runs.AnswerAsync(run.Id, "q-1", "wait", "ann", Token);
        claim = (await _store.Runs.ClaimNextAsync("w", Lease, Token))!.Value.Claim;
        await _store.Runs.SaveAsync(claim, run with { State = RunState.Failed, Error = "the disk is full" }, [Some.Line("fails")], Token);
        await _store.Runs.ReleaseAsync(claim, Token);
        await _store.Runs.SetIntentAsync(run.Id, RunIntent.Forward, "ann", false, Token);
        claim = (await _store.Runs.ClaimNextAsync("w", Lease, Token))!.Value.Claim;
        await _store.Runs.SaveAsync(claim, run with { State = RunState.Failed, Error = "the disk is full again" }, [Some.Line("fails again")], Token);
        await _store.Runs.ReleaseAsync(claim, Token);
        await _store.Runs.SetIntentAsync(run.Id, RunIntent.Forward, "ann", false, Token);
        claim = (await _store.Runs.ClaimNextAsync("w", Lease, Token))!.Value.Claim;
        await _store.Runs.SaveAsync(
            claim, run with { State = RunState.Succeeded, DownSince = Some.Time, UpAgainAt = Some.Time.AddSeconds(252) }, [Some.Line("ends")], Token);
        (await TitlesAsync()).ShouldBe(["files runs on kvm1", "files: the run failed", "files: the run failed", "files needs an answer"]);

        var told = await ListAsync();
        told.Select(entry => entry.Notification.Text).ShouldBe(
        [
            "Moved from xen1 to kvm1; every step is done. It was down for 4 min 12 s.", "the disk is full again", "the disk is full", "files does not shut down. What now?",
        ]);
        told.ShouldAllBe(entry => entry.Notification.Path == $"/runs/{run.Id}");
    }

    [Fact]
    public async Task A_run_whose_worker_lost_its_claim_tells_nothing()
    {
        var run = Some.Run();
        await _store.Runs.CreateAsync(run, Guid.NewGuid(), Token);
        var lost = (await _store.Runs.ClaimNextAsync("w", TimeSpan.Zero, Token))!.Value.Claim;
        await _store.Runs.ClaimNextAsync("other", Lease, Token);
        await Should.ThrowAsync<ClaimLostException>(() => _store.Runs.SaveAsync(lost, run with { State = RunState.Failed }, [], Token));
        (await TitlesAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_same_event_is_added_once_and_goes_to_each_channel_that_wants_it()
    {
        var all = await ChannelAsync("all", NotificationKind.WaveStartsSoon, NotificationKind.RunFailed);
        await ChannelAsync("other kinds", NotificationKind.RunFailed);
        var raised = new NotificationEvent(NotificationKind.WaveStartsSoon, Guid.NewGuid(), "window-1", "Friday starts at 22:00", "Three plans.");
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => _store.Notifications.AddAsync(raised, Token)));
        await _store.Notifications.AddAsync(raised with { Transition = "window-2" }, Token);
        (await TitlesAsync()).Count.ShouldBe(2);
        (await ListAsync())[0].Notification.Path.ShouldBe($"/waves/{raised.Subject}");
        var due = await _store.Notifications.ClaimDueAsync(10, Lease, Token);
        due.Select(delivery => delivery.Channel.Id).ShouldBe([all.Id, all.Id]);
        due.Select(delivery => delivery.Notification.Id).Distinct().Count().ShouldBe(2);
    }

    [Fact]
    public async Task A_message_is_claimed_by_one_worker_until_its_lease_runs_out_and_who_lost_it_records_nothing()
    {
        await ChannelAsync("all", NotificationKind.RunFailed);
        await RaiseAsync();
        var first = (await _store.Notifications.ClaimDueAsync(10, Lease, Token)).ShouldHaveSingleItem();
        (await _store.Notifications.ClaimDueAsync(10, Lease, Token)).ShouldBeEmpty();
        _store.Time.Advance(Lease);
        var second = (await _store.Notifications.ClaimDueAsync(10, Lease, Token)).ShouldHaveSingleItem();
        (second.Id, second.Attempt).ShouldBe((first.Id, 2));
        await _store.Notifications.FinishAsync(first, new(false, "too late"), null, Token);
        (await _store.Notifications.ListUndeliveredAsync(Token)).ShouldBeEmpty();

        var again = _store.Time.GetUtcNow().AddMinutes(5);
        await _store.Notifications.FinishAsync(second, new(false, "answered 500"), again, Token);
        var left = (await _store.Notifications.ListUndeliveredAsync(Token)).ShouldHaveSingleItem();
        (left.Attempts, left.LastError, left.NextAt, left.Title).ShouldBe((2, "answered 500", again, "files: the run failed"));
        (await _store.Notifications.ClaimDueAsync(10, Lease, Token)).ShouldBeEmpty();
        await _store.Notifications.RetryAsync(left.Id, Token);
        var third = (await _store.Notifications.ClaimDueAsync(10, Lease, Token)).ShouldHaveSingleItem();
        await _store.Notifications.RetryAsync(left.Id, Token);
        (await _store.Notifications.ClaimDueAsync(10, Lease, Token)).ShouldBeEmpty("it is being sent");
        await _store.Notifications.FinishAsync(third, new(true, "taken"), null, Token);
        _store.Time.Advance(TimeSpan.FromDays(1));
        (await _store.Notifications.ClaimDueAsync(10, Lease, Token)).ShouldBeEmpty();
        (await _store.Notifications.ListUndeliveredAsync(Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Each_person_has_a_read_mark_of_their_own()
    {
        await RaiseAsync();
        await RaiseAsync();
        var newest = (await ListAsync("ann"))[0].Notification.Id;
        await _store.Notifications.MarkReadAsync("ann", newest, Token);
        await _store.Notifications.MarkReadAsync("ann", newest, Token);
        (await ListAsync("ann")).Select(entry => entry.IsRead).ShouldBe([true, false]);
        (await ListAsync("bob")).Select(entry => entry.IsRead).ShouldBe([false, false]);
        await _store.Notifications.MarkReadAsync("bob", null, Token);
        (await ListAsync("bob")).ShouldAllBe(entry => entry.IsRead);
    }

    [Fact]
    public async Task A_channels_secret_is_kept_encrypted_and_stays_until_another_is_given()
    {
        var channel = await ChannelAsync("secret");
        var row = (string)(await _store.SqlAsync("SELECT row_to_json(c)::text FROM channels c"))!;
        row.ShouldNotContain("signing secret");
        (await _store.Notifications.GetSecretAsync(channel.Id, Token)).ShouldBe("signing secret");
        await _store.Notifications.SaveChannelAsync(channel with { Name = "renamed" }, null, Token);
        (await _store.Notifications.GetSecretAsync(channel.Id, Token)).ShouldBe("signing secret");
        (await _store.Notifications.ListChannelsAsync(Token)).ShouldHaveSingleItem().HasSecret.ShouldBeTrue();
        var other = await ChannelAsync("other");
        await _store.SqlAsync($"UPDATE channels SET protected = (SELECT protected FROM channels WHERE id = '{channel.Id}') WHERE id = '{other.Id}'");
        (await Should.ThrowAsync<RefusedException>(() => _store.Notifications.GetSecretAsync(other.Id, Token))).Message.ShouldContain("Enter the secret again");
        (await Should.ThrowAsync<RefusedException>(() => ChannelAsync("other"))).Message.ShouldContain("already called");
    }

    [Fact]
    public async Task A_channel_goes_with_its_messages_and_old_notifications_with_everything_about_them()
    {
        var channel = await ChannelAsync("all", NotificationKind.RunFailed);
        await RaiseAsync();
        var mark = await _store.Notifications.FindMarkAsync(Token);
        await _store.Notifications.RemoveChannelAsync(channel.Id, Token);
        (await _store.Notifications.ClaimDueAsync(10, Lease, Token)).ShouldBeEmpty();
        (await TitlesAsync()).Count.ShouldBe(1);
        await _store.Notifications.MarkReadAsync("ann", null, Token);
        await _store.Notifications.ForgetAsync(_store.Time.GetUtcNow().AddSeconds(1), Token);
        (await TitlesAsync()).ShouldBeEmpty();
        (await _store.Notifications.FindMarkAsync(Token)).ShouldNotBe(mark);
    }

    private Task RaiseAsync() => _store.Notifications.AddAsync(
        new(NotificationKind.RunFailed, Guid.NewGuid(), "1", "files: the run failed", "the disk is full"), Token);

    private async Task<Channel> ChannelAsync(string name, params NotificationKind[] kinds)
    {
        var channel = new Channel { Id = Guid.NewGuid(), Name = name, Kinds = kinds, Webhook = new("https://hooks.example.org/") };
        await _store.Notifications.SaveChannelAsync(channel, "signing secret", Token);
        return channel;
    }

    private Task<IReadOnlyList<InboxEntry>> ListAsync(string person = "ann") => _store.Notifications.ListAsync(person, 50, Token);

    private async Task<List<string>> TitlesAsync() => [.. (await ListAsync()).Select(entry => entry.Notification.Title)];
}
