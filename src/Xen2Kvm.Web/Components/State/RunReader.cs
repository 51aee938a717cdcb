using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Limits;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Web.Components.State;

/// <summary>
/// What all open pages of this process read of runs: each thing is fetched once for all of them, the list six times a second at most and the
/// rest once a second. It is bounded: the latest runs, and for the few runs somebody looks at their latest samples and log lines.
/// </summary>
public sealed class RunReader : IDisposable
{
    /// <summary>Runs that are listed.</summary>
    public const int MostRuns = 1000;

    /// <summary>How far back samples are kept.</summary>
    public static readonly TimeSpan SampleWindow = TimeSpan.FromMinutes(10);

    // What changes on a screen while one looks at it shall do so within half a second; a chart or a log need not.
    private static readonly TimeSpan ListInterval = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private const int MostWatched = 64;
    private const int MostLines = 2000;
    private readonly RunService _runs;
    private readonly LimitService _limits;
    private readonly TimeProvider _time;
    private readonly IDisposable _listening;
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, Watched> _watched = [];
    private readonly SharedRead<IReadOnlyList<Run>> _list;
    private readonly SharedRead<IReadOnlyDictionary<Guid, string>> _waits;
    private HashSet<Guid> _changed = [];

    /// <summary>Begins to listen; nothing is read before somebody asks.</summary>
    public RunReader(RunService runs, LimitService limits, RunFeed feed, TimeProvider time)
    {
        (_runs, _limits, _time) = (runs, limits, time);
        _list = new SharedRead<IReadOnlyList<Run>>(time, ListInterval, (known, _) => ReadListAsync(known));
        _waits = new SharedRead<IReadOnlyDictionary<Guid, string>>(time, Interval, (_, _) => ReadWaitsAsync());
        _listening = feed.Listen(Changed);
    }

    /// <summary>Runs, newest first.</summary>
    public Task<IReadOnlyList<Run>> ListAsync(bool now, CancellationToken cancellationToken) => _list.GetAsync(now, cancellationToken);

    /// <summary>The limits that runs of the list wait for, by run.</summary>
    public Task<IReadOnlyDictionary<Guid, string>> WhyWaitingAsync(bool now, CancellationToken cancellationToken) => _waits.GetAsync(now, cancellationToken);

    /// <summary>One run, or null.</summary>
    public Task<Run?> FindAsync(Guid id, bool now, CancellationToken cancellationToken) => Watch(id).Run.GetAsync(now, cancellationToken);

    /// <summary>Samples of the last ten minutes, in order.</summary>
    public Task<IReadOnlyList<RunSample>> ReadSamplesAsync(Guid id, bool now, CancellationToken cancellationToken) => Watch(id).Samples.GetAsync(now, cancellationToken);

    /// <summary>All log lines after a sequence number, in order; the common case, lines that are new, is read once for all.</summary>
    public async Task<IReadOnlyList<RunLogLine>> ReadLogAsync(Guid id, long after, CancellationToken cancellationToken)
    {
        var watched = Watch(id);
        Interlocked.CompareExchange(ref watched.LogFrom, after, -1);
        var tail = await watched.Log.GetAsync(now: false, cancellationToken);
        return after >= tail.From
            ? [.. tail.Lines.SkipWhile(line => line.Sequence <= after)]
            : await ReadAllAsync(id, after);
    }

    /// <inheritdoc/>
    public void Dispose() => _listening.Dispose();

    private void Changed(Guid id)
    {
        lock (_lock)
        {
            _changed.Add(id);
            if (_watched.TryGetValue(id, out var watched))
            {
                watched.Run.Changed();
                watched.Samples.Changed();
                watched.Log.Changed();
            }
        }

        _list.Changed();
        _waits.Changed();
    }

