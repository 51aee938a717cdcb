using System.Security.Cryptography;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence;

namespace Xen2Kvm.Web.Auth;

/// <summary>
/// The one-time links under which people set their password; no password is ever chosen by somebody else. The program keeps a link's hash only.
/// </summary>
public sealed class Invitations(Accounts accounts, IAuditLog audit, TimeProvider time)
{
    /// <summary>How long a link works.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(72);

    /// <summary>Gives an account a new link in place of the one before; the caller stores the account.</summary>
    public Invitation Renew(AppUser user)
    {
        var token = OneTimeSecret.New();
        (user.InvitationHash, user.InvitationExpiresAt) = (OneTimeSecret.Hash(token), time.GetUtcNow() + Lifetime);
        return new Invitation(user.UserName!, $"/account/invitation?token={token}", user.InvitationExpiresAt.Value);
    }

    /// <summary>Whose link it is; null when it is not valid, or not any more.</summary>
    public async Task<string?> FindAsync(string? token, CancellationToken cancellationToken)
    {
        var hash = OneTimeSecret.Hash(token ?? "");
        var user = await accounts.ReadAsync(users => users.Users.AsNoTracking()
            .SingleOrDefaultAsync(user => user.InvitationHash == hash, cancellationToken)).ConfigureAwait(false);
        return user is not null && Fits(user, hash) ? user.UserName : null;
    }

    /// <summary>Sets the password under a link, which ends the link.</summary>
    /// <returns>The account, or the error code for the page: <c>invitation</c>, <c>password</c>.</returns>
    public async Task<(AppUser? User, string? Error)> AcceptAsync(string? token, string? password, CancellationToken cancellationToken)
    {
        if (await FindAsync(token, cancellationToken).ConfigureAwait(false) is not { } userName)
        {
            return (null, "invitation");
        }

        var (accepted, error) = await accounts.ChangeAsync<(AppUser?, string?)>(userName, async (users, user) =>
        {
            if (user is null || !Fits(user, OneTimeSecret.Hash(token!)))
            {
                return (null, "invitation");
            }

            (user.InvitationHash, user.InvitationExpiresAt) = (null, null);
            (user.AccessFailedCount, user.LockoutEnd) = (0, null);
            return (await users.AddPasswordAsync(user, password ?? "").ConfigureAwait(false)).Succeeded ? (user, null) : (null, "password");
        }, cancellationToken).ConfigureAwait(false);
        if (accepted is not null)
        {
            await audit.AppendAsync(new AuditEntry(time.GetUtcNow(), userName, "user.accept", userName, ""), cancellationToken).ConfigureAwait(false);
        }

        return (accepted, error);
    }

    private bool Fits(AppUser user, byte[] hash) => user.DisabledAt is null && user.InvitationExpiresAt > time.GetUtcNow()
        && user.InvitationHash is { } own && CryptographicOperations.FixedTimeEquals(own, hash);
}

/// <summary>A new one-time link.</summary>
/// <param name="UserName">Whose it is.</param>
/// <param name="Path">The link from this site's root on, shown this once.</param>
/// <param name="Until">Until when it works.</param>
public sealed record Invitation(string UserName, string Path, DateTimeOffset Until);
