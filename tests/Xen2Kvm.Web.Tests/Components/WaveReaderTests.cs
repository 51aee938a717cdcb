using NSubstitute;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Limits;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Runs;
using Xen2Kvm.Engine.Waves;
using Xen2Kvm.Web.Components.State;

namespace Xen2Kvm.Web.Tests.Components;

public sealed class WaveReaderTests : IDisposable
{
    private static readonly Plan _plan = Sample.Plan();
    private readonly IRunStore _store = Substitute.For<IRunStore>();
    private readonly HandMovedClock _clock = new();
    private readonly RunFeed _feed;
    private readonly RunReader _runs;
    private readonly WaveReader _reader;
    private Run _run;

    private readonly Wave _wave = new()
    {
        Id = Guid.NewGuid(), Name = "Friday", CreatedAt = Sample.Now, CreatedBy = "olga", State = WaveState.Running, Version = 1,
        Entries = [new WaveEntry { PlanId = _plan.Id, GuestName = "files", SourceHostId = Guid.NewGuid(), SourceHost = "xen1", TargetHostId = Guid.NewGuid(), TargetHost = "kvm1" }],
    };

    public WaveReaderTests()
    {
        _run = Sample.Copying(_plan) with { WaveId = _wave.Id };
        _store.ListAsync(Arg.Any<int>(), Arg.Any<CancellationToken>()).Returns(_ => [_run]);
        _store.ListAsync(Arg.Any<IReadOnlyCollection<Guid>>(), Arg.Any<CancellationToken>()).Returns(_ => [_run]);
        _feed = new RunFeed(_clock);
        var none = Substitute.For<ILimitStore>();
        none.ListAsync(Arg.Any<CancellationToken>()).Returns([]);
        var limits = new LimitService(none, _store, null!, null!, null!, _clock);
        _runs = new RunReader(new RunService(_store, null!, null!, null!, null!, null!, [], null!, _feed, _clock), limits, _feed, _clock);
        var waves = new WaveService(
            null!, null!, null!, null!, null!, limits, null!, null!, null!, null!, null!, _clock);
        _reader = new WaveReader(waves, _runs, _feed, _clock);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _reader.Dispose();
        _runs.Dispose();
    }

    [Fact]
    public async Task All_pages_of_a_wave_are_given_what_one_of_them_had_worked_out()
    {
        var first = await _reader.LookAsync(_wave, now: true, Token);
        first.View.Entries.ShouldHaveSingleItem().State.ShouldBe(EntryState.Running);
        (await _reader.LookAsync(_wave, now: true, Token)).ShouldBeSameAs(first);
        (await _reader.LookAsync(_wave with { Version = 2, State = WaveState.Paused }, now: true, Token)).View.Wave.State.ShouldBe(WaveState.Paused);
    }

    [Fact]
    public async Task A_run_that_changed_is_seen_by_the_next_look()
    {
        await _reader.LookAsync(_wave, now: true, Token);
        _run = _run with { State = RunState.Succeeded };
        _feed.Changed(_run.Id);
        (await _reader.LookAsync(_wave, now: true, Token)).View.Entries.ShouldHaveSingleItem().State.ShouldBe(EntryState.Proven);
    }

    [Fact]
    public async Task A_window_that_opened_meanwhile_is_seen_though_nothing_else_has_changed()
    {
        var wave = _wave with { Calendar = new WaveCalendar { Windows = [new MaintenanceWindow { Zone = "UTC", On = DateOnly.FromDateTime(Sample.Now.UtcDateTime), Start = TimeOnly.FromDateTime(Sample.Now.UtcDateTime.AddMinutes(5)), Minutes = 60 }] } };
        (await _reader.LookAsync(wave, now: true, Token)).View.Window.ShouldBeNull();
        _clock.Now += TimeSpan.FromMinutes(6);
        (await _reader.LookAsync(wave, now: true, Token)).View.Window.ShouldNotBeNull();
    }

    private sealed class HandMovedClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = Sample.Now;

        public override DateTimeOffset GetUtcNow() => Now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.UtcTicks;
    }
}
