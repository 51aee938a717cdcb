using Microsoft.AspNetCore.Identity;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence;

namespace Xen2Kvm.Web.Auth;

/// <summary>Signs people in and out, and records it.</summary>
internal sealed class SignIn(SignInManager<AppUser> manager, UserManager<AppUser> users, IAuditLog audit, TimeProvider time)
{
    // Verified against when there is no such user, so that the time taken does not tell which names exist.
    private static readonly AppUser Nobody = new();
    private static string? _nobodysHash;

    /// <summary>Signs in with a password.</summary>
    /// <returns>Null when signed in, else the error code for the page: <c>wrong</c>, <c>locked</c>.</returns>
    public async Task<string?> WithPasswordAsync(string? userName, string? password, string from, CancellationToken cancellationToken)
    {
        var user = string.IsNullOrWhiteSpace(userName) ? null : await users.FindByNameAsync(userName.Trim()).ConfigureAwait(false);
        if (user is null || password is null)
        {
            _nobodysHash ??= users.PasswordHasher.HashPassword(Nobody, Guid.NewGuid().ToString());
            users.PasswordHasher.VerifyHashedPassword(Nobody, _nobodysHash, password ?? "");
            await AuditAsync("(unknown)", "user.sign-in-failed", from, cancellationToken).ConfigureAwait(false);
            return "wrong";
        }

        var result = await manager.PasswordSignInAsync(user, password, isPersistent: false, lockoutOnFailure: true).ConfigureAwait(false);
        await AuditAsync(user.UserName!, result.Succeeded ? "user.sign-in" : "user.sign-in-failed", from, cancellationToken).ConfigureAwait(false);
        return result.Succeeded ? null : result.IsLockedOut ? "locked" : "wrong";
    }

    /// <summary>Signs a known user in.</summary>
    public Task AsAsync(AppUser user) => manager.SignInAsync(user, isPersistent: false);

    /// <summary>Ends the session.</summary>
    public Task OutAsync() => manager.SignOutAsync();

    private Task AuditAsync(string by, string action, string from, CancellationToken cancellationToken) =>
        audit.AppendAsync(new AuditEntry(time.GetUtcNow(), by, action, by, $"from {from}"), cancellationToken);
}