    private Watched Watch(Guid id)
    {
        lock (_lock)
        {
            if (!_watched.TryGetValue(id, out var watched))
            {
                if (_watched.Count >= MostWatched)
                {
                    _watched.Remove(_watched.MinBy(entry => entry.Value.UsedAt).Key);
                }

                _watched[id] = watched = new Watched(this, id);
            }

            watched.UsedAt = _time.GetTimestamp();
            return watched;
        }
    }

    private async Task<IReadOnlyDictionary<Guid, string>> ReadWaitsAsync() =>
        await _limits.WhyWaitingAsync(await _list.GetAsync(now: false, CancellationToken.None), CancellationToken.None);

    // Changes of runs cost one read of those runs, not of a thousand.
    private async Task<IReadOnlyList<Run>> ReadListAsync(IReadOnlyList<Run>? known)
    {
        HashSet<Guid> changed;
        lock (_lock)
        {
            (changed, _changed) = (_changed, []);
        }

        try
        {
            if (known is null)
            {
                return await _runs.ListAsync(MostRuns, CancellationToken.None);
            }

            var anew = await _runs.ListAsync(changed, CancellationToken.None);
            return [.. known.Where(run => !changed.Contains(run.Id)).Concat(anew)
                .OrderByDescending(run => run.CreatedAt).ThenByDescending(run => run.Id).Take(MostRuns)];
        }
        catch
        {
            // Nothing of it was taken over: it is still to be read.
            lock (_lock)
            {
                _changed.UnionWith(changed);
            }

            throw;
        }
    }

    private async Task<IReadOnlyList<RunSample>> ReadNewSamplesAsync(Guid id, IReadOnlyList<RunSample>? known)
    {
        var begin = _time.GetUtcNow() - SampleWindow;
        var last = known is [.., var latest] && latest.At > begin ? latest.At : (DateTimeOffset?)null;
        var read = await _runs.ReadSamplesAsync(id, last ?? begin, CancellationToken.None);
        return last is null ? read : [.. known!.Where(sample => sample.At >= begin), .. read.Where(sample => sample.At > last)];
    }

    private async Task<LogTail> ReadNewLinesAsync(Guid id, LogTail? known, long from)
    {
        var tail = known ?? new LogTail(from, []);
        var added = await ReadAllAsync(id, tail.Lines is [.., var last] ? last.Sequence : tail.From);
        IReadOnlyList<RunLogLine> lines = [.. tail.Lines, .. added];
        return lines.Count <= MostLines ? tail with { Lines = lines } : new LogTail(lines[^(MostLines + 1)].Sequence, [.. lines.TakeLast(MostLines)]);
    }

    private async Task<IReadOnlyList<RunLogLine>> ReadAllAsync(Guid id, long after)
    {
        var all = new List<RunLogLine>();
        while (true)
        {
            var page = await _runs.ReadLogAsync(id, all is [.., var last] ? last.Sequence : after, MostLines, CancellationToken.None);
            all.AddRange(page);
            if (page.Count < MostLines)
            {
                return all;
            }
        }
    }

    // Lines after From, without a gap.
    private sealed record LogTail(long From, IReadOnlyList<RunLogLine> Lines);

    private sealed class Watched
    {
        public Watched(RunReader reader, Guid id)
        {
            Run = new SharedRead<Run?>(reader._time, Interval, (_, _) => reader._runs.FindAsync(id, CancellationToken.None));
            Samples = new SharedRead<IReadOnlyList<RunSample>>(reader._time, Interval, (known, _) => reader.ReadNewSamplesAsync(id, known));
            Log = new SharedRead<LogTail>(reader._time, Interval, (known, _) => reader.ReadNewLinesAsync(id, known, Interlocked.Read(ref LogFrom)));
        }

        public long LogFrom = -1;

        public long UsedAt;

        public SharedRead<Run?> Run { get; }

        public SharedRead<IReadOnlyList<RunSample>> Samples { get; }

        public SharedRead<LogTail> Log { get; }
    }
}
