using Xen2Kvm.Engine.Notifications;

namespace Xen2Kvm.Persistence.Rows;

/// <summary>Something that people are told of.</summary>
internal sealed class NotificationRow
{
    public Guid Id { get; set; }

    /// <summary>Order of writing: clocks of two nodes may differ.</summary>
    public long Number { get; set; }

    /// <summary>Same for the same event: the database takes it once.</summary>
    public string Key { get; set; } = "";

    public NotificationKind Kind { get; set; }

    public Guid Subject { get; set; }

    public DateTimeOffset At { get; set; }

    public string Title { get; set; } = "";

    public string Text { get; set; } = "";
}

/// <summary>A person has seen a notification.</summary>
internal sealed class NotificationReadRow
{
    public Guid NotificationId { get; set; }

    public string Person { get; set; } = "";
}

/// <summary>A channel, with its secret encrypted with Data Protection.</summary>
internal sealed class ChannelRow
{
    public Guid Id { get; set; }

    public string Name { get; set; } = "";

    public bool IsEnabled { get; set; }

    /// <summary>Names of the kinds that go there.</summary>
    public string[] Kinds { get; set; } = [];

    /// <summary>The <see cref="WebhookTarget"/> as JSON, or null.</summary>
    public string? Webhook { get; set; }

    /// <summary>The <see cref="EmailTarget"/> as JSON, or null.</summary>
    public string? Email { get; set; }

    public byte[]? Protected { get; set; }
}

/// <summary>A message of the outbox: one notification to one channel.</summary>
internal sealed class DeliveryRow
{
    public Guid Id { get; set; }

    public Guid NotificationId { get; set; }

    public Guid ChannelId { get; set; }

    /// <summary>Tries so far, the one under way included: the fence.</summary>
    public int Attempts { get; set; }

    /// <summary>When it is tried next; null when it arrived or was given up.</summary>
    public DateTimeOffset? NextAt { get; set; }

    /// <summary>Until when the worker that sends it now is left alone; null when none does.</summary>
    public DateTimeOffset? LeaseUntil { get; set; }

    public DateTimeOffset? DeliveredAt { get; set; }

    public string? LastError { get; set; }
}
