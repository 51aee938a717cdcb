using Xen2Kvm.Engine.Notifications;

namespace Xen2Kvm.Engine.Ports;

/// <summary>A message on its way to a channel, claimed by one worker.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Attempt">Number of this try, from 1; the claim holds as long as it is the latest.</param>
/// <param name="Notification">What to tell.</param>
/// <param name="Channel">Where.</param>
public sealed record Delivery(Guid Id, int Attempt, Notification Notification, Channel Channel);

/// <summary>A message that has not arrived.</summary>
/// <param name="Id">Its id.</param>
/// <param name="ChannelId">Where it should go.</param>
/// <param name="Title">What it tells.</param>
/// <param name="At">When the event was raised.</param>
/// <param name="Attempts">Tries so far.</param>
/// <param name="LastError">What came of the last one.</param>
/// <param name="NextAt">When it is tried again; null when it was given up.</param>
public sealed record UndeliveredMessage(Guid Id, Guid ChannelId, string Title, DateTimeOffset At, int Attempts, string LastError, DateTimeOffset? NextAt);

/// <summary>Tells one state of the notifications from another.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="Last">Number of the last.</param>
public sealed record NotificationMark(long Count, long Last);

/// <summary>Notifications, the channels they go to, and what is still to be sent. Events of runs are added with the run's own transaction.</summary>
public interface INotificationStore
{
    /// <summary>Adds an event, and a message for each channel that wants it, unless the same event was added before.</summary>
    Task AddAsync(NotificationEvent raised, CancellationToken cancellationToken);

    /// <summary>The newest notifications as a person sees them.</summary>
    Task<IReadOnlyList<InboxEntry>> ListAsync(string person, int most, CancellationToken cancellationToken);

    /// <summary>A person has seen one notification, or all of them when <paramref name="id"/> is null.</summary>
    Task MarkReadAsync(string person, Guid? id, CancellationToken cancellationToken);

    /// <summary>Differs from an earlier one when notifications have come or gone.</summary>
    Task<NotificationMark> FindMarkAsync(CancellationToken cancellationToken);

    /// <summary>All channels by name.</summary>
    Task<IReadOnlyList<Channel>> ListChannelsAsync(CancellationToken cancellationToken);

    /// <summary>Adds or replaces a channel; a secret of null keeps the stored one, unless the channel has no use for it.</summary>
    /// <exception cref="Inventory.RefusedException">Another has its name.</exception>
    Task SaveChannelAsync(Channel channel, string? secret, CancellationToken cancellationToken);

    /// <summary>Removes a channel with what was still to be sent there.</summary>
    Task RemoveChannelAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>The secret of a channel, decrypted; null when it has none.</summary>
    /// <exception cref="Inventory.RefusedException">The key that it was encrypted with is gone.</exception>
    Task<string?> GetSecretAsync(Guid channelId, CancellationToken cancellationToken);

    /// <summary>Claims messages that are due, for so long; nobody else gets them meanwhile.</summary>
    Task<IReadOnlyList<Delivery>> ClaimDueAsync(int most, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Records what came of a try. Nothing is recorded once another worker has claimed the message.</summary>
    /// <param name="delivery">The claim.</param>
    /// <param name="report">What came of it.</param>
    /// <param name="nextAt">When to try again; null for never.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task FinishAsync(Delivery delivery, DeliveryReport report, DateTimeOffset? nextAt, CancellationToken cancellationToken);

    /// <summary>Messages that failed at least once and have not arrived, newest first, at most 100.</summary>
    Task<IReadOnlyList<UndeliveredMessage>> ListUndeliveredAsync(CancellationToken cancellationToken);

    /// <summary>Tries a message again now, also one that was given up.</summary>
    Task RetryAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Forgets notifications from before a time.</summary>
    Task ForgetAsync(DateTimeOffset before, CancellationToken cancellationToken);
}
