using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Notifications;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence.Rows;

namespace Xen2Kvm.Persistence.Stores;

/// <summary>Notifications, channels and the outbox. A claim is a lease; the number of tries is its fence.</summary>
internal sealed class NotificationStore(IDbContextFactory<Xen2KvmDbContext> contexts, IDataProtectionProvider protection, TimeProvider time)
    : INotificationStore
{
    private const int _mostUndelivered = 100;

    private readonly IDataProtector _protector = protection.CreateProtector("channel-secret");

    public async Task AddAsync(NotificationEvent raised, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await NotificationOutbox.AddAsync(context, raised, time.GetUtcNow(), cancellationToken);
    }

    public async Task<IReadOnlyList<InboxEntry>> ListAsync(string person, int most, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await context.Notifications.AsNoTracking().OrderByDescending(row => row.Number).Take(most)
            .Select(row => new { Row = row, IsRead = context.NotificationReads.Any(read => read.NotificationId == row.Id && read.Person == person) })
            .ToListAsync(cancellationToken);
        return rows.ConvertAll(found => new InboxEntry(ToNotification(found.Row), found.IsRead));
    }

    public async Task MarkReadAsync(string person, Guid? id, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await context.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO notification_reads (notification_id, person)
            SELECT id, {person} FROM notifications WHERE {id}::uuid IS NULL OR id = {id}::uuid
            ON CONFLICT DO NOTHING
            """,
            cancellationToken);
    }

    public async Task<NotificationMark> FindMarkAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.Notifications.GroupBy(_ => 1).Select(all => new NotificationMark(all.LongCount(), all.Max(row => row.Number)))
            .SingleOrDefaultAsync(cancellationToken) ?? new NotificationMark(0, 0);
    }

    public async Task<IReadOnlyList<Channel>> ListChannelsAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await context.Channels.AsNoTracking().OrderBy(row => row.Name).ToListAsync(cancellationToken);
        return rows.ConvertAll(ToChannel);
    }

    public async Task SaveChannelAsync(Channel channel, string? secret, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var row = await context.Channels.SingleOrDefaultAsync(row => row.Id == channel.Id, cancellationToken);
        if (row is null)
        {
            row = new ChannelRow { Id = channel.Id };
            context.Channels.Add(row);
        }

        row.Name = StoreText.Clean(channel.Name.Trim());
        row.IsEnabled = channel.IsEnabled;
        row.Kinds = [.. channel.Kinds.Select(kind => kind.ToString())];
        row.Webhook = channel.Webhook is null ? null : StoreJson.Write(channel.Webhook);
        row.Email = channel.Email is null ? null : StoreJson.Write(channel.Email);
        row.Protected = secret is not null ? ProtectorOf(channel.Id).Protect(Encoding.UTF8.GetBytes(secret))
            : channel.Email is { User: null } ? null
            : row.Protected;
        try
        {
            await context.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException exception) when (exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new RefusedException($"Another channel is already called “{row.Name}”; choose another name.");
        }
    }

    public async Task RemoveChannelAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await context.Channels.Where(row => row.Id == id).ExecuteDeleteAsync(cancellationToken);
    }

    public async Task<string?> GetSecretAsync(Guid channelId, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var row = await context.Channels.AsNoTracking().SingleOrDefaultAsync(row => row.Id == channelId, cancellationToken);
        try
        {
            return row?.Protected is null ? null : Encoding.UTF8.GetString(ProtectorOf(channelId).Unprotect(row.Protected));
        }
        catch (CryptographicException)
        {
            throw new RefusedException($"The stored secret of {row!.Name} cannot be decrypted: the key it was encrypted with is gone. Enter the secret again.");
        }
    }

    public async Task<IReadOnlyList<Delivery>> ClaimDueAsync(int most, TimeSpan lease, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var claimed = await context.Deliveries.FromSql(
            $"""
            WITH due AS (
                SELECT id FROM deliveries WHERE next_at <= {now} AND (lease_until IS NULL OR lease_until <= {now})
                ORDER BY next_at
                LIMIT {most}
                FOR NO KEY UPDATE SKIP LOCKED)
            UPDATE deliveries SET attempts = attempts + 1, lease_until = {now + lease}
            FROM due WHERE deliveries.id = due.id
            RETURNING deliveries.*
            """).AsNoTracking().ToListAsync(cancellationToken);
        if (claimed.Count == 0)
        {
            return [];
        }

        var told = claimed.ConvertAll(row => row.NotificationId);
        var where = claimed.ConvertAll(row => row.ChannelId);
        var notifications = await context.Notifications.AsNoTracking().Where(row => told.Contains(row.Id)).ToDictionaryAsync(row => row.Id, cancellationToken);
        var channels = await context.Channels.AsNoTracking().Where(row => where.Contains(row.Id)).ToDictionaryAsync(row => row.Id, cancellationToken);

        // A channel may be removed between the two, and its messages with it.
        return [.. claimed.Where(row => notifications.ContainsKey(row.NotificationId) && channels.ContainsKey(row.ChannelId)).Select(row =>
            new Delivery(row.Id, row.Attempts, ToNotification(notifications[row.NotificationId]), ToChannel(channels[row.ChannelId])))];
    }

    public async Task FinishAsync(Delivery delivery, DeliveryReport report, DateTimeOffset? nextAt, CancellationToken cancellationToken)
    {
        var error = report.IsDelivered ? null : StoreText.Clean(report.Answer);
        DateTimeOffset? deliveredAt = report.IsDelivered ? time.GetUtcNow() : null;
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await context.Deliveries.Where(row => row.Id == delivery.Id && row.Attempts == delivery.Attempt).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.NextAt, nextAt).SetProperty(row => row.LeaseUntil, (DateTimeOffset?)null)
                .SetProperty(row => row.DeliveredAt, deliveredAt).SetProperty(row => row.LastError, error),
            cancellationToken);
    }

    public async Task<IReadOnlyList<UndeliveredMessage>> ListUndeliveredAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await (
            from row in context.Deliveries.AsNoTracking()
            join notification in context.Notifications on row.NotificationId equals notification.Id
            where row.DeliveredAt == null && row.LastError != null
            orderby notification.Number descending
            select new UndeliveredMessage(row.Id, row.ChannelId, notification.Title, notification.At, row.Attempts, row.LastError!, row.NextAt))
            .Take(_mostUndelivered).ToListAsync(cancellationToken);
    }

    public async Task RetryAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await context.Deliveries.Where(row => row.Id == id && row.DeliveredAt == null && row.LastError != null)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.NextAt, time.GetUtcNow()), cancellationToken);
    }

    public async Task ForgetAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await context.Notifications.Where(row => row.At < before).ExecuteDeleteAsync(cancellationToken);
    }

    /// <summary>Bound to the channel, so that a secret copied to another channel's row does not decrypt there.</summary>
    private IDataProtector ProtectorOf(Guid id) => _protector.CreateProtector(id.ToString("N"));

    private static Notification ToNotification(NotificationRow row) => new(row.Id, row.Kind, row.Subject, row.At, row.Title, row.Text);

    private static Channel ToChannel(ChannelRow row) => new()
    {
        Id = row.Id,
        Name = row.Name,
        IsEnabled = row.IsEnabled,
        Kinds = [.. row.Kinds.Select(Enum.Parse<NotificationKind>)],
        Webhook = row.Webhook is null ? null : StoreJson.Read<WebhookTarget>(row.Webhook),
        Email = row.Email is null ? null : StoreJson.Read<EmailTarget>(row.Email),
        HasSecret = row.Protected is not null,
    };
}
