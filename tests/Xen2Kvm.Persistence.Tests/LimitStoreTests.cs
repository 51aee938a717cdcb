using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Xen2Kvm.Domain.Limits;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence.Tests.Support;

namespace Xen2Kvm.Persistence.Tests;

public sealed class LimitStoreTests(Store store) : IClassFixture<Store>, IAsyncLifetime
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ILimitStore Limits => store.Services.GetRequiredService<ILimitStore>();

    public async ValueTask InitializeAsync() => await store.SqlAsync("DELETE FROM runs; DELETE FROM limits");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static LimitRule Rule(string? host = null, int minutes = 0) => new()
    {
        Id = Guid.NewGuid(), Kind = LimitKind.BytesPerSecond, Value = 40_000_000, Scope = new(host), Days = [DayOfWeek.Monday, DayOfWeek.Friday], From = new TimeOnly(22, 0), To = new TimeOnly(6, 30),
        Zone = "Europe/Berlin", CreatedAt = Some.Time.AddMinutes(minutes), CreatedBy = "ann",
    };

    [Fact]
    public async Task Rules_come_back_whole_in_the_order_they_were_made_are_replaced_and_removed_once()
    {
        var (late, early) = (Rule("kvm1", 1), Rule("\0<b>x'; DROP TABLE limits; --"));
        var stored = await Limits.AddAsync(late, Token);
        await Limits.AddAsync(early, Token);
        var listed = await Limits.ListAsync(Token);
        listed.Select(rule => rule.Id).ShouldBe([early.Id, late.Id]);
        listed[1].ShouldHoldTheSameAs(stored);
        stored.ShouldHoldTheSameAs(late with { Version = 1 });
        listed[0].Scope.Host!.ShouldContain("'; DROP TABLE limits; --");
        (await Limits.ReplaceAsync(stored with { Value = 1_000_000 }, Token))!.Version.ShouldBe(2);
        (await Limits.ReplaceAsync(stored with { Value = 2_000_000 }, Token)).ShouldBeNull("it was changed meanwhile");
        (await Limits.ListAsync(Token))[1].Value.ShouldBe(1_000_000);
        (await Limits.RemoveAsync(early.Id, Token)).ShouldBeTrue();
        (await Limits.RemoveAsync(early.Id, Token)).ShouldBeFalse();
        (await Limits.ReplaceAsync(early with { Version = 1 }, Token)).ShouldBeNull("what was removed does not come back");
    }

    [Fact]
    public async Task One_process_at_a_time_divides_and_waves_are_no_hindrance()
    {
        await using var node = Store.NewNode(store.ConnectionString, store.Time);
        await node.InitialiseXen2KvmDatabaseAsync(Token);
        var other = node.GetRequiredService<ILimitStore>();
        var alone = await Limits.AloneAsync(
            async token =>
            {
                (await other.AloneAsync(_ => throw new InvalidOperationException(), token)).ShouldBeFalse();
                (await store.Waves.AloneAsync(_ => Task.CompletedTask, token)).ShouldBeTrue();
            },
            Token);
        alone.ShouldBeTrue();
        (await other.AloneAsync(_ => Task.CompletedTask, Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task What_the_gate_holds_back_is_not_claimed_and_what_has_begun_is_marked_so()
    {
        var (first, second) = (Some.Run(), Some.Run() with { CreatedAt = Some.Time.AddHours(1) });
        await store.Runs.CreateAsync(first, Guid.NewGuid(), Token);
        await store.Runs.CreateAsync(second, Guid.NewGuid(), Token);
        var claimed = (await store.Runs.ClaimNextAsync("a", Lease, (_, _) => Task.FromResult<IReadOnlyCollection<Guid>>([first.Id]), Token))!.Value;
        claimed.Run.Id.ShouldBe(second.Id);
        claimed.Run.StartedAt.ShouldNotBeNull();
        (await store.Runs.FindAsync(second.Id, Token))!.StartedAt.ShouldBe(claimed.Run.StartedAt);
        (await store.Runs.ClaimNextAsync("a", Lease, (_, _) => Task.FromResult<IReadOnlyCollection<Guid>>([first.Id]), Token)).ShouldBeNull();
        (await store.Runs.ClaimNextAsync("a", Lease, (_, _) => Task.FromResult<IReadOnlyCollection<Guid>>([]), Token))!.Value.Run.Id.ShouldBe(first.Id);
    }

    [Fact]
    public async Task However_many_workers_ask_at_once_none_lets_in_one_too_many()
    {
        for (var i = 0; i < 12; i++)
        {
            await store.Runs.CreateAsync(Some.Run(), Guid.NewGuid(), Token);
        }

        var book = new LimitBook([new LimitRule { Id = Guid.NewGuid(), Kind = LimitKind.Runs, Value = 3, CreatedAt = default, CreatedBy = "ann" }]);
        Task<IReadOnlyCollection<Guid>> Gate(IReadOnlyList<Run> inFlight, CancellationToken token) =>
            Task.FromResult<IReadOnlyCollection<Guid>>([.. RunLimits.Of(book, Some.Time, inFlight, _ => []).Waiting.Keys]);
        var claimed = new ConcurrentBag<Guid>();
        await Parallel.ForEachAsync(Enumerable.Range(0, 24), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Token }, async (worker, token) =>
        {
            if (await store.Runs.ClaimNextAsync($"{worker}", Lease, Gate, token) is { } run)
            {
                claimed.Add(run.Run.Id);
            }
        });
        claimed.Count.ShouldBe(3);
    }
}
