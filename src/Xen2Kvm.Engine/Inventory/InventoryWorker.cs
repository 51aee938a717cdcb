using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xen2Kvm.Engine.Ports;
using Host = Xen2Kvm.Domain.Inventory.Host;

namespace Xen2Kvm.Engine.Inventory;

/// <summary>
/// Refreshes every host's inventory on a schedule, and as soon as a run on it came to rest, though never more than once a minute. A host whose
/// inventory is young enough is left alone, whoever took it.
/// </summary>
public sealed partial class InventoryWorker(
    IHostStore hosts, IRunStore runs, HostService service, TimeProvider time, ILogger<InventoryWorker> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    /// <summary>When this node began to look at a host last, whether it answered or not, as a timestamp that no change of the clock touches.</summary>
    private readonly Dictionary<Guid, long> _lookedAt = [];

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
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
    /// <param name="host">The host.</param>
    /// <param name="sinceLook">How long ago it was looked at last, in vain perhaps; null for never.</param>
    /// <param name="ends">The runs that came to rest lately.</param>
    /// <param name="now">The time.</param>
    internal static bool IsDue(Host host, TimeSpan? sinceLook, IEnumerable<RunEnd> ends, DateTimeOffset now) =>
        !(sinceLook < ShortestInterval)
        && (host.LastSeenAt is not { } seen || (now - seen).Duration() >= Interval
            || ends.Any(end => (end.SourceHost == host.Name || end.TargetHost == host.Name) && end.At > seen));

    private async Task RefreshDueAsync(CancellationToken cancellationToken)
    {
        try
        {
            // What was seen longer ago is due whatever ended since.
            var now = time.GetUtcNow();
            var ends = await runs.ListEndsAsync(now - Interval, cancellationToken).ConfigureAwait(false);
            var due = (await hosts.ListAsync(cancellationToken).ConfigureAwait(false))
                .Where(host => IsDue(host, _lookedAt.TryGetValue(host.Id, out var at) ? time.GetElapsedTime(at) : null, ends, now)).ToList();
            due.ForEach(host => _lookedAt[host.Id] = time.GetTimestamp());
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
