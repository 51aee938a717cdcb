using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Persistence;

/// <summary>
/// Listens to what all nodes say of changes, on one connection of its own, and passes it on to subscribers of this process. A lost
/// connection is made again; what was said meanwhile is gone, so subscribers are then told to read everything again.
/// </summary>
public sealed partial class ChangeListener(DatabaseConnection database, TimeProvider time, ILogger<ChangeListener> logger)
    : BackgroundService, IChanges
{
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(30);

    private static readonly string[] _channels = [.. Enum.GetValues<ChangeKind>().Select(Channel)];

    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Subscription> _subscriptions = [];

    /// <summary>Done once the first connection listens.</summary>
    internal Task Listening => _listening.Task;

    /// <summary>The channel of a kind; a payload is the id of what changed.</summary>
    internal static string Channel(ChangeKind kind) => kind switch
    {
        ChangeKind.Run => "x2k_run",
        ChangeKind.Wave => "x2k_wave",
        ChangeKind.Cleanup => "x2k_cleanup",
        ChangeKind.Host => "x2k_host",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <inheritdoc />
    public IDisposable Subscribe(ChangeKind of, Action<Guid> onChanged)
    {
        var subscription = new Subscription(this, Channel(of), onChanged);
        lock (_lock)
        {
            _subscriptions.Add(subscription);
        }

        return subscription;
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
                    foreach (var channel in _channels)
                    {
                        Tell(channel, Guid.Empty);
                    }
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
            connection.Notification += (_, notification) => OnNotification(notification.Channel, notification.Payload);
            await connection.OpenAsync(cancellationToken);
            await using var command = new NpgsqlCommand(string.Join(';', _channels.Select(channel => $"LISTEN {channel}")), connection);
            await command.ExecuteNonQueryAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private void OnNotification(string channel, string payload)
    {
        if (Guid.TryParse(payload, out var id))
        {
            Tell(channel, id);
        }
    }

    private void Tell(string channel, Guid id)
    {
        Subscription[] subscriptions;
        lock (_lock)
        {
            subscriptions = [.. _subscriptions.Where(subscription => subscription.Channel == channel)];
        }

        foreach (var subscription in subscriptions)
        {
            try
            {
                subscription.OnChanged(id);
            }
#pragma warning disable CA1031 // One page's fault must not end the news for all the others.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogSubscriberFailed(logger, id, exception);
            }
        }
    }

    [LoggerMessage(6101, LogLevel.Warning, "The connection that hears of changes is lost or could not be made; next try in {Pause}.")]
    private static partial void LogConnectionLost(ILogger logger, TimeSpan pause, Exception exception);

    [LoggerMessage(6102, LogLevel.Information, "Hears of changes again; everything shown is read afresh.")]
    private static partial void LogListeningAgain(ILogger logger);

    [LoggerMessage(6103, LogLevel.Error, "A subscriber failed on the change of {Id}.")]
    private static partial void LogSubscriberFailed(ILogger logger, Guid id, Exception exception);

    private sealed class Subscription(ChangeListener listener, string channel, Action<Guid> onChanged) : IDisposable
    {
        public string Channel { get; } = channel;

        public Action<Guid> OnChanged { get; } = onChanged;

        public void Dispose()
        {
            lock (listener._lock)
            {
                listener._subscriptions.Remove(this);
            }
        }
    }
}
