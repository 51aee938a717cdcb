using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Notifications;

/// <summary>Sends what has to be sent, by the way of its channel.</summary>
public sealed class Courier(WebhookSender webhooks, EmailSender mails)
{
    /// <summary>Sends a notification to a channel; whatever the other side does becomes the report.</summary>
    public Task<DeliveryReport> SendAsync(Channel channel, string? secret, Notification notification, CancellationToken cancellationToken) =>
        channel switch
        {
            { Webhook: { } webhook } => webhooks.SendAsync(webhook, secret ?? "", notification, cancellationToken),
            { Email: { } email } => mails.SendAsync(email, secret, notification, cancellationToken),
            _ => throw new InvalidOperationException($"The channel {channel.Name} is neither a webhook nor an e-mail."),
        };
}
