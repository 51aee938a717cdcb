using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Xen2Kvm.Engine.Cleanups;

/// <summary>Has started cleanups carried out. Every node may do so; the database lets one at a time.</summary>
public sealed partial class CleanupWorker(CleanupExecutor executor, IOptions<CleanupOptions> options, TimeProvider time, ILogger<CleanupWorker> logger) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.LookEvery, time);
        try
        {
            do
            {
                try
                {
                    await executor.CarryOutAsync(stoppingToken).ConfigureAwait(false);
                }
                catch (Exception failure) when (failure is not (OperationCanceledException or OutOfMemoryException))
                {
                    LogFailed(failure);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // The program ends.
        }
    }

    [LoggerMessage(3211, LogLevel.Warning, "Cleanups could not be carried out; it is tried again")]
    private partial void LogFailed(Exception failure);
}
