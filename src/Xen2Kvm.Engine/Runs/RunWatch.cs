using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Runs;

/// <summary>Watches a running step: rates, stalls, and whether the guest answers on the network; writes the chart's samples.</summary>
internal sealed class RunWatch(RunSetting setting, Guid runId, IRunStore store, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan SampleEvery = TimeSpan.FromSeconds(2);
    private readonly ProgressMeter _meter = new();
    private readonly CancellationTokenSource _end = new();
    private Task<bool?> _ping = Task.FromResult<bool?>(null);
    private DateTimeOffset _lastSample;
    private bool _stallSaid;

    public async Task<StepProgress> FillAsync(StepProgress progress, IStep step, RunJournal journal, CancellationToken cancellationToken)
    {
        var filled = _meter.Fill(progress);
        var now = time.GetUtcNow();
        var still = _meter.LastMovedAt is { } moved ? now - moved : TimeSpan.Zero;
        if (progress.TotalBytes is not null && still > step.StallAfter && !_stallSaid)
        {
            _stallSaid = true;
            journal.Add($"No progress for {still.TotalSeconds:0} s. The step goes on; look at both hosts' disks and network, or stop the run.", RunLogLevel.Warning);
        }
        else if (still < step.StallAfter)
        {
            _stallSaid = false;
        }

        if (now - _lastSample >= SampleEvery)
        {
            _lastSample = now;
            bool? reachable = _ping.IsCompletedSuccessfully ? _ping.Result : null;
            if (_ping.IsCompleted)
            {
                _ping = PingAsync();
            }

            var sample = _meter.Sample(reachable) ?? new RunSample(now, 0, 0, 0, reachable);
            await store.AppendSamplesAsync(runId, [sample], cancellationToken).ConfigureAwait(false);
        }

        return filled;
    }

    public void Dispose()
    {
        _end.Cancel();
        _end.Dispose();
    }

    // Through a shell that is not in the run's log: a ping every two seconds would bury it.
    private async Task<bool?> PingAsync()
    {
        try
        {
            return setting.Plan.Proof.PingAddress is { } address ? await setting.Watcher.PingAsync(address, _end.Token).ConfigureAwait(false) : null;
        }
        catch (Exception failure) when (failure is RemoteException or OperationCanceledException or ObjectDisposedException)
        {
            return null;
        }
    }
}
