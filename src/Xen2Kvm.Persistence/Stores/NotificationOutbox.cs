using Microsoft.EntityFrameworkCore;
using Xen2Kvm.Engine.Notifications;

namespace Xen2Kvm.Persistence.Stores;

/// <summary>Puts events into the outbox, in whichever transaction the caller has: an event is told of exactly when its cause was stored.</summary>
internal static class NotificationOutbox
{
    /// <summary>Adds a notification and a message for each channel that wants it; nothing when the same event is there already.</summary>
    public static Task AddAsync(Xen2KvmDbContext context, NotificationEvent raised, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var kind = raised.Kind.ToString();
        return context.Database.ExecuteSqlAsync(
            $"""
            WITH raised AS (
                INSERT INTO notifications (id, key, kind, subject, at, title, text)
                VALUES ({Guid.CreateVersion7(at)}, {StoreText.Clean(raised.Key)}, {kind}, {raised.Subject}, {at.ToUniversalTime()},
                    {StoreText.Clean(raised.Title)}, {StoreText.Clean(raised.Text)})
                ON CONFLICT (key) DO NOTHING
                RETURNING id)
            INSERT INTO deliveries (id, notification_id, channel_id, attempts, next_at)
            SELECT gen_random_uuid(), raised.id, channels.id, 0, {at.ToUniversalTime()}
            FROM raised, channels WHERE channels.is_enabled AND {kind} = ANY (channels.kinds)
            """,
            cancellationToken);
    }
}
