using Microsoft.EntityFrameworkCore;
using Xen2Kvm.Persistence.Rows;

namespace Xen2Kvm.Persistence.Model;

/// <summary>Tables of the program itself: audit log, API tokens, sessions, roles in single places, keys and settings.</summary>
internal static class ProgramModel
{
    public static void Configure(ModelBuilder builder)
    {
        builder.Entity<AuditRow>(entry =>
        {
            entry.ToTable("audit");
            entry.HasKey(row => row.Id);

            // Numbered by the appender, without gaps: a gap is an entry that was removed.
            entry.Property(row => row.Id).ValueGeneratedNever();
            entry.HasIndex(row => row.At);
            entry.HasIndex(row => new { row.By, row.Id });
            entry.HasIndex(row => new { row.Action, row.Id });

            // What lets part of a word be found among a million entries.
            entry.HasIndex(row => new { row.Subject, row.Detail }).HasMethod("gin").HasOperators("gin_trgm_ops", "gin_trgm_ops");
        });
        builder.HasPostgresExtension("pg_trgm");
        builder.Entity<ApiTokenRow>(token =>
        {
            token.ToTable("api_tokens");
            token.HasKey(row => row.Id);
            token.Property(row => row.Id).ValueGeneratedNever();
            token.HasIndex(row => row.Hash).IsUnique();
            token.HasIndex(row => row.Owner);
            token.Property(row => row.Scope).HasDefaultValue("all");
        });
        builder.Entity<SessionRow>(session =>
        {
            session.ToTable("sessions");
            session.HasKey(row => row.Id);
            session.Property(row => row.Id).ValueGeneratedNever();
            session.HasOne<AppUser>().WithMany().HasForeignKey(row => row.UserId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<GrantRow>(grant =>
        {
            grant.ToTable("grants", table => table.HasCheckConstraint("ck_grants_place", "num_nonnulls(group_id, wave_id) = 1"));
            grant.HasKey(row => row.Id);
            grant.Property(row => row.Id).ValueGeneratedNever();
            grant.HasOne<AppUser>().WithMany().HasForeignKey(row => row.UserId).OnDelete(DeleteBehavior.Cascade);
            grant.HasOne<HostGroupRow>().WithMany().HasForeignKey(row => row.GroupId).OnDelete(DeleteBehavior.Cascade);
            grant.HasOne<WaveRow>().WithMany().HasForeignKey(row => row.WaveId).OnDelete(DeleteBehavior.Cascade);
            grant.HasIndex(row => new { row.UserId, row.GroupId }).IsUnique();
            grant.HasIndex(row => new { row.UserId, row.WaveId }).IsUnique();
        });
        builder.Entity<DataProtectionKeyRow>(key =>
        {
            key.ToTable("data_protection_keys");
            key.HasKey(row => row.Id);
        });
        builder.Entity<SettingRow>(setting =>
        {
            setting.ToTable("settings");
            setting.HasKey(row => row.Key);
            setting.Property(row => row.Value).HasColumnType("jsonb");
        });
    }
}
