using System.Collections.Concurrent;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence.Tests.Support;

namespace Xen2Kvm.Persistence.Tests;

/// <summary>Each test begins with a ledger in which nothing can be claimed.</summary>
public sealed class RunClaimTests(Store store) : IClassFixture<Store>, IAsyncLifetime
{
    private static readonly TimeSpan _lease = TimeSpan.FromMinutes(1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await store.SqlAsync("DELETE FROM runs");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Nothing_is_claimed_from_an_empty_ledger() => (await store.Runs.ClaimNextAsync("a", _lease, Token)).ShouldBeNull();

    [Theory]
    [InlineData(RunState.Queued, true)]
    [InlineData(RunState.Running, true)]
    [InlineData(RunState.RollingBack, true)]
    [InlineData(RunState.NeedsAnswer, false)]
    [InlineData(RunState.Succeeded, false)]
    [InlineData(RunState.Failed, false)]
    [InlineData(RunState.Stopped, false)]
    [InlineData(RunState.RolledBack, false)]
    public async Task Only_active_runs_are_claimed(RunState state, bool claimed)
    {
        await AddAsync(Some.Run(state));
        (await store.Runs.ClaimNextAsync("a", _lease, Token)).HasValue.ShouldBe(claimed);
    }

    [Fact]
    public async Task The_oldest_run_is_claimed_first_and_claiming_leaves_it_as_it_is()
    {
        var young = await AddAsync(Some.Run() with { CreatedAt = Some.Time.AddHours(1) });
        var old = await AddAsync(Some.Run());
        var first = (await store.Runs.ClaimNextAsync("a", _lease, Token))!.Value;
        first.Run.ShouldHoldTheSameAs(old);
        (await store.Runs.ClaimNextAsync("a", _lease, Token))!.Value.Run.Id.ShouldBe(young.Id);
        (await store.Runs.ClaimNextAsync("a", _lease, Token)).ShouldBeNull();
    }

    [Fact]
    public async Task A_claim_is_taken_over_when_its_lease_has_run_out_and_not_before()
    {
        await AddAsync(Some.Run());
        var first = (await store.Runs.ClaimNextAsync("a", _lease, Token))!.Value.Claim;
        store.Time.Advance(_lease - TimeSpan.FromSeconds(1));
        (await store.Runs.ClaimNextAsync("b", _lease, Token)).ShouldBeNull();
        store.Time.Advance(TimeSpan.FromSeconds(1));
        var second = (await store.Runs.ClaimNextAsync("b", _lease, Token))!.Value.Claim;
        second.RunId.ShouldBe(first.RunId);
        second.Epoch.ShouldBeGreaterThan(first.Epoch);
    }

    [Fact]
    public async Task A_renewed_lease_holds()
    {
        await AddAsync(Some.Run());
        var claim = (await store.Runs.ClaimNextAsync("a", _lease, Token))!.Value.Claim;
        store.Time.Advance(TimeSpan.FromSeconds(50));
        await store.Runs.RenewAsync(claim, _lease, Token);
        store.Time.Advance(TimeSpan.FromSeconds(50));
        (await store.Runs.ClaimNextAsync("b", _lease, Token)).ShouldBeNull();
    }

    [Fact]
    public async Task Renewing_shows_what_people_want_meanwhile()
    {
        await AddAsync(Some.Run(RunState.Running));
        var claim = (await store.Runs.ClaimNextAsync("a", _lease, Token))!.Value.Claim;
        await store.Runs.SetIntentAsync(claim.RunId, RunIntent.Stop, "ann", false, Token);
        var run = await store.Runs.RenewAsync(claim, _lease, Token);
        (run.State, run.Intent, run.IntentBy).ShouldBe((RunState.Running, RunIntent.Stop, "ann"));
    }

    [Fact]
    public async Task A_worker_that_lost_its_claim_can_write_nothing()
    {
        var run = await AddAsync(Some.Run());
        var lost = (await store.Runs.ClaimNextAsync("a", _lease, Token))!.Value.Claim;
        store.Time.Advance(_lease);
        var held = (await store.Runs.ClaimNextAsync("b", _lease, Token))!.Value.Claim;
        await store.Runs.SaveAsync(held, run with { State = RunState.Running }, [Some.Line("from b")], Token);

        await Should.ThrowAsync<ClaimLostException>(() => store.Runs.SaveAsync(lost, run with { State = RunState.Failed }, [Some.Line("from a")], Token));
        await Should.ThrowAsync<ClaimLostException>(() => store.Runs.RenewAsync(lost, _lease, Token));
        await store.Runs.ReleaseAsync(lost, Token);

        (await store.Runs.FindAsync(run.Id, Token))!.State.ShouldBe(RunState.Running);
        (await store.Runs.ReadLogAsync(run.Id, 0, 10, Token)).Select(line => line.Text).ShouldBe(["from b"]);
        (await store.Runs.ClaimNextAsync("c", _lease, Token)).ShouldBeNull("b still holds it");
        await store.Runs.RenewAsync(held, _lease, Token);
    }

    [Fact]
    public async Task A_late_worker_that_nobody_replaced_goes_on()
    {
        var run = await AddAsync(Some.Run());
        var claim = (await store.Runs.ClaimNextAsync("a", _lease, Token))!.Value.Claim;
        store.Time.Advance(TimeSpan.FromHours(1));
        await store.Runs.SaveAsync(claim, run, [Some.Line("late")], Token);
        await store.Runs.RenewAsync(claim, _lease, Token);
    }

    [Fact]
    public async Task A_claim_given_back_is_free_at_once_and_no_longer_writes()
    {
        var run = await AddAsync(Some.Run());
        var claim = (await store.Runs.ClaimNextAsync("a", _lease, Token))!.Value.Claim;
        await store.Runs.ReleaseAsync(claim, Token);
        await Should.ThrowAsync<ClaimLostException>(() => store.Runs.SaveAsync(claim, run, [], Token));
        await Should.ThrowAsync<ClaimLostException>(() => store.Runs.RenewAsync(claim, _lease, Token));
        (await store.Runs.ClaimNextAsync("b", _lease, Token))!.Value.Run.Id.ShouldBe(run.Id);
    }

    [Fact]
    public async Task Twenty_workers_claim_each_of_fifty_runs_once()
    {
        for (var at = 0; at < 50; at++)
        {
            await AddAsync(Some.Run());
        }

        var claims = new ConcurrentBag<RunClaim>();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(number => Task.Run(
            async () =>
            {
                while (await store.Runs.ClaimNextAsync($"worker-{number}", _lease, Token) is { } claimed)
                {
                    claims.Add(claimed.Claim);
                }
            },
            Token)));

        // A worker that found only rows that others were just claiming has left early; nothing may be left over or be claimed twice.
        while (await store.Runs.ClaimNextAsync("last", _lease, Token) is { } claimed)
        {
            claims.Add(claimed.Claim);
        }

        claims.Select(claim => claim.RunId).Distinct().Count().ShouldBe(50);
        claims.Count.ShouldBe(50);
        claims.ShouldAllBe(claim => claim.Epoch == 1);
    }

    private async Task<Run> AddAsync(Run run)
    {
        (await store.Runs.CreateAsync(run, Guid.NewGuid(), Token)).ShouldBeTrue();
        return run;
    }
}
