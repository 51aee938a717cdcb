using System.Diagnostics;
using NSubstitute;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Limits;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Runs;
using Xen2Kvm.Web.Components.State;

namespace Xen2Kvm.Web.Tests.Components;

public sealed class RunReaderTests : IDisposable
{
    private static readonly Plan _plan = Sample.Plan();
    private readonly IRunStore _store = Substitute.For<IRunStore>();
    private readonly RunFeed _feed = new(TimeProvider.System);
    private readonly RunReader _reader;
    private Run _run = Sample.Copying(_plan);
    private int _reads;

    public RunReaderTests()
    {
        _store.FindAsync(_run.Id, Arg.Any<CancellationToken>()).Returns(_ =>
        {
            Interlocked.Increment(ref _reads);
            return Task.FromResult<Run?>(_run);
        });
        _store.ListAsync(Arg.Any<int>(), Arg.Any<CancellationToken>()).Returns(_ => [_run]);
        _store.ListAsync(Arg.Any<IReadOnlyCollection<Guid>>(), Arg.Any<CancellationToken>()).Returns(_ => [_run]);
        _reader = new RunReader(new RunService(_store, null!, null!, null!, null!, null!, [], null!, _feed, TimeProvider.System), new LimitService(Substitute.For<ILimitStore>(), _store, null!, null!, null!, TimeProvider.System), _feed, TimeProvider.System);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _reader.Dispose();

    [Fact]
    public async Task Ten_pages_that_follow_a_copy_cost_one_read_a_second()
    {
        var watch = Stopwatch.StartNew();
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(3.5));
        var pages = Enumerable.Range(0, 10).Select(async _ =>
        {
            while (!stop.IsCancellationRequested)
            {
                await _reader.FindAsync(_run.Id, now: false, Token);
                await Task.Delay(50, Token);
                _feed.Changed(_run.Id);
            }
        });
        await Task.WhenAll(pages);
        _reads.ShouldBeInRange(2, 2 + (int)watch.Elapsed.TotalSeconds);
    }

    [Fact]
    public async Task Nobody_is_given_what_was_true_before_they_asked()
    {
        (await _reader.FindAsync(_run.Id, now: true, Token))!.State.ShouldBe(RunState.Running);
        _run = _run with { State = RunState.Failed };
        _feed.Changed(_run.Id);
        (await _reader.FindAsync(_run.Id, now: false, Token))!.State.ShouldBe(RunState.Failed);
        (await _reader.ListAsync(now: false, Token)).ShouldHaveSingleItem().State.ShouldBe(RunState.Failed);
    }

    [Fact]
    public async Task What_did_not_change_is_not_read_again_and_a_change_of_a_run_does_not_read_the_list()
    {
        await _reader.ListAsync(now: true, Token);
        for (var i = 0; i < 5; i++)
        {
            await _reader.ListAsync(now: true, Token);
        }

        _run = _run with { State = RunState.Succeeded };
        _feed.Changed(_run.Id);
        (await _reader.ListAsync(now: true, Token))[0].State.ShouldBe(RunState.Succeeded);
        await _store.Received(1).ListAsync(Arg.Any<int>(), Arg.Any<CancellationToken>());
        await _store.Received(1).ListAsync(Arg.Is<IReadOnlyCollection<Guid>>(ids => ids.Single() == _run.Id), Arg.Any<CancellationToken>());
    }

    [Fact]
    public async Task Changes_of_many_runs_cost_one_read_of_those_runs()
    {
        var many = Enumerable.Range(0, 300).Select(number => _run with { Id = Guid.NewGuid(), CreatedAt = _run.CreatedAt.AddSeconds(-number) }).ToList();
        _store.ListAsync(Arg.Any<int>(), Arg.Any<CancellationToken>()).Returns(_ => [.. many]);
        _store.ListAsync(Arg.Any<IReadOnlyCollection<Guid>>(), Arg.Any<CancellationToken>()).Returns(call =>
            [.. many.Where(run => call.Arg<IReadOnlyCollection<Guid>>().Contains(run.Id)).Select(run => run with { State = RunState.Succeeded })]);
        await _reader.ListAsync(now: true, Token);
        many.Take(200).ToList().ForEach(run => _feed.Changed(run.Id));
        var seen = await _reader.ListAsync(now: true, Token);
        seen.Select(run => run.Id).ShouldBe(many.Select(run => run.Id));
        seen.Count(run => run.State == RunState.Succeeded).ShouldBe(200);
        await _store.Received(1).ListAsync(Arg.Any<int>(), Arg.Any<CancellationToken>());
        await _store.Received(1).ListAsync(Arg.Any<IReadOnlyCollection<Guid>>(), Arg.Any<CancellationToken>());
    }

    [Fact]
    public async Task A_read_that_failed_is_tried_again_by_the_next_who_asks()
    {
        var broken = true;
        _store.ListAsync(Arg.Any<int>(), Arg.Any<CancellationToken>()).Returns(_ => broken ? throw new TimeoutException("for the test") : [_run]);
        await Should.ThrowAsync<TimeoutException>(() => _reader.ListAsync(now: true, Token));
        broken = false;
        (await _reader.ListAsync(now: true, Token)).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task New_lines_are_read_once_for_all_and_a_late_reader_gets_those_before_them()
    {
        List<RunLogLine> lines = [.. Enumerable.Range(1, 30).Select(Line)];
        _store.ReadLogAsync(_run.Id, Arg.Any<long>(), Arg.Any<int>(), Arg.Any<CancellationToken>())
            .Returns(call => [.. lines.Where(line => line.Sequence > call.ArgAt<long>(1)).Take(call.ArgAt<int>(2))]);
        (await _reader.ReadLogAsync(_run.Id, 28, Token)).Select(line => line.Sequence).ShouldBe([29, 30]);
        (await _reader.ReadLogAsync(_run.Id, 29, Token)).Select(line => line.Sequence).ShouldBe([30]);
        await _store.Received(1).ReadLogAsync(_run.Id, Arg.Any<long>(), Arg.Any<int>(), Arg.Any<CancellationToken>());

        lines.Add(Line(31));
        _feed.Changed(_run.Id);
        (await _reader.ReadLogAsync(_run.Id, 30, Token)).Select(line => line.Sequence).ShouldBe([31]);
        (await _reader.ReadLogAsync(_run.Id, 10, Token)).Count.ShouldBe(21);
    }

    private static RunLogLine Line(int number) => new(number, Sample.Now, "copy", RunLogLevel.Info, "x");
}
