using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Inventory;

/// <summary>Refreshes every host's inventory on a schedule. A host whose inventory is younger than the interval is left alone, whoever took it.</summary>
public sealed partial class InventoryWorker(IHostStore hosts, HostService service, TimeProvider time, ILogger<InventoryWorker> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMinutes(1), time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                await RefreshDueAsync(stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The program ends.
        }
    }

    private async Task RefreshDueAsync(CancellationToken cancellationToken)
    {
        try
        {
            var now = time.GetUtcNow();
            var due = (await hosts.ListAsync(cancellationToken).ConfigureAwait(false))
                .Where(host => now - (host.LastSeenAt ?? DateTimeOffset.MinValue) >= Interval).ToList();
            await Parallel.ForEachAsync(due, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancellationToken },
                async (host, token) => await service.RefreshAsync(host.Id, token).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not (OperationCanceledException or OutOfMemoryException))
        {
            LogFailed(failure);
        }
    }

    [LoggerMessage(1001, LogLevel.Warning, "The scheduled inventory could not be taken; it is tried again in a minute")]
    private partial void LogFailed(Exception failure);
}
