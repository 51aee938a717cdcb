using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;
using Host = Xen2Kvm.Domain.Inventory.Host;

namespace Xen2Kvm.Engine.Inventory;

/// <summary>
/// Refreshes every host's inventory on a schedule, and soon after a run on it came to rest. A host whose inventory is young enough is left alone,
/// whoever took it.
/// </summary>
public sealed partial class InventoryWorker(
    IHostStore hosts, IRunStore runs, HostService service, TimeProvider time, ILogger<InventoryWorker> logger) : BackgroundService
{
    private const int RecentRuns = 1000;
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

    /// <summary>Whether what is known of a host is old, or of a time before a run moved a guest to it or away.</summary>
    internal static bool IsDue(Host host, IEnumerable<Run> recent, DateTimeOffset now) =>
        host.LastSeenAt is not { } seen || now - seen >= Interval
        || recent.Any(run => (run.SourceHost == host.Name || run.TargetHost == host.Name) && run.FinishedAt > seen);

    private async Task RefreshDueAsync(CancellationToken cancellationToken)
    {
        try
        {
            var now = time.GetUtcNow();
            var recent = await runs.ListAsync(RecentRuns, cancellationToken).ConfigureAwait(false);
            var due = (await hosts.ListAsync(cancellationToken).ConfigureAwait(false)).Where(host => IsDue(host, recent, now)).ToList();
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
