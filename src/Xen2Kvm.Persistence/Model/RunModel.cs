using Microsoft.EntityFrameworkCore;
using Xen2Kvm.Persistence.Rows;
using Xen2Kvm.Persistence.Stores;

namespace Xen2Kvm.Persistence.Model;

/// <summary>Tables of plans and of the run ledger. They hold no foreign key to hosts: history outlives a host.</summary>
internal static class RunModel
{
    /// <summary>Name of the index that keeps two runs off the same guest.</summary>
    public const string OneUnfinishedRunIndex = "ix_runs_source_host_id_guest_name";

    public static void Configure(ModelBuilder builder)
    {
        builder.Entity<PlanRow>(plan =>
        {
            plan.ToTable("plans");
            plan.HasKey(row => row.Id);
            plan.Property(row => row.Id).ValueGeneratedNever();
            plan.Property(row => row.Document).HasColumnType("jsonb");
            plan.HasIndex(row => row.CreatedAt);
        });
        builder.Entity<RunRow>(run =>
        {
            run.ToTable("runs");
            run.HasKey(row => row.Id);
            run.Property(row => row.Id).ValueGeneratedNever();
            run.Property(row => row.State).HasConversion<string>();
            run.Property(row => row.Intent).HasConversion<string>();
            run.Property(row => row.Steps).HasColumnType("jsonb");
            run.Property(row => row.Question).HasColumnType("jsonb");
            run.Property(row => row.Answers).HasColumnType("jsonb");
            run.HasIndex(row => row.CreatedAt);
            run.HasIndex(row => row.PlanId);
            run.HasIndex(row => row.FinishedAt);
            run.HasIndex(row => row.WaveId).HasFilter("wave_id IS NOT NULL");
            // A failed or stopped run still holds its guest: it may have made disks, and it may be resumed.
            run.HasIndex(row => new { row.SourceHostId, row.GuestName }).IsUnique()
                .HasFilter("state NOT IN ('Succeeded', 'RolledBack')");
            // What workers look for; most rows are history and are not in it.
            run.HasIndex(row => new { row.State, row.LeaseUntil }).HasFilter("state IN ('Queued', 'Running', 'RollingBack')");
        });
        builder.Entity<RunLogRow>(line =>
        {
            line.ToTable("run_log");
            line.HasKey(row => new { row.RunId, row.Sequence });
            line.Property(row => row.Sequence).ValueGeneratedNever();
            line.Property(row => row.Level).HasConversion<short>();
            line.HasIndex(row => new { row.RunId, row.Sequence }).HasFilter($"level >= {(short)LogSql.IndexedFrom}");
            line.HasOne<RunRow>().WithMany().HasForeignKey(row => row.RunId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<RunSampleRow>(sample =>
        {
            sample.ToTable("run_samples");
            sample.HasKey(row => row.Id);
            sample.HasOne<RunRow>().WithMany().HasForeignKey(row => row.RunId).OnDelete(DeleteBehavior.Cascade);
            sample.HasIndex(row => new { row.RunId, row.At });
        });
        builder.Entity<RunEvidenceRow>(evidence =>
        {
            evidence.ToTable("run_evidence");
            evidence.HasKey(row => new { row.RunId, row.Name });
            evidence.HasOne<RunRow>().WithMany().HasForeignKey(row => row.RunId).OnDelete(DeleteBehavior.Cascade);
        });
    }
}
