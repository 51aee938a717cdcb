using Microsoft.EntityFrameworkCore;
using Xen2Kvm.Persistence.Rows;

namespace Xen2Kvm.Persistence.Model;

/// <summary>The table of limits.</summary>
internal static class LimitModel
{
    public static void Configure(ModelBuilder builder) => builder.Entity<LimitRow>(limit =>
    {
        limit.ToTable("limits");
        limit.HasKey(row => row.Id);
        limit.Property(row => row.Id).ValueGeneratedNever();
        limit.Property(row => row.Document).HasColumnType("jsonb");
    });
}
