using Xen2Kvm.Engine.Notifications;

namespace Xen2Kvm.Web.Components.Pages.Notifications;

/// <summary>A channel while it is edited. What is stored as a secret is never in it.</summary>
public sealed class ChannelForm
{
    /// <summary>Every kind of event, in words.</summary>
    public static readonly IReadOnlyList<(NotificationKind Kind, string Words)> Kinds =
    [
        (NotificationKind.RunFailed, "A run failed"),
        (NotificationKind.RunFinished, "A run finished, or was rolled back"),
        (NotificationKind.RunNeedsAnswer, "A run waits for an answer"),
        (NotificationKind.WaveNeedsApproval, "A wave needs approval"),
        (NotificationKind.WaveStartsSoon, "A wave starts soon"),
        (NotificationKind.WaveNeedsYou, "A wave paused, or its approval is void"),
        (NotificationKind.WaveFinished, "A wave finished"),
        (NotificationKind.CleanupNeedsApproval, "A cleanup needs approval"),
        (NotificationKind.CleanupNeedsYou, "A cleanup failed, or its approval is void"),
    ];

    private readonly Guid _id;

    /// <summary>A new channel, which gets every event.</summary>
    public ChannelForm(bool isWebhook) => (_id, IsWebhook, Chosen) = (Guid.NewGuid(), isWebhook, [.. Kinds.Select(kind => kind.Kind)]);

    /// <summary>The form of a stored channel.</summary>
    public ChannelForm(Channel stored)
    {
        (_id, IsWebhook, IsKnown, HasSecret, Chosen) = (stored.Id, stored.Webhook is not null, true, stored.HasSecret, [.. stored.Kinds]);
        (Name, IsEnabled, Url) = (stored.Name, stored.IsEnabled, stored.Webhook?.Url ?? "");
        if (stored.Email is { } email)
        {
            (Host, Port, StartTls, User, From, To) = (email.Host, email.Port, email.StartTls, email.User ?? "", email.From, email.To);
        }
    }

    /// <summary>A webhook; else an e-mail.</summary>
    public bool IsWebhook { get; }

    /// <summary>It is stored already.</summary>
    public bool IsKnown { get; }

    /// <summary>A secret is stored.</summary>
    public bool HasSecret { get; }

    /// <summary>Which events go there.</summary>
    public HashSet<NotificationKind> Chosen { get; }

    /// <summary>Its name.</summary>
    public string Name { get; set; } = "";

    /// <summary>Events go there.</summary>
    public bool IsEnabled { get; set; } = true;

    /// <summary>Address of the webhook.</summary>
    public string Url { get; set; } = "";

    /// <summary>Mail server.</summary>
    public string Host { get; set; } = "";

    /// <summary>Its port.</summary>
    public int Port { get; set; } = 587;

    /// <summary>Encrypted.</summary>
    public bool StartTls { get; set; } = true;

    /// <summary>Who signs in there; empty for nobody.</summary>
    public string User { get; set; } = "";

    /// <summary>Sender.</summary>
    public string From { get; set; } = "";

    /// <summary>Receivers.</summary>
    public string To { get; set; } = "";

    /// <summary>A new signing secret or password; empty keeps the stored one.</summary>
    public string Secret { get; set; } = "";

    /// <summary>The secret to store, or null.</summary>
    public string? NewSecret => Secret.Length == 0 ? null : Secret;

    /// <summary>The channel that is entered.</summary>
    public Channel ToChannel() => new()
    {
        Id = _id,
        Name = Name.Trim(),
        IsEnabled = IsEnabled,
        Kinds = [.. Kinds.Select(kind => kind.Kind).Where(Chosen.Contains)],
        HasSecret = HasSecret,
        Webhook = IsWebhook ? new WebhookTarget(Url.Trim()) : null,
        Email = IsWebhook ? null : new EmailTarget
        {
            Host = Host.Trim(), Port = Port, StartTls = StartTls, User = User.Trim() is { Length: > 0 } user ? user : null, From = From.Trim(), To = To.Trim(),
        },
    };
}
