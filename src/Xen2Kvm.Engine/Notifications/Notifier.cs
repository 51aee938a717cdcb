using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Notifications;

/// <summary>Tells people of events, in the dashboard and through every channel that wants them.</summary>
public sealed class Notifier(INotificationStore store)
{
    /// <summary>Tells people of an event: once, however often it is raised. (Events of runs are raised by the ledger itself.)</summary>
    public Task RaiseAsync(NotificationEvent raised, CancellationToken cancellationToken) => store.AddAsync(raised, cancellationToken);

    /// <summary>The newest notifications as a person sees them.</summary>
    public Task<IReadOnlyList<InboxEntry>> ListAsync(string person, int most, CancellationToken cancellationToken) =>
        store.ListAsync(person, most, cancellationToken);

    /// <summary>A person has seen one notification, or all of them when <paramref name="id"/> is null.</summary>
    public Task MarkReadAsync(string person, Guid? id, CancellationToken cancellationToken) => store.MarkReadAsync(person, id, cancellationToken);
}
