using System.Security.Claims;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence;

namespace Xen2Kvm.Web.Auth;

/// <summary>
/// The people who may sign in, and what admins do with their accounts. Each call reads anew: what was true at a sign-in may not be true any
/// more. Whoever acts is an enabled admin at that moment and acts on others only, so one enabled admin is always left.
/// </summary>
public sealed class People(
    Accounts accounts, Invitations invitations, ISessionStore sessions, IGrantStore grants, Access access, IAuditLog audit, TimeProvider time) : IPeople
{
    /// <inheritdoc/>
    public async Task<string?> WhyNotApproveAsync(string userName, Wave? wave, CancellationToken cancellationToken)
    {
        var place = wave is null ? Place.Whole : await access.OfWaveAsync(wave, cancellationToken).ConfigureAwait(false);
        return await accounts.ReadAsync(async users =>
            await users.FindByNameAsync(userName).ConfigureAwait(false) is not { DisabledAt: null } user ? "There is no such account, or it is disabled."
            : await users.StandingAsync(user, grants, cancellationToken).ConfigureAwait(false) is var standing && standing.Has(Roles.Approver, place) ? null
            : $"This needs the role {Roles.Approver} {standing.Lacking(Roles.Approver, place)}. Ask a person who has it.").ConfigureAwait(false);
    }

    /// <summary>All people by name.</summary>
    public Task<IReadOnlyList<Person>> ListAsync(CancellationToken cancellationToken) => accounts.ReadAsync<IReadOnlyList<Person>>(async users =>
    {
        var given = (await grants.ListAsync(null, cancellationToken).ConfigureAwait(false)).ToLookup(grant => grant.UserId);
        var people = new List<Person>();
        foreach (var user in await users.Users.AsNoTracking().OrderBy(user => user.NormalizedUserName).ToListAsync(cancellationToken).ConfigureAwait(false))
        {
            people.Add(Person.Of(user, await users.RoleAsync(user).ConfigureAwait(false), [.. given[user.Id]], time.GetUtcNow()));
        }

        return people;
    });

    /// <summary>One person, or null.</summary>
    public Task<Person?> FindAsync(string userName, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return accounts.ReadAsync(async users => await users.FindByNameAsync(userName).ConfigureAwait(false) is { } user
            ? Person.Of(
                user, await users.RoleAsync(user).ConfigureAwait(false), await grants.ListAsync(user.Id, cancellationToken).ConfigureAwait(false), time.GetUtcNow())
            : null);
    }

    /// <summary>Makes an account.</summary>
    /// <returns>The link under which the person sets a password.</returns>
    /// <exception cref="RefusedException">The name is taken or cannot be used, or there is no such role.</exception>
    public async Task<Invitation> InviteAsync(
        string userName, string? displayName, string role, ClaimsPrincipal by, CancellationToken cancellationToken)
    {
        RequireRole(role);
        var name = userName.Trim();
        var shown = string.IsNullOrWhiteSpace(displayName) ? name : displayName.Trim();
        if (name.Length is 0 or > 64 || !name.All(letter => char.IsAsciiLetterOrDigit(letter) || "-._@+".Contains(letter, StringComparison.Ordinal))
            || name.Equals("system", StringComparison.OrdinalIgnoreCase))
        {
            throw new RefusedException("This name cannot be used to sign in. Take 1 to 64 letters, digits, dots, dashes, underscores, @ or +, and not \"system\".");
        }

        if (shown.Length > 100 || shown.Any(char.IsControl))
        {
            throw new RefusedException("The full name is too long. Take at most 100 characters, on one line.");
        }

        var invitation = await accounts.ChangeAsync(name, async (users, known) =>
        {
            await RequireAdminAsync(users, by).ConfigureAwait(false);
            if (known is not null)
            {
                throw new RefusedException($"There is a person {known.UserName} already. Choose another name.");
            }

            var user = new AppUser { UserName = name, DisplayName = shown, CreatedAt = time.GetUtcNow() };
            var link = invitations.Renew(user);
            (await users.CreateAsync(user).ConfigureAwait(false)).OrRefuse();
            (await users.AddToRoleAsync(user, role).ConfigureAwait(false)).OrRefuse();
            return link;
        }, cancellationToken).ConfigureAwait(false);
        await AuditAsync(by, "user.invite", invitation.UserName, role, cancellationToken).ConfigureAwait(false);
        return invitation;
    }

    /// <summary>Gives a person another role, which holds in open sessions from their next request on.</summary>
    /// <exception cref="RefusedException">It is oneself, or there is no such role.</exception>
    public async Task SetRoleAsync(string userName, string role, ClaimsPrincipal by, CancellationToken cancellationToken)
    {
        RequireRole(role);
        await ActAsync(userName, by, "user.role", async (users, user) =>
        {
            var before = await users.GiveRoleAsync(user, role).ConfigureAwait(false);
            return $"{string.Join(", ", before)} → {role}";
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Shuts an account: its sessions end, its tokens, link and password are refused.</summary>
    /// <exception cref="RefusedException">It is oneself.</exception>
    public Task DisableAsync(string userName, ClaimsPrincipal by, CancellationToken cancellationToken) =>
        ActAsync(userName, by, "user.disable", async (users, user) =>
        {
            user.DisabledAt ??= time.GetUtcNow();
            await users.SaveAsync(user).ConfigureAwait(false);
            await sessions.EndAllAsync(user.Id, null, cancellationToken).ConfigureAwait(false);
            return "";
        }, cancellationToken);

    /// <summary>Opens an account again, with the password, role and second factor of before.</summary>
    public Task EnableAsync(string userName, ClaimsPrincipal by, CancellationToken cancellationToken) =>
        ActAsync(userName, by, "user.enable", async (users, user) =>
        {
            user.DisabledAt = null;
            await users.SaveAsync(user).ConfigureAwait(false);
            return "";
        }, cancellationToken);

    /// <summary>Takes the password away and ends all sessions.</summary>
    /// <returns>The link under which the person sets another password.</returns>
    /// <exception cref="RefusedException">It is oneself, or the account is disabled.</exception>
    public async Task<Invitation> ResetPasswordAsync(string userName, ClaimsPrincipal by, CancellationToken cancellationToken)
    {
        Invitation? invitation = null;
        await ActAsync(userName, by, "user.reset-password", async (users, user) =>
        {
            if (user.DisabledAt is not null)
            {
                throw new RefusedException($"{user.UserName} is disabled: the link would not work. Enable the account first.");
            }

            invitation = invitations.Renew(user);
            (await users.RemovePasswordAsync(user).ConfigureAwait(false)).OrRefuse();
            await sessions.EndAllAsync(user.Id, null, cancellationToken).ConfigureAwait(false);
            return "";
        }, cancellationToken).ConfigureAwait(false);
        return invitation!;
    }

    /// <summary>Ends a lock-out after wrong passwords or codes.</summary>
    public Task UnlockAsync(string userName, ClaimsPrincipal by, CancellationToken cancellationToken) =>
        ActAsync(userName, by, "user.unlock", async (users, user) =>
        {
            (user.LockoutEnd, user.AccessFailedCount) = (null, 0);
            await users.SaveAsync(user).ConfigureAwait(false);
            return "";
        }, cancellationToken);

    /// <summary>Takes the second factor away, as when the telephone is lost, and ends all sessions.</summary>
    /// <exception cref="RefusedException">It is oneself.</exception>
    public Task ResetSecondFactorAsync(string userName, ClaimsPrincipal by, CancellationToken cancellationToken) =>
        ActAsync(userName, by, "user.reset-second-factor", async (users, user) =>
        {
            SecondFactor.Clear(user);
            (await users.UpdateSecurityStampAsync(user).ConfigureAwait(false)).OrRefuse();
            await sessions.EndAllAsync(user.Id, null, cancellationToken).ConfigureAwait(false);
            return "";
        }, cancellationToken);

    /// <summary>
    /// Makes an account an admin's that can be entered, when no admin can enter any more: enabled, not locked, without a second factor, its
    /// password to be set anew. Not for the network: only who can read the state directory and the database may ask for it.
    /// </summary>
    /// <returns>The link under which the person sets another password.</returns>
    /// <exception cref="RefusedException">There is no such person; who the admins are is told.</exception>
    public async Task<Invitation> RecoverAsync(string userName, CancellationToken cancellationToken)
    {
        var (invitation, before) = await accounts.ChangeAsync(userName, admins: true, async (users, user) =>
        {
            if (user is null)
            {
                var admins = await users.GetUsersInRoleAsync(Roles.Admin).ConfigureAwait(false);
                throw new RefusedException($"There is no person {userName}. The admins are: {string.Join(", ", admins.Select(admin => admin.UserName))}.");
            }

            var role = (await users.GiveRoleAsync(user, Roles.Admin).ConfigureAwait(false)).MaxBy(Roles.Rank);
            var link = invitations.Renew(user);
            SecondFactor.Clear(user);
            (user.DisabledAt, user.LockoutEnd, user.AccessFailedCount) = (null, null, 0);
            (await users.RemovePasswordAsync(user).ConfigureAwait(false)).OrRefuse();
            await sessions.EndAllAsync(user.Id, null, cancellationToken).ConfigureAwait(false);
            return (link, role);
        }, cancellationToken).ConfigureAwait(false);
        await audit.AppendAsync(
            new AuditEntry(time.GetUtcNow(), "system", "user.recover", invitation.UserName, $"On the dashboard's machine: {before ?? "no role"} → {Roles.Admin}, new password, no second factor."), cancellationToken)
            .ConfigureAwait(false);
        return invitation;
    }

    private static void RequireRole(string role)
    {
        if (!Roles.All.Contains(role))
        {
            throw new RefusedException($"There is no role {role}. Choose one of {string.Join(", ", Roles.All)}.");
        }
    }

    private static async Task RequireAdminAsync(UserManager<AppUser> users, ClaimsPrincipal by)
    {
        if (await users.FindByNameAsync(by.Identity?.Name ?? "").ConfigureAwait(false) is not { } actor
            || !await users.HasAsync(actor, Roles.Admin).ConfigureAwait(false))
        {
            throw new RefusedException("You are not an admin any more. Ask a person with the role Admin.");
        }
    }

    /// <summary>Does something to the account of another person, as an admin, and records it; one act on an account at a time.</summary>
    internal async Task ActAsync(
        string userName, ClaimsPrincipal by, string action, Func<UserManager<AppUser>, AppUser, Task<string>> act, CancellationToken cancellationToken)
    {
        var (name, detail) = await accounts.ChangeAsync(userName, admins: true, async (users, user) =>
        {
            await RequireAdminAsync(users, by).ConfigureAwait(false);
            if (user is null)
            {
                throw new RefusedException($"There is no person {userName}.");
            }

            if (user.NormalizedUserName == users.NormalizeName(by.Identity!.Name))
            {
                throw new RefusedException("This cannot be done to oneself. Ask another admin; your own password and second factor are under Your account.");
            }

            return (user.UserName!, await act(users, user).ConfigureAwait(false));
        }, cancellationToken).ConfigureAwait(false);
        await AuditAsync(by, action, name, detail, cancellationToken).ConfigureAwait(false);
    }

    private Task AuditAsync(ClaimsPrincipal by, string action, string subject, string detail, CancellationToken cancellationToken) =>
        audit.AppendAsync(new AuditEntry(time.GetUtcNow(), by.ActorName(), action, subject, detail), cancellationToken);
}

/// <summary>An account as admins see it.</summary>
/// <param name="UserName">The name to sign in with.</param>
/// <param name="DisplayName">The full name.</param>
/// <param name="Role">The role for everything; null for none.</param>
/// <param name="Grants">Roles on groups of hosts and on waves besides it.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="DisabledAt">Since when it is disabled; null while it is not.</param>
/// <param name="LockedUntil">Until when it is locked after wrong passwords or codes; null while it is not.</param>
/// <param name="InvitedUntil">Until when its one-time link works; null when it has none that does.</param>
/// <param name="HasPassword">Whether a password is set.</param>
/// <param name="SecondFactor">Whether a code is asked for after the password.</param>
public sealed record Person(
    string UserName, string DisplayName, string? Role, IReadOnlyList<GrantedRole> Grants, DateTimeOffset CreatedAt, DateTimeOffset? DisabledAt, DateTimeOffset? LockedUntil,
    DateTimeOffset? InvitedUntil, bool HasPassword, bool SecondFactor)
{
    /// <summary>From the account.</summary>
    public static Person Of(AppUser user, string? role, IReadOnlyList<PersonGrant> grants, DateTimeOffset now) => new(
        user.UserName!, user.DisplayName, role, [.. grants.Select(GrantedRole.Of)], user.CreatedAt, user.DisabledAt, user.LockoutEnd > now ? user.LockoutEnd : null,
        user.InvitationExpiresAt > now ? user.InvitationExpiresAt : null, user.PasswordHash is not null, user.TwoFactorEnabled);
}

/// <summary>A role in a single place.</summary>
/// <param name="Role">Operator or Approver.</param>
/// <param name="GroupId">The group of hosts; null for a wave.</param>
/// <param name="WaveId">The wave; null for a group.</param>
/// <param name="Place">Name of the group or wave.</param>
public sealed record GrantedRole(string Role, Guid? GroupId, Guid? WaveId, string Place)
{
    /// <summary>From the store.</summary>
    public static GrantedRole Of(PersonGrant given) => new(given.Grant.Role, given.Grant.GroupId, given.Grant.WaveId, given.Place);
}
