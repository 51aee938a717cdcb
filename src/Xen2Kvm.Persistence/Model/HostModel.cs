using Microsoft.EntityFrameworkCore;
using Xen2Kvm.Persistence.Rows;

namespace Xen2Kvm.Persistence.Model;

/// <summary>Tables of hosts, their secrets and inventories. What belongs to a host goes with it.</summary>
internal static class HostModel
{
    public static void Configure(ModelBuilder builder)
    {
        builder.Entity<HostRow>(host =>
        {
            host.ToTable("hosts");
            host.HasKey(row => row.Id);
            host.Property(row => row.Id).ValueGeneratedNever();
            host.Property(row => row.Kind).HasConversion<string>();
            host.Property(row => row.Ssh).HasColumnType("jsonb");
            host.HasIndex(row => row.Name).IsUnique();
            host.HasOne<HostGroupRow>().WithMany().HasForeignKey(row => row.GroupId).OnDelete(DeleteBehavior.SetNull);
        });
        builder.Entity<HostGroupRow>(group =>
        {
            group.ToTable("host_groups");
            group.HasKey(row => row.Id);
            group.Property(row => row.Id).ValueGeneratedNever();
            group.HasIndex(row => row.Name).IsUnique();
        });
        builder.Entity<HostSecretRow>(secret =>
        {
            secret.ToTable("host_secrets");
            secret.HasKey(row => row.HostId);
            secret.HasOne<HostRow>().WithOne().HasForeignKey<HostSecretRow>(row => row.HostId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<HostSnapshotRow>(snapshot =>
        {
            snapshot.ToTable("host_snapshots");
            snapshot.HasKey(row => row.HostId);
            snapshot.Property(row => row.Document).HasColumnType("jsonb");
            snapshot.HasOne<HostRow>().WithOne().HasForeignKey<HostSnapshotRow>(row => row.HostId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<HostDifferenceRow>(difference =>
        {
            difference.ToTable("host_differences");
            difference.HasKey(row => row.Id);
            difference.HasOne<HostRow>().WithMany().HasForeignKey(row => row.HostId).OnDelete(DeleteBehavior.Cascade);
            difference.HasIndex(row => new { row.HostId, row.At });
        });
    }
}
