using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Persistence;

/// <summary>
/// Listens to what all nodes say of changed runs, on one connection of its own, and passes it on to subscribers of this process. A lost
/// connection is made again; what was said meanwhile is gone, so subscribers are then told to read everything again.
/// </summary>
public sealed partial class RunChangeListener(DatabaseConnection database, TimeProvider time, ILogger<RunChangeListener> logger)
    : BackgroundService, IRunChanges
{
    /// <summary>The channel; a payload is <c>RUNID:SEQUENCE</c>.</summary>
    internal const string Channel = "x2k_run";

    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Action<Guid>[] _subscribers = [];

    /// <summary>Done once the first connection listens.</summary>
    internal Task Listening => _listening.Task;

    /// <inheritdoc />
    public IDisposable Subscribe(Action<Guid> onChanged)
    {
        // A delegate of its own for each subscription: the same callback may subscribe twice.
        Action<Guid> subscriber = id => onChanged(id);
        lock (_lock)
        {
            _subscribers = [.. _subscribers, subscriber];
        }

        return new Subscription(this, subscriber);
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var connection = await OpenAsync(stoppingToken);
                failures = 0;
                if (!_listening.TrySetResult())
                {
                    LogListeningAgain(logger);
                    Tell(Guid.Empty);
                }

                while (true)
                {
                    await connection.WaitAsync(stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is NpgsqlException or IOException or TimeoutException or InvalidOperationException)
            {
                var pause = PauseAfter(++failures);
                LogConnectionLost(logger, pause, exception);
                await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Half a second, doubled with each failure in a row, up to half a minute.</summary>
    internal static TimeSpan PauseAfter(int failures)
    {
        var pause = TimeSpan.FromSeconds(0.5 * Math.Pow(2, Math.Min(failures, 20) - 1));
        return pause < _longestPause ? pause : _longestPause;
    }

    private async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        // Not from the pool: it stays open for good. Keep-alive finds a server that went without a word.
        var settings = new NpgsqlConnectionStringBuilder(database.ConnectionString)
        {
            Pooling = false,
            KeepAlive = 30,
            ApplicationName = "xen2kvm listener",
        };
        var connection = new NpgsqlConnection(settings.ConnectionString);
        try
        {
            connection.Notification += (_, notification) => OnNotification(notification.Payload);
            await connection.OpenAsync(cancellationToken);
            await using var command = new NpgsqlCommand($"LISTEN {Channel}", connection);
            await command.ExecuteNonQueryAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private void OnNotification(string payload)
    {
        var colon = payload.IndexOf(':', StringComparison.Ordinal);
        if (Guid.TryParse(colon < 0 ? payload : payload.AsSpan(0, colon), out var id))
        {
            Tell(id);
        }
    }

    private void Tell(Guid id)
    {
        Action<Guid>[] subscribers;
        lock (_lock)
        {
            subscribers = _subscribers;
        }

        foreach (var subscriber in subscribers)
        {
            try
            {
                subscriber(id);
            }
#pragma warning disable CA1031 // One page's fault must not end the news for all the others.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogSubscriberFailed(logger, id, exception);
            }
        }
    }

    [LoggerMessage(6101, LogLevel.Warning, "The connection that hears of changed runs is lost or could not be made; next try in {Pause}.")]
    private static partial void LogConnectionLost(ILogger logger, TimeSpan pause, Exception exception);

    [LoggerMessage(6102, LogLevel.Information, "Hears of changed runs again; everything shown is read afresh.")]
    private static partial void LogListeningAgain(ILogger logger);

    [LoggerMessage(6103, LogLevel.Error, "A subscriber failed on the change of run {RunId}.")]
    private static partial void LogSubscriberFailed(ILogger logger, Guid runId, Exception exception);

    private sealed class Subscription(RunChangeListener listener, Action<Guid> subscriber) : IDisposable
    {
        public void Dispose()
        {
            lock (listener._lock)
            {
                listener._subscribers = [.. listener._subscribers.Where(other => other != subscriber)];
            }
        }
    }
}
