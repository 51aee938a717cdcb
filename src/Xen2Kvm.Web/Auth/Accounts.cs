using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence;

namespace Xen2Kvm.Web.Auth;

/// <summary>
/// Changes accounts, one change of an account at a time: of two requests that guess a password, use a code or demote each other at the same
/// moment, the second sees what the first has done.
/// </summary>
public sealed class Accounts(IServiceScopeFactory scopes)
{
    // No user can have this name; its brackets are not allowed in one.
    private const string Admins = "(admins)";

    /// <summary>Reads accounts.</summary>
    public async Task<T> ReadAsync<T>(Func<UserManager<AppUser>, Task<T>> read)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await read(scope.ServiceProvider.GetRequiredService<UserManager<AppUser>>()).ConfigureAwait(false);
    }

    /// <summary>Changes the account of a name, or makes it: the change is given null when there is none. All of it is stored, or nothing.</summary>
    /// <param name="userName">The account.</param>
    /// <param name="admins">The change may take an admin away: no other one may do so meanwhile.</param>
    /// <param name="change">What to do.</param>
    /// <param name="cancellationToken">Gives up before the change begins.</param>
    public async Task<T> ChangeAsync<T>(
        string userName, bool admins, Func<UserManager<AppUser>, AppUser?, Task<T>> change, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var context = scope.ServiceProvider.GetRequiredService<Xen2KvmDbContext>();
        var users = scope.ServiceProvider.GetRequiredService<UserManager<AppUser>>();

        // What people type may hold what the database refuses.
        var name = userName.Trim().Replace('\0', '\uFFFD');
        await using var transaction = await context.BeginLockedAsync(users.NormalizeName(name)!, cancellationToken).ConfigureAwait(false);
        if (admins)
        {
            // Always taken last, so that nobody waits in a circle.
            await context.LockAsync(Admins, cancellationToken).ConfigureAwait(false);
        }

        var result = await change(users, await users.FindByNameAsync(name).ConfigureAwait(false)).ConfigureAwait(false);
        await transaction.CommitAsync(CancellationToken.None).ConfigureAwait(false);
        return result;
    }

    /// <inheritdoc cref="ChangeAsync{T}(string, bool, Func{UserManager{AppUser}, AppUser, Task{T}}, CancellationToken)"/>
    public Task<T> ChangeAsync<T>(string userName, Func<UserManager<AppUser>, AppUser?, Task<T>> change, CancellationToken cancellationToken) =>
        ChangeAsync(userName, false, change, cancellationToken);
}

/// <summary>What every change of an account needs.</summary>
internal static class AccountExtensions
{
    /// <summary>The one role that an account has for everything; null for none.</summary>
    public static async Task<string?> RoleAsync(this UserManager<AppUser> users, AppUser user) =>
        (await users.GetRolesAsync(user).ConfigureAwait(false)).MaxBy(Roles.Rank);

    /// <summary>What an account may do, and where.</summary>
    public static async Task<Standing> StandingAsync(this UserManager<AppUser> users, AppUser user, IGrantStore grants, CancellationToken cancellationToken) => new(
        await users.RoleAsync(user).ConfigureAwait(false),
        [.. (await grants.ListAsync(user.Id, cancellationToken).ConfigureAwait(false)).Select(given => given.Grant)]);

    /// <summary>Whether an account is enabled and its role includes another.</summary>
    public static async Task<bool> HasAsync(this UserManager<AppUser> users, AppUser user, string role) =>
        user.DisabledAt is null && await users.RoleAsync(user).ConfigureAwait(false) is { } own && Roles.AtLeast(role).Contains(own);

    /// <summary>Gives an account one role for everything in place of what it had.</summary>
    /// <returns>What it had.</returns>
    public static async Task<IList<string>> GiveRoleAsync(this UserManager<AppUser> users, AppUser user, string role)
    {
        var before = await users.GetRolesAsync(user).ConfigureAwait(false);
        (await users.RemoveFromRolesAsync(user, before).ConfigureAwait(false)).OrRefuse();
        (await users.AddToRoleAsync(user, role).ConfigureAwait(false)).OrRefuse();
        return before;
    }

    /// <summary>Stores a changed account.</summary>
    public static async Task SaveAsync(this UserManager<AppUser> users, AppUser user) =>
        (await users.UpdateAsync(user).ConfigureAwait(false)).OrRefuse();

    /// <summary>Turns a refusal of Identity into one that a person reads.</summary>
    /// <exception cref="RefusedException">It was refused.</exception>
    public static void OrRefuse(this IdentityResult result)
    {
        if (!result.Succeeded)
        {
            throw new RefusedException(string.Join(' ', result.Errors.Select(error => error.Description)));
        }
    }

    /// <summary>Checks a password; a wrong one counts towards the lock-out.</summary>
    /// <returns>Null when right, else <c>wrong</c> or <c>locked</c>.</returns>
    public static async Task<string?> CheckAsync(this UserManager<AppUser> users, AppUser user, string? password) =>
        await users.IsLockedOutAsync(user).ConfigureAwait(false) ? "locked"
        : await users.CheckPasswordAsync(user, password ?? "").ConfigureAwait(false) ? null
        : await users.CountWrongAsync(user).ConfigureAwait(false);

    /// <summary>Counts a wrong password or code.</summary>
    /// <returns><c>locked</c> when it was one too many, else <c>wrong</c>.</returns>
    public static async Task<string> CountWrongAsync(this UserManager<AppUser> users, AppUser user)
    {
        (await users.AccessFailedAsync(user).ConfigureAwait(false)).OrRefuse();
        return await users.IsLockedOutAsync(user).ConfigureAwait(false) ? "locked" : "wrong";
    }
}
