namespace Xen2Kvm.Engine.Notifications;

/// <summary>What people are told of.</summary>
public enum NotificationKind
{
    /// <summary>A run failed, or its roll-back did.</summary>
    RunFailed,

    /// <summary>A run came to its end: moved and proven, or rolled back.</summary>
    RunFinished,

    /// <summary>A run waits for a person's answer.</summary>
    RunNeedsAnswer,

    /// <summary>A wave waits for its approval.</summary>
    WaveNeedsApproval,

    /// <summary>A wave is about to start.</summary>
    WaveStartsSoon,

    /// <summary>A wave has paused, or its approval is void: it goes on only when a person says so.</summary>
    WaveNeedsYou,

    /// <summary>Every plan of a wave has come to its end.</summary>
    WaveFinished,

    /// <summary>A cleanup waits for its approval.</summary>
    CleanupNeedsApproval,

    /// <summary>A cleanup could not delete everything, or its approval is void.</summary>
    CleanupNeedsYou,
}

/// <summary>Something that people are told of, once: raising the same event again changes nothing.</summary>
/// <param name="Kind">What.</param>
/// <param name="Subject">The run, the wave or the cleanup.</param>
/// <param name="Transition">Tells it from the same kind of event of the same subject at another time: a version, a window.</param>
/// <param name="Title">One line that says it all: <c>files runs on kvm1</c>.</param>
/// <param name="Text">What happened, and what to do.</param>
public sealed record NotificationEvent(NotificationKind Kind, Guid Subject, string Transition, string Title, string Text)
{
    /// <summary>Same for the same event, whoever raises it.</summary>
    public string Key => $"{Kind}:{Subject:N}:{Transition}";
}

/// <summary>An event as it is kept.</summary>
/// <param name="Id">Its id: a receiver that has seen it drops a second message.</param>
/// <param name="Kind">What.</param>
/// <param name="Subject">The run, the wave or the cleanup.</param>
/// <param name="At">When it was raised.</param>
/// <param name="Title">One line.</param>
/// <param name="Text">What happened, and what to do.</param>
public sealed record Notification(Guid Id, NotificationKind Kind, Guid Subject, DateTimeOffset At, string Title, string Text)
{
    /// <summary>Where the dashboard shows its subject.</summary>
    public string Path => Kind switch
    {
        NotificationKind.RunFailed or NotificationKind.RunFinished or NotificationKind.RunNeedsAnswer => $"/runs/{Subject}",
        NotificationKind.CleanupNeedsApproval or NotificationKind.CleanupNeedsYou => $"/cleanup/{Subject}",
        _ => $"/waves/{Subject}",
    };
}

/// <summary>A notification as one person sees it.</summary>
/// <param name="Notification">What happened.</param>
/// <param name="IsRead">They have seen it.</param>
public sealed record InboxEntry(Notification Notification, bool IsRead);
