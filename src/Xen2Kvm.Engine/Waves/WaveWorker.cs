using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Xen2Kvm.Engine.Waves;

/// <summary>Has waves looked at, again and again. Every node may do so; the database lets one at a time.</summary>
public sealed partial class WaveWorker(WaveDispatcher dispatcher, IOptions<WaveOptions> options, TimeProvider time, ILogger<WaveWorker> logger) : BackgroundService
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
                    await dispatcher.LookAsync(stoppingToken).ConfigureAwait(false);
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

    [LoggerMessage(3151, LogLevel.Warning, "Waves could not be looked at; it is tried again")]
    private partial void LogFailed(Exception failure);
}
