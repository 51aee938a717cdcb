using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence.Tests.Support;

namespace Xen2Kvm.Persistence.Tests;

public sealed class ChangeListenerTests(Store store) : IClassFixture<Store>, IAsyncLifetime
{
    private readonly ChangeListener _listener = ActivatorUtilities.CreateInstance<ChangeListener>(store.Services);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _listener.StartAsync(Token);
        await _listener.Listening.WaitAsync(TimeSpan.FromSeconds(30), Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _listener.StopAsync(CancellationToken.None);
        _listener.Dispose();
    }

    [Fact]
    public async Task Every_kind_of_change_on_another_node_is_heard()
    {
        await using var node = Store.NewNode(store.ConnectionString, store.Time);
        await node.InitialiseXen2KvmDatabaseAsync(Token);
        var runs = node.GetRequiredService<IRunStore>();
        var (heard, subscription) = Subscribe();
        using var ends = subscription;
        var run = Some.Run();

        await runs.CreateAsync(run, Guid.NewGuid(), Token);
        await HearsAsync(heard, run.Id);
        var claim = await ClaimAsync(runs, run.Id);
        await runs.SaveAsync(claim, run with { State = RunState.Running }, [Some.Line("x")], Token);
        await HearsAsync(heard, run.Id);
        await runs.AppendLogAsync(run.Id, [Some.Line("x")], Token);
        await HearsAsync(heard, run.Id);
        await runs.AppendSamplesAsync(run.Id, [new(Some.Time, 1, 1, 1)], Token);
        await HearsAsync(heard, run.Id);
        await runs.SaveEvidenceAsync(run.Id, new("a", "b", default, Some.Time), Token);
        await HearsAsync(heard, run.Id);
        await runs.SetIntentAsync(run.Id, RunIntent.Stop, "ann", false, Token);
        await HearsAsync(heard, run.Id);
        while (heard.TryRead(out var other))
        {
            other.ShouldNotBe(run.Id, "nothing else of this run changed");
        }
    }

    [Fact]
    public async Task A_lost_connection_is_made_again_and_everything_is_to_be_read_afresh()
    {
        var (heard, subscription) = Subscribe();
        using var ends = subscription;
        await store.SqlAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'xen2kvm listener' AND datname = current_database()");
        await HearsAsync(heard, Guid.Empty);
        var run = Some.Run();
        await store.Runs.CreateAsync(run, Guid.NewGuid(), Token);
        await HearsAsync(heard, run.Id);
    }

    [Fact]
    public async Task A_subscriber_that_throws_does_not_keep_the_news_from_others()
    {
        using var bad = _listener.Subscribe(ChangeKind.Run, _ => throw new InvalidOperationException("a page broke"));
        var (heard, subscription) = Subscribe();
        using var ends = subscription;
        var run = Some.Run();
        await store.Runs.CreateAsync(run, Guid.NewGuid(), Token);
        await HearsAsync(heard, run.Id);
    }

    [Fact]
    public async Task A_subscription_that_ended_hears_nothing()
    {
        var (silent, subscription) = Subscribe();
        subscription.Dispose();
        var (heard, other) = Subscribe();
        using var ends = other;
        var run = Some.Run();
        await store.Runs.CreateAsync(run, Guid.NewGuid(), Token);
        await HearsAsync(heard, run.Id);
        silent.TryRead(out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData(1, 0.5)]
    [InlineData(3, 2)]
    [InlineData(7, 30)]
    [InlineData(5000, 30)]
    public void The_pause_between_tries_grows_to_half_a_minute(int failures, double seconds) =>
        ChangeListener.PauseAfter(failures).ShouldBe(TimeSpan.FromSeconds(seconds));

    private (ChannelReader<Guid> Heard, IDisposable Subscription) Subscribe()
    {
        var channel = Channel.CreateUnbounded<Guid>();
        return (channel.Reader, _listener.Subscribe(ChangeKind.Run, id => channel.Writer.TryWrite(id)));
    }

    // The database is shared by the tests of this class: their runs are claimed and heard of, too.
    private static async Task<RunClaim> ClaimAsync(IRunStore runs, Guid id)
    {
        while (true)
        {
            var claimed = (await runs.ClaimNextAsync("w", TimeSpan.FromMinutes(1), Token))!.Value;
            if (claimed.Run.Id == id)
            {
                return claimed.Claim;
            }
        }
    }

    private static async Task HearsAsync(ChannelReader<Guid> heard, Guid id)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (await heard.ReadAsync(limit.Token) != id)
        {
        }
    }
}
