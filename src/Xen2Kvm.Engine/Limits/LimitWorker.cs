using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Xen2Kvm.Engine.Limits;

/// <summary>Has bandwidth divided, again and again. Every node may do so; the database lets one at a time.</summary>
public sealed partial class LimitWorker(BandwidthGovernor governor, TimeProvider time, ILogger<LimitWorker> logger) : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        try
        {
            do
            {
                try
                {
                    await governor.LookAsync(stoppingToken).ConfigureAwait(false);
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

    [LoggerMessage(3451, LogLevel.Warning, "Bandwidth could not be divided; it is tried again, and agents go by the timetables that they have")]
    private partial void LogFailed(Exception failure);
}
