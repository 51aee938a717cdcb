using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Runs;

/// <summary>
/// Watches a running step: rates, stalls, and whether the guest answers on the network. It writes the chart's samples by itself for as long
/// as the step lasts, whatever the step does meanwhile: a step that works for a minute inside its start leaves no gap.
/// </summary>
internal sealed class RunWatch : IAsyncDisposable
{
    private static readonly TimeSpan SampleEvery = TimeSpan.FromSeconds(2);
    private readonly RunSetting _setting;
    private readonly Guid _runId;
    private readonly IRunStore _store;
    private readonly TimeProvider _time;
    private readonly ProgressMeter _meter = new();
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _end = new();
    private readonly Task _sampling;
    private bool _stallSaid;

    public RunWatch(RunSetting setting, Guid runId, IRunStore store, TimeProvider time)
    {
        (_setting, _runId, _store, _time) = (setting, runId, store, time);
        _sampling = SampleAsync(_end.Token);
    }

    /// <summary>Fills in rates and remaining times, and says when nothing moves.</summary>
    public StepProgress Fill(StepProgress progress, IStep step, RunJournal journal)
    {
        StepProgress filled;
        TimeSpan still;
        lock (_lock)
        {
            filled = _meter.Fill(progress);
            still = _meter.LastMovedAt is { } moved ? _time.GetUtcNow() - moved : TimeSpan.Zero;
        }

        if (progress.TotalBytes is not null && still > step.StallAfter && !_stallSaid)
        {
            _stallSaid = true;
            journal.Add($"No progress for {still.TotalSeconds:0} s. The step goes on; look at both hosts' disks and network, or stop the run.", RunLogLevel.Warning);
        }
        else if (still < step.StallAfter)
        {
            _stallSaid = false;
        }

        return filled;
    }

    /// <summary>Asks the guest now and writes a sample: what a step found at its end shall be the chart's last word.</summary>
    public async Task SampleNowAsync(CancellationToken cancellationToken)
    {
        try
        {
            var reachable = await PingAsync(cancellationToken).ConfigureAwait(false);
            var now = _time.GetUtcNow();
            RunSample? sample;
            lock (_lock)
            {
                sample = _meter.Sample(reachable, now - (2 * SampleEvery));
            }

            await _store.AppendSamplesAsync(_runId, [sample is null ? new RunSample(now, 0, 0, 0, reachable) : sample with { At = now }], cancellationToken)
                .ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not (OperationCanceledException or OutOfMemoryException))
        {
            // A picture of the run is no reason to end it; what matters of the database or the host, the step itself meets and reports.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await _sampling.ConfigureAwait(false);
        _end.Dispose();
    }

    private async Task SampleAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(SampleEvery, _time);
        try
        {
            do
            {
                await SampleNowAsync(cancellationToken).ConfigureAwait(false);
            }
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // The step is over.
        }
    }

    // Through a shell that is not in the run's log: a ping every two seconds would bury it.
    private async Task<bool?> PingAsync(CancellationToken cancellationToken)
    {
        try
        {
            return _setting.Plan.Proof.PingAddress is { } address ? await _setting.Watcher.PingAsync(address, cancellationToken).ConfigureAwait(false) : null;
        }
        catch (RemoteException)
        {
            return null;
        }
    }
}
