using Microsoft.AspNetCore.SignalR;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Web.Hubs;

/// <summary>Passes what the database says of changed waves on to the pages of this process and to the hub's clients. Waves change by the second at most.</summary>
internal sealed partial class WaveChangeRelay(IWaveChanges changes, WaveFeed feed, IHubContext<RunsHub> hub, ILogger<WaveChangeRelay> logger) : IHostedService
{
    private IDisposable? _subscription;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _subscription = changes.SubscribeToWaves(id =>
        {
            feed.Changed(id);
            _ = TellAsync(id);
        });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _subscription?.Dispose();
        return Task.CompletedTask;
    }

    private async Task TellAsync(Guid id)
    {
        try
        {
            await hub.Clients.Group(RunsHub.Waves).SendAsync(RunsHub.WaveChanged, id).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            LogFailed(failure, id);
        }
    }

    [LoggerMessage(5211, LogLevel.Warning, "The change of wave {WaveId} could not be passed on; the next one is")]
    private partial void LogFailed(Exception failure, Guid waveId);
}
