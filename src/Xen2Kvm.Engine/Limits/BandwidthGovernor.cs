using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Xen2Kvm.Domain.Limits;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Routes.BlockCopy;

namespace Xen2Kvm.Engine.Limits;

/// <summary>
/// Divides bandwidth among the copies at work and tells their agents when it changes. An agent gets a timetable of a week, so that it obeys the
/// clock while nobody can reach it. Whoever must go slower is told first, and only when that has arrived others go faster: the sum stays below
/// the limit meanwhile, too. An agent that cannot be told goes on as it was, and the others make room for it.
/// </summary>
public sealed partial class BandwidthGovernor(
    ILimitStore limits, IRunStore runs, PlanPlaces places, IHostStore hosts, IHostConnector connector, TimeProvider time, ILogger<BandwidthGovernor> logger)
{
    // What a copy begins with when the others leave nothing, in bytes per second; at the next look it has its share.
    private const long LeastAtStart = 262_144;
    private const int MostRounds = 3;
    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan TellWithin = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan SeenWithin = TimeSpan.FromSeconds(60);
    private readonly ConcurrentDictionary<Guid, CopyState> _states = new();
    private readonly SemaphoreSlim _beginning = new(1, 1);

    /// <summary>Looks at the copies once, unless another node is at it.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        if (!await limits.AloneAsync(DivideAsync, cancellationToken).ConfigureAwait(false))
        {
            // The other one may tell agents something else from now on.
            Forget(run => _states.TryGetValue(run, out var state) && state.BegunAt is null);
        }
    }

    /// <summary>
    /// What a copy that is about to begin may send, until the next look gives it its share: no more than the others leave. Null when nothing
    /// limits bandwidth.
    /// </summary>
    internal async Task<IReadOnlyList<RateChange>?> BeginAsync(Run run, Plan plan, CancellationToken cancellationToken)
    {
        // Two that begin at the same time must not both take what is left.
        await _beginning.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var book = new LimitBook(await limits.ListAsync(cancellationToken).ConfigureAwait(false));
            if (!book.Has(LimitKind.BytesPerSecond))
            {
                return null;
            }

            var inFlight = await runs.ListInFlightAsync(cancellationToken).ConfigureAwait(false);
            var now = time.GetUtcNow();
            var others = await DescribeAsync([.. inFlight.Where(other => other.Id != run.Id && IsCopying(other))], now, cancellationToken).ConfigureAwait(false);
            var mine = new CopyAtWork(run.Id, run.SourceHost, run.TargetHost) { Own = PlanPlace.Of(plan).RateLimit };
            var timetable = BandwidthShares.Timetables([.. others.Select(other => other.Copy with { Fixed = other.InForce }), .. Begun(inFlight, run.Id, now), mine], book, now)[run.Id];
            if (timetable[0].BytesPerSecond < LeastAtStart)
            {
                timetable = [timetable[0] with { BytesPerSecond = LeastAtStart }, .. timetable.Skip(1)];
            }

            var state = StateOf(run.Id);
            (state.Told, state.BegunAt) = (timetable, now);
            return timetable;
        }
        finally
        {
            _beginning.Release();
        }
    }

    private async Task DivideAsync(CancellationToken cancellationToken)
    {
        var book = new LimitBook(await limits.ListAsync(cancellationToken).ConfigureAwait(false));
        var inFlight = await runs.ListInFlightAsync(cancellationToken).ConfigureAwait(false);
        var known = inFlight.Select(run => run.Id).ToHashSet();
        Forget(run => !known.Contains(run));
        List<Run> copying = [.. inFlight.Where(IsCopying)];
        if (copying.Count == 0)
        {
            return;
        }

        var now = time.GetUtcNow();
        var copies = await DescribeAsync(copying, now, cancellationToken).ConfigureAwait(false);
        foreach (var copy in copies)
        {
            copy.State.BegunAt = null;
            copy.State.Demand.Take(copy.Run.CurrentStep!.Progress!.At, copy.Run.CurrentStep.Progress.Disks.Sum(disk => disk.SentBytes), copy.InForce);
        }

        for (var round = 0; round < MostRounds; round++)
        {
            var slower = Changes(book, copies, inFlight, time.GetUtcNow()).Where(change => change.IsSlower).ToList();
            if (slower.Count == 0 || await TellAsync(slower, cancellationToken).ConfigureAwait(false))
            {
                break;
            }
        }

        await TellAsync(Changes(book, copies, inFlight, time.GetUtcNow()), cancellationToken).ConfigureAwait(false);
    }

    // What agents are to be told, of those that can be.
    private List<Change> Changes(LimitBook book, IReadOnlyList<Copying> copies, IReadOnlyList<Run> inFlight, DateTimeOffset now)
    {
        var told = copies.ToLookup(copy => copy.State.TryAgainAt is not { } again || again <= now);
        var timetables = BandwidthShares.Timetables(
            [
                .. told[true].Select(copy => copy.Copy with { Wants = copy.State.Demand.Wants }),
                .. told[false].Select(copy => copy.Copy with { Fixed = InForce(copy, now) ?? (long)(copy.State.Demand.Rate ?? 0) }),
                .. Begun(inFlight, Guid.Empty, now),
            ],
            book, now);
        return [.. told[true].Select(copy => new Change(copy, timetables[copy.Run.Id], IsSlower(copy, timetables[copy.Run.Id][0].BytesPerSecond, now)))
            .Where(change => change.Copy.State.Differs(change.Timetable, change.Copy.Pace, change.Copy.Copy.Own, now))];
    }

    private static bool IsSlower(Copying copy, long? share, DateTimeOffset now) => share is { } some && (InForce(copy, now) ?? long.MaxValue) > some;

    private static long? InForce(Copying copy, DateTimeOffset now) => copy.State.InForce(copy.Pace, copy.Copy.Own, now);

    // Copies that this process has begun and that no look has seen yet.
    private IEnumerable<CopyAtWork> Begun(IReadOnlyList<Run> inFlight, Guid except, DateTimeOffset now) =>
        from run in inFlight
        where run.Id != except && !IsCopying(run) && _states.TryGetValue(run.Id, out var state) && state.BegunAt > now - SeenWithin
        select new CopyAtWork(run.Id, run.SourceHost, run.TargetHost) { Fixed = _states[run.Id].InForce(null, null, now) };

    private async Task<bool> TellAsync(IReadOnlyList<Change> changes, CancellationToken cancellationToken) =>
        (await Task.WhenAll(changes.Select(change => TellAsync(change, cancellationToken))).ConfigureAwait(false)).All(arrived => arrived);

    private async Task<bool> TellAsync(Change change, CancellationToken cancellationToken)
    {
        var (run, state) = (change.Copy.Run, change.Copy.State);
        using var within = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        within.CancelAfter(TellWithin);
        try
        {
            if (await hosts.FindAsync(change.Copy.Place.SourceHostId, within.Token).ConfigureAwait(false) is { } host)
            {
                await CopyLimit.TellAsync(connector.Shell(host), run, change.Timetable, time.GetUtcNow(), within.Token).ConfigureAwait(false);
                state.Told = change.Timetable;
                if (state.TryAgainAt is not null)
                {
                    state.TryAgainAt = null;
                    await LogOnRunAsync(run, RunLogLevel.Info, $"The agent on {run.SourceHost} could be told its limit again.", cancellationToken).ConfigureAwait(false);
                }
            }

            return true;
        }
        catch (Exception failure) when (failure is RemoteException || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            var why = failure is RemoteException ? failure.Message : $"{run.SourceHost} did not answer within {TellWithin.TotalSeconds:0} s.";
            var isFirst = state.TryAgainAt is null;
            state.TryAgainAt = time.GetUtcNow() + TryAgainAfter;
            if (isFirst)
            {
                LogNotTold(run.Id, run.SourceHost, why);
                await LogOnRunAsync(
                    run, RunLogLevel.Warning,
                    $"The agent on {run.SourceHost} could not be told its new limit: {why} It goes on by the timetable that it has, the other copies make room for it, and it is tried again.",
                    cancellationToken).ConfigureAwait(false);
            }

            return false;
        }
    }

    private Task LogOnRunAsync(Run run, RunLogLevel level, string text, CancellationToken cancellationToken) =>
        runs.AppendLogAsync(run.Id, [new RunLogEntry(time.GetUtcNow(), run.CurrentStep?.Id, level, text)], cancellationToken);

    private async Task<IReadOnlyList<Copying>> DescribeAsync(IReadOnlyList<Run> copying, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var known = await places.OfAsync(copying.Select(run => run.PlanId), cancellationToken).ConfigureAwait(false);
        return
        [
            .. from run in copying
               where known.ContainsKey(run.PlanId)
               let place = known[run.PlanId]
               let state = StateOf(run.Id)
               let pace = run.CurrentStep!.Progress!.Pace
               select new Copying(
                   run, place, state, pace, new CopyAtWork(run.Id, run.SourceHost, run.TargetHost) { Own = place.RateLimit }, state.InForce(pace, place.RateLimit, now)),
        ];
    }

    private static bool IsCopying(Run run) => run is { State: RunState.Running, CurrentStep: { State: StepState.Running, Progress.Pace: not null } };

    private CopyState StateOf(Guid run) => _states.GetOrAdd(run, _ => new CopyState());

    private void Forget(Func<Guid, bool> isOver)
    {
        foreach (var run in _states.Keys.Where(isOver).ToList())
        {
            _states.TryRemove(run, out _);
        }
    }

    [LoggerMessage(3401, LogLevel.Warning, "The agent of run {RunId} on {Host} could not be told its limit: {Why}")]
    private partial void LogNotTold(Guid runId, string host, string why);

    private sealed record Copying(Run Run, PlanPlace Place, CopyState State, CopyPace? Pace, CopyAtWork Copy, long? InForce);

    private sealed record Change(Copying Copy, IReadOnlyList<RateChange> Timetable, bool IsSlower);
}
