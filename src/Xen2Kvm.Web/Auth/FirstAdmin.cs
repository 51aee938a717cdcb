using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence;

namespace Xen2Kvm.Web.Auth;

/// <summary>Makes the first admin, once.</summary>
public sealed class FirstAdmin(UserManager<AppUser> users, RoleManager<IdentityRole<Guid>> roles, SetupLink link, IAuditLog audit, TimeProvider time)
{
    private static readonly SemaphoreSlim OneAtATime = new(1);

    /// <summary>Whether there is no account at all yet.</summary>
    public async Task<bool> IsNeededAsync(CancellationToken cancellationToken) =>
        !await users.Users.AnyAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Makes the roles where they are missing.</summary>
    public async Task EnsureRolesAsync()
    {
        foreach (var role in Roles.All)
        {
            if (!await roles.RoleExistsAsync(role).ConfigureAwait(false))
            {
                await roles.CreateAsync(new IdentityRole<Guid>(role)).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Makes the first admin with the link's token.</summary>
    /// <returns>The account, or the error code for the page: <c>done</c>, <c>link</c>, <c>name</c>, <c>password</c>.</returns>
    public async Task<(AppUser? User, string? Error)> CreateAsync(
        string? token, string? userName, string? password, CancellationToken cancellationToken)
    {
        await OneAtATime.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!await IsNeededAsync(cancellationToken).ConfigureAwait(false))
            {
                return (null, "done");
            }

            if (!link.Fits(token))
            {
                return (null, "link");
            }

            var user = new AppUser { UserName = userName?.Trim(), DisplayName = userName?.Trim() ?? "", CreatedAt = time.GetUtcNow() };
            var created = await users.CreateAsync(user, password ?? "").ConfigureAwait(false);
            if (!created.Succeeded)
            {
                return (null, created.Errors.Any(error => error.Code.StartsWith("Password", StringComparison.Ordinal)) ? "password" : "name");
            }

            await EnsureRolesAsync().ConfigureAwait(false);
            await users.AddToRoleAsync(user, Roles.Admin).ConfigureAwait(false);
            link.Close();
            await audit.AppendAsync(new AuditEntry(time.GetUtcNow(), user.UserName!, "user.first-admin", user.UserName!, ""), cancellationToken)
                .ConfigureAwait(false);
            return (user, null);
        }
        finally
        {
            OneAtATime.Release();
        }
    }
}
