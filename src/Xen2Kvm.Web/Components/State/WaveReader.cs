using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Runs;
using Xen2Kvm.Engine.Waves;

namespace Xen2Kvm.Web.Components.State;

/// <summary>The throughput of waves for all open pages of this process: read once a second at most for each wave, and only what is new.</summary>
public sealed class WaveReader : IDisposable
{
    private const int MostWatched = 16;

    // The last stretches may still grow: a run writes its sample a moment late.
    private static readonly TimeSpan Unsettled = TimeSpan.FromSeconds(12);
    private readonly WaveService _waves;
    private readonly TimeProvider _time;
    private readonly IDisposable _listening;
    private readonly Lock _lock = new();
    private readonly Dictionary<(Guid Wave, string? Host), (SharedRead<IReadOnlyList<RunSample>> Read, long UsedAt)> _watched = [];

    /// <summary>Begins to listen; nothing is read before somebody asks.</summary>
    public WaveReader(WaveService waves, RunFeed feed, TimeProvider time)
    {
        (_waves, _time) = (waves, time);
        _listening = feed.Listen(_ => Changed());
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

                watched.Read = new SharedRead<IReadOnlyList<RunSample>>(_time, (known, _) => ReadNewAsync(waveId, host, known));
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
