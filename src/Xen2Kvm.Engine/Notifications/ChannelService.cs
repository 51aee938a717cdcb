using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Notifications;

/// <summary>What admins do with channels.</summary>
public sealed class ChannelService(INotificationStore store, AddressGuard guard, Courier courier, IAuditLog audit, TimeProvider time)
{
    /// <summary>All channels by name, without their secrets.</summary>
    public Task<IReadOnlyList<Channel>> ListChannelsAsync(CancellationToken cancellationToken) => store.ListChannelsAsync(cancellationToken);

    /// <summary>Messages that failed and have not arrived.</summary>
    public Task<IReadOnlyList<UndeliveredMessage>> ListUndeliveredAsync(CancellationToken cancellationToken) => store.ListUndeliveredAsync(cancellationToken);

    /// <summary>Tries a message again now.</summary>
    public Task RetryAsync(Guid id, CancellationToken cancellationToken) => store.RetryAsync(id, cancellationToken);

    /// <summary>Adds or changes a channel.</summary>
    /// <param name="channel">As it shall be.</param>
    /// <param name="secret">A new secret; null keeps the stored one.</param>
    /// <param name="by">Who.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="RefusedException">It could not deliver, or a webhook points where none may go.</exception>
    public async Task SaveChannelAsync(Channel channel, string? secret, string by, CancellationToken cancellationToken)
    {
        var stored = await FindAsync(channel.Id, cancellationToken).ConfigureAwait(false);
        await CheckAsync(channel, stored, secret, cancellationToken).ConfigureAwait(false);
        await store.SaveChannelAsync(channel, secret, cancellationToken).ConfigureAwait(false);
        await AuditAsync(by, stored is null ? "channel.add" : "channel.change", channel, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes a channel with what was still to be sent there.</summary>
    public async Task RemoveChannelAsync(Guid id, string by, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, cancellationToken).ConfigureAwait(false) is { } channel)
        {
            await store.RemoveChannelAsync(id, cancellationToken).ConfigureAwait(false);
            await AuditAsync(by, "channel.remove", channel, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Sends a test message to a channel as it is entered, stored or not, and says what the other side answered.</summary>
    /// <exception cref="RefusedException">As for saving it.</exception>
    public async Task<DeliveryReport> TestAsync(Channel channel, string? secret, string by, CancellationToken cancellationToken)
    {
        var stored = await FindAsync(channel.Id, cancellationToken).ConfigureAwait(false);
        await CheckAsync(channel, stored, secret, cancellationToken).ConfigureAwait(false);
        secret ??= stored is null ? null : await store.GetSecretAsync(channel.Id, cancellationToken).ConfigureAwait(false);
        var now = time.GetUtcNow();
        var test = new Notification(
            Guid.CreateVersion7(now), NotificationKind.RunFinished, Guid.Empty, now, "This is a test", $"{by} tests the channel {channel.Name}. Nothing happened to any guest.");
        return await courier.SendAsync(channel, secret, test, cancellationToken).ConfigureAwait(false);
    }

    private async Task CheckAsync(Channel channel, Channel? stored, string? secret, CancellationToken cancellationToken)
    {
        channel.Check(stored, secret);
        if (channel.Webhook is { } webhook)
        {
            try
            {
                await guard.ResolveAsync(new Uri(webhook.Url).IdnHost, cancellationToken).ConfigureAwait(false);
            }
            catch (AddressRefusedException refused)
            {
                throw new RefusedException(refused.Message);
            }
        }
    }

    private async Task<Channel?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        (await store.ListChannelsAsync(cancellationToken).ConfigureAwait(false)).FirstOrDefault(channel => channel.Id == id);

    private Task AuditAsync(string by, string action, Channel channel, CancellationToken cancellationToken) => audit.AppendAsync(
        new AuditEntry(time.GetUtcNow(), by, action, channel.Name, channel.Webhook?.Url ?? $"{channel.Email!.Host}:{channel.Email.Port} to {channel.Email.To}"),
        cancellationToken);
}
