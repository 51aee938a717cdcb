using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Xen2Kvm.Persistence.Model;

/// <summary>Names of Identity's tables.</summary>
internal static class IdentityModel
{
    public static void Configure(ModelBuilder builder)
    {
        builder.Entity<AppUser>(user =>
        {
            user.ToTable("users");
            user.Property(row => row.DisplayName).HasMaxLength(256);
            user.Property(row => row.RecoveryCodes).HasDefaultValueSql("'{}'");
            user.HasIndex(row => row.InvitationHash).IsUnique();
        });
        builder.Entity<IdentityRole<Guid>>().ToTable("roles");
        builder.Entity<IdentityUserRole<Guid>>().ToTable("user_roles");
        builder.Entity<IdentityUserClaim<Guid>>().ToTable("user_claims");
        builder.Entity<IdentityUserLogin<Guid>>().ToTable("user_logins");
        builder.Entity<IdentityUserToken<Guid>>().ToTable("user_tokens");
        builder.Entity<IdentityRoleClaim<Guid>>().ToTable("role_claims");
    }
}
