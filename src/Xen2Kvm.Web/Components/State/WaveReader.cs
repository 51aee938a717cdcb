using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Runs;
using Xen2Kvm.Engine.Waves;

namespace Xen2Kvm.Web.Components.State;

/// <summary>
/// What all open pages of this process show of waves: where each plan stands, worked out once for each reading of the runs, and the throughput,
/// read once a second at most for each wave, and only what is new.
/// </summary>
public sealed class WaveReader : IDisposable
{
    private const int MostWatched = 16;

    // The last stretches may still grow: a run writes its sample a moment late.
    private static readonly TimeSpan Unsettled = TimeSpan.FromSeconds(12);
    private readonly WaveService _waves;
    private readonly RunReader _runs;
    private readonly TimeProvider _time;
    private readonly IDisposable _listening;
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(1);
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, (WaveLook Look, long At)> _looks = [];
    private readonly Dictionary<(Guid Wave, string? Host), (SharedRead<IReadOnlyList<RunSample>> Read, long UsedAt)> _watched = [];

    /// <summary>Begins to listen; nothing is read before somebody asks.</summary>
    public WaveReader(WaveService waves, RunReader runs, RunFeed feed, TimeProvider time)
    {
        (_waves, _runs, _time) = (waves, runs, time);
        _listening = feed.Listen(_ => Changed());
    }

    /// <summary>A wave with its runs.</summary>
    /// <param name="wave">The wave.</param>
    /// <param name="now">Do not wait for the runs' next reading: a person just opened the page.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<WaveLook> LookAsync(Wave wave, bool now, CancellationToken cancellationToken)
    {
        var all = await _runs.ListAsync(now, cancellationToken);
        lock (_lock)
        {
            // A window opens and closes by itself, so what was worked out a while ago holds no longer.
            if (_looks.TryGetValue(wave.Id, out var known) && ReferenceEquals(known.Look.All, all) && known.Look.View.Wave.Version == wave.Version
                && _time.GetElapsedTime(known.At) < Kept)
            {
                return known.Look;
            }
        }

        IReadOnlyList<Run> mine = [.. all.Where(run => run.WaveId == wave.Id)];
        var look = new WaveLook(await _waves.LookAsync(wave, mine, [.. all.Where(WaveView.TakesSlot)], cancellationToken), mine, all);
        lock (_lock)
        {
            if (_looks.Count >= MostWatched && !_looks.ContainsKey(wave.Id))
            {
                _looks.Remove(_looks.MinBy(entry => entry.Value.At).Key);
            }

            _looks[wave.Id] = (look, _time.GetTimestamp());
        }

        return look;
    }

    /// <summary>Throughput of the runs of a wave together over <see cref="RunReader.SampleWindow"/>, in order.</summary>
    /// <param name="waveId">The wave.</param>
    /// <param name="host">Only of runs from or to the host of this name; null for all.</param>
    /// <param name="now">Read it anew.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    public Task<IReadOnlyList<RunSample>> ReadSamplesAsync(Guid waveId, string? host, bool now, CancellationToken cancellationToken)
    {
        var key = (waveId, host);
        SharedRead<IReadOnlyList<RunSample>> read;
        lock (_lock)
        {
            if (!_watched.TryGetValue(key, out var watched))
            {
                if (_watched.Count >= MostWatched)
                {
                    _watched.Remove(_watched.MinBy(entry => entry.Value.UsedAt).Key);
                }

                watched.Read = new SharedRead<IReadOnlyList<RunSample>>(_time, TimeSpan.FromSeconds(1), (known, _) => ReadNewAsync(waveId, host, known));
            }

            _watched[key] = (read = watched.Read, _time.GetTimestamp());
        }

        return read.GetAsync(now, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _listening.Dispose();

    private void Changed()
    {
        lock (_lock)
        {
            foreach (var (read, _) in _watched.Values)
            {
                read.Changed();
            }
        }
    }

    private async Task<IReadOnlyList<RunSample>> ReadNewAsync(Guid waveId, string? host, IReadOnlyList<RunSample>? known)
    {
        var begin = _time.GetUtcNow() - RunReader.SampleWindow;
        var from = known is [.., var last] && last.At - Unsettled > begin ? last.At - Unsettled : begin;
        var read = await _waves.ReadSamplesAsync(waveId, host, from, CancellationToken.None);

        // The first stretch of what was read may have been cut; the one known is whole.
        return known is null ? read : [.. known.Where(sample => sample.At >= begin && sample.At < from + TimeSpan.FromSeconds(4)), .. read.Where(sample => sample.At >= from + TimeSpan.FromSeconds(4))];
    }
}

/// <summary>A wave as it is at one time.</summary>
/// <param name="View">Where each plan stands.</param>
/// <param name="Runs">Its runs, newest first.</param>
/// <param name="All">The runs of the whole installation, newest first.</param>
public sealed record WaveLook(WaveView View, IReadOnlyList<Run> Runs, IReadOnlyList<Run> All);
