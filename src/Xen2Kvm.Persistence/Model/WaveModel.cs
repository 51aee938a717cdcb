using Microsoft.EntityFrameworkCore;
using Xen2Kvm.Persistence.Rows;

namespace Xen2Kvm.Persistence.Model;

/// <summary>Tables of waves.</summary>
internal static class WaveModel
{
    /// <summary>Name of the index that keeps two open waves from one name.</summary>
    public const string OneOpenNameIndex = "ix_waves_name";

    public static void Configure(ModelBuilder builder)
    {
        builder.Entity<WaveRow>(wave =>
        {
            wave.ToTable("waves");
            wave.HasKey(row => row.Id);
            wave.Property(row => row.Id).ValueGeneratedNever();
            wave.Property(row => row.State).HasConversion<string>();
            wave.Property(row => row.Document).HasColumnType("jsonb");
            wave.Property(row => row.Dossier).HasColumnType("jsonb");
            wave.HasIndex(row => row.CreatedAt);
            wave.HasIndex(row => row.Name).IsUnique().HasFilter("state NOT IN ('Done', 'Cancelled')");
        });
        builder.Entity<WaveGuestRow>(guest =>
        {
            guest.ToTable("wave_guests");
            guest.HasKey(row => new { row.SourceHostId, row.GuestName });
            guest.HasOne<WaveRow>().WithMany().HasForeignKey(row => row.WaveId).OnDelete(DeleteBehavior.Cascade);
        });
    }
}
