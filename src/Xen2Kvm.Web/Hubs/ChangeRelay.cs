using Microsoft.AspNetCore.SignalR;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Web.Hubs;

/// <summary>
/// Passes what the database says of changed waves, cleanups and hosts on to the pages of this process and to the hub's clients. They change by the
/// second at most; runs, which change far more often, have <see cref="RunChangeRelay"/>.
/// </summary>
internal sealed partial class ChangeRelay(
    IChanges changes, WaveFeed waves, CleanupFeed cleanups, HostFeed hosts, IHubContext<RunsHub> hub, ILogger<ChangeRelay> logger) : IHostedService
{
    private readonly List<IDisposable> _subscriptions = [];

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        Pass(ChangeKind.Wave, waves, RunsHub.Waves, RunsHub.WaveChanged);
        Pass(ChangeKind.Cleanup, cleanups, RunsHub.Cleanups, RunsHub.CleanupChanged);
        Pass(ChangeKind.Host, hosts, RunsHub.Hosts, RunsHub.HostChanged);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _subscriptions.ForEach(subscription => subscription.Dispose());
        return Task.CompletedTask;
    }

    private void Pass(ChangeKind kind, ChangeFeed feed, string group, string message) => _subscriptions.Add(changes.Subscribe(kind, id =>
    {
        feed.Changed(id);
        _ = TellAsync(group, message, id);
    }));

    private async Task TellAsync(string group, string message, Guid id)
    {
        try
        {
            await hub.Clients.Group(group).SendAsync(message, id).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            LogFailed(failure, message, id);
        }
    }

    [LoggerMessage(5211, LogLevel.Warning, "{Message} {Id} could not be passed on; the next one is")]
    private partial void LogFailed(Exception failure, string message, Guid id);
}
