using Microsoft.EntityFrameworkCore;
using Xen2Kvm.Persistence.Rows;

namespace Xen2Kvm.Persistence.Model;

/// <summary>Tables of notifications, channels and the outbox between them.</summary>
internal static class NotificationModel
{
    public static void Configure(ModelBuilder builder)
    {
        builder.Entity<NotificationRow>(notification =>
        {
            notification.ToTable("notifications");
            notification.HasKey(row => row.Id);
            notification.Property(row => row.Id).ValueGeneratedNever();
            notification.Property(row => row.Kind).HasConversion<string>();
            notification.HasIndex(row => row.Key).IsUnique();
            notification.Property(row => row.Number).UseIdentityByDefaultColumn();
            notification.HasIndex(row => row.Number).IsUnique();
        });
        builder.Entity<NotificationReadRow>(read =>
        {
            read.ToTable("notification_reads");
            read.HasKey(row => new { row.NotificationId, row.Person });
            read.HasOne<NotificationRow>().WithMany().HasForeignKey(row => row.NotificationId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<ChannelRow>(channel =>
        {
            channel.ToTable("channels");
            channel.HasKey(row => row.Id);
            channel.Property(row => row.Id).ValueGeneratedNever();
            channel.Property(row => row.Webhook).HasColumnType("jsonb");
            channel.Property(row => row.Email).HasColumnType("jsonb");
            channel.HasIndex(row => row.Name).IsUnique();
        });
        builder.Entity<DeliveryRow>(delivery =>
        {
            delivery.ToTable("deliveries");
            delivery.HasKey(row => row.Id);
            delivery.Property(row => row.Id).ValueGeneratedNever();
            delivery.HasOne<NotificationRow>().WithMany().HasForeignKey(row => row.NotificationId).OnDelete(DeleteBehavior.Cascade);
            delivery.HasOne<ChannelRow>().WithMany().HasForeignKey(row => row.ChannelId).OnDelete(DeleteBehavior.Cascade);
            delivery.HasIndex(row => new { row.NotificationId, row.ChannelId }).IsUnique();
            // What workers look for; what arrived or was given up is not in it.
            delivery.HasIndex(row => row.NextAt).HasFilter("next_at IS NOT NULL");
        });
    }
}
