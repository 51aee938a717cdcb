using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Notifications;

/// <summary>
/// Sends what waits in the outbox and tells this process of what is new. Any number of processes may do so on one database: a message is
/// claimed before it is sent. One that was sent by a process that died before it could say so is sent again, under the same id.
/// </summary>
public sealed partial class NotificationWorker(
    INotificationStore store, Courier courier, NotificationFeed feed, IOptions<NotificationOptions> options, TimeProvider time, ILogger<NotificationWorker> logger)
    : BackgroundService
{
    private const int MostAtOnce = 8;
    private const int MostAttempts = 8;
    private static readonly TimeSpan TidyEvery = TimeSpan.FromHours(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(4);
    private NotificationMark? _mark;
    private DateTimeOffset _tidiedAt;

    /// <summary>How long to wait after so many failures in a row; null when it is given up.</summary>
    internal static TimeSpan? PauseAfter(int failures, TimeSpan first) =>
        failures >= MostAttempts ? null : TimeSpan.FromTicks(Math.Min(LongestPause.Ticks, first.Ticks << (2 * (failures - 1))));

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await TurnAsync(stoppingToken).ConfigureAwait(false))
                {
                    continue;
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                LogFailed(failure);
            }

            await Task.Delay(options.Value.PollEvery, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>One look at the outbox; true when there was something to send.</summary>
    private async Task<bool> TurnAsync(CancellationToken cancellationToken)
    {
        var mark = await store.FindMarkAsync(cancellationToken).ConfigureAwait(false);
        if (mark != _mark)
        {
            _mark = mark;
            feed.Tell();
        }

        if (time.GetUtcNow() - _tidiedAt > TidyEvery)
        {
            _tidiedAt = time.GetUtcNow();
            await store.ForgetAsync(_tidiedAt - options.Value.KeepFor, cancellationToken).ConfigureAwait(false);
        }

        // Longer than any try may take: a claim that runs out belongs to a process that died.
        var lease = 2 * (options.Value.MailTimeout + options.Value.WebhookTimeout);
        var due = await store.ClaimDueAsync(MostAtOnce, lease, cancellationToken).ConfigureAwait(false);
        await Task.WhenAll(due.Select(delivery => DeliverAsync(delivery, cancellationToken))).ConfigureAwait(false);
        return due.Count > 0;
    }

    private async Task DeliverAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        var report = await TryAsync(delivery, cancellationToken).ConfigureAwait(false);
        var pause = report.IsDelivered ? null : PauseAfter(delivery.Attempt, options.Value.RetryAfter);
        if (!report.IsDelivered)
        {
            LogUndelivered(delivery.Notification.Title, delivery.Channel.Name, delivery.Attempt, report.Answer);
        }

        await store.FinishAsync(delivery, report, time.GetUtcNow() + pause, cancellationToken).ConfigureAwait(false);
    }

    private async Task<DeliveryReport> TryAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        try
        {
            var secret = await store.GetSecretAsync(delivery.Channel.Id, cancellationToken).ConfigureAwait(false);
            return await courier.SendAsync(delivery.Channel, secret, delivery.Notification, cancellationToken).ConfigureAwait(false);
        }
        catch (RefusedException refused)
        {
            return new DeliveryReport(false, refused.Message);
        }
    }

    [LoggerMessage(3301, LogLevel.Warning, "The outbox of notifications could not be worked on; it is tried again")]
    private partial void LogFailed(Exception failure);

    [LoggerMessage(3302, LogLevel.Warning, "“{Title}” did not reach the channel {Channel}, try {Attempt}: {Answer}")]
    private partial void LogUndelivered(string title, string channel, int attempt, string answer);
}
