using System.Threading.Channels;
using Microsoft.AspNetCore.SignalR;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Web.Hubs;

/// <summary>
/// Passes what the database says of changed runs, whichever node changed them, on to the pages of this process (<see cref="RunFeed"/>) and
/// to the hub's clients. Bursts are gathered: one message per run and <see cref="ChangeFeed.MinimumInterval"/>.
/// </summary>
internal sealed partial class RunChangeRelay(
    IChanges changes, RunFeed feed, IRunStore runs, IHubContext<RunsHub> hub, TimeProvider time, ILogger<RunChangeRelay> logger) : BackgroundService
{
    private const int RunsShownAtMost = 500;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Bounded: when the reader falls behind that far, one "read again" says as much as the ids that were dropped.
        var queue = Channel.CreateBounded<Guid>(new BoundedChannelOptions(4096) { SingleReader = true });
        using var subscription = changes.Subscribe(ChangeKind.Run, id =>
        {
            if (id != Guid.Empty)
            {
                feed.Changed(id);
            }

            queue.Writer.TryWrite(id);
        });
        try
        {
            while (await queue.Reader.WaitToReadAsync(stoppingToken).ConfigureAwait(false))
            {
                var changed = new HashSet<Guid>();
                while (queue.Reader.TryRead(out var id))
                {
                    changed.Add(id);
                }

                await TellAsync(changed, stoppingToken).ConfigureAwait(false);
                await Task.Delay(RunFeed.MinimumInterval, time, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The program ends.
        }
    }

    private async Task TellAsync(HashSet<Guid> changed, CancellationToken cancellationToken)
    {
        try
        {
            if (changed.Remove(Guid.Empty))
            {
                foreach (var run in await runs.ListAsync(RunsShownAtMost, cancellationToken).ConfigureAwait(false))
                {
                    feed.Changed(run.Id);
                    changed.Add(run.Id);
                }

                await hub.Clients.Group(RunsHub.All).SendAsync(RunsHub.RunChanged, Guid.Empty, cancellationToken).ConfigureAwait(false);
            }

            foreach (var id in changed)
            {
                await hub.Clients.Groups(RunsHub.All, RunsHub.One(id)).SendAsync(RunsHub.RunChanged, id, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception failure) when (failure is not (OperationCanceledException or OutOfMemoryException))
        {
            LogFailed(failure);
        }
    }

    [LoggerMessage(5201, LogLevel.Warning, "Changes of runs could not be passed on; the next one is")]
    private partial void LogFailed(Exception failure);
}
