using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;
using Xen2Kvm.Persistence.Model;
using Xen2Kvm.Persistence.Rows;

namespace Xen2Kvm.Persistence;

/// <summary>
/// The database: users and roles for Identity, and the tables behind the engine's stores. Only stores and Identity use it; everything
/// else goes through the ports. Times are UTC, names are snake_case, documents are jsonb.
/// </summary>
public sealed class Xen2KvmDbContext(DbContextOptions<Xen2KvmDbContext> options)
    : IdentityDbContext<AppUser, IdentityRole<Guid>, Guid>(options)
{
    internal DbSet<HostRow> Hosts => Set<HostRow>();

    internal DbSet<HostGroupRow> HostGroups => Set<HostGroupRow>();

    internal DbSet<HostSecretRow> HostSecrets => Set<HostSecretRow>();

    internal DbSet<HostSnapshotRow> HostSnapshots => Set<HostSnapshotRow>();

    internal DbSet<HostDifferenceRow> HostDifferences => Set<HostDifferenceRow>();

    internal DbSet<PlanRow> Plans => Set<PlanRow>();

    internal DbSet<RunRow> Runs => Set<RunRow>();

    internal DbSet<RunLogRow> RunLog => Set<RunLogRow>();

    internal DbSet<RunSampleRow> RunSamples => Set<RunSampleRow>();

    internal DbSet<RunEvidenceRow> RunEvidence => Set<RunEvidenceRow>();

    internal DbSet<WaveRow> Waves => Set<WaveRow>();

    internal DbSet<WaveGuestRow> WaveGuests => Set<WaveGuestRow>();

    internal DbSet<LimitRow> Limits => Set<LimitRow>();

    internal DbSet<CleanupRow> Cleanups => Set<CleanupRow>();

    internal DbSet<CleanupGuestRow> CleanupGuests => Set<CleanupGuestRow>();

    internal DbSet<AuditRow> Audit => Set<AuditRow>();

    internal DbSet<ApiTokenRow> ApiTokens => Set<ApiTokenRow>();

    internal DbSet<SessionRow> Sessions => Set<SessionRow>();

    internal DbSet<GrantRow> Grants => Set<GrantRow>();

    internal DbSet<DataProtectionKeyRow> DataProtectionKeys => Set<DataProtectionKeyRow>();

    internal DbSet<SettingRow> Settings => Set<SettingRow>();

    internal DbSet<NotificationRow> Notifications => Set<NotificationRow>();

    internal DbSet<NotificationReadRow> NotificationReads => Set<NotificationReadRow>();

    internal DbSet<ChannelRow> Channels => Set<ChannelRow>();

    internal DbSet<DeliveryRow> Deliveries => Set<DeliveryRow>();

    /// <summary>Fixed here, so that the tables do not depend on how a program configures Identity.</summary>
    protected override Version SchemaVersion => IdentitySchemaVersions.Version2;

    /// <inheritdoc />
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UtcConverter>();

    /// <inheritdoc />
    protected override void OnModelCreating(ModelBuilder builder)
    {
        base.OnModelCreating(builder);
        IdentityModel.Configure(builder);
        HostModel.Configure(builder);
        RunModel.Configure(builder);
        WaveModel.Configure(builder);
        LimitModel.Configure(builder);
        CleanupModel.Configure(builder);
        ProgramModel.Configure(builder);
        NotificationModel.Configure(builder);
        SnakeCaseNames.Apply(builder);
    }
}
