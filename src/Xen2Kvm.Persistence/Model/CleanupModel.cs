using Microsoft.EntityFrameworkCore;
using Xen2Kvm.Persistence.Rows;

namespace Xen2Kvm.Persistence.Model;

/// <summary>Tables of cleanups.</summary>
internal static class CleanupModel
{
    /// <summary>Name of the index that keeps two open cleanups from one guest.</summary>
    public const string OneOpenOfGuestIndex = "ix_cleanup_guests_source_host_id_guest_name";

    public static void Configure(ModelBuilder builder)
    {
        builder.Entity<CleanupRow>(cleanup =>
        {
            cleanup.ToTable("cleanups");
            cleanup.HasKey(row => row.Id);
            cleanup.Property(row => row.Id).ValueGeneratedNever();
            cleanup.Property(row => row.State).HasConversion<string>();
            cleanup.Property(row => row.Document).HasColumnType("jsonb");
            cleanup.HasIndex(row => row.CreatedAt);
        });
        builder.Entity<CleanupGuestRow>(guest =>
        {
            guest.ToTable("cleanup_guests");
            guest.HasKey(row => new { row.CleanupId, row.SourceHostId, row.GuestName });
            guest.HasOne<CleanupRow>().WithMany().HasForeignKey(row => row.CleanupId).OnDelete(DeleteBehavior.Cascade);
            guest.HasIndex(row => new { row.SourceHostId, row.GuestName }).IsUnique().HasFilter("is_open");
            guest.HasIndex(row => row.RunId);
        });
    }
}
