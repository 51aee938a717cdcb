namespace Xen2Kvm.Engine.Notifications;

/// <summary>Tells subscribers of this process that there is a notification they have not read yet, whichever node raised it.</summary>
public sealed class NotificationFeed
{
    /// <summary>There is a new one. Called on the worker's thread: a handler returns at once and does not throw.</summary>
    public event Action? Changed;

    /// <summary>Tells everyone.</summary>
    internal void Tell() => Changed?.Invoke();
}
