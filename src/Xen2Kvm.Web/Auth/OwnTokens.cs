using System.Security.Claims;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Web.Auth;

/// <summary>People's API tokens: each sees, makes and revokes their own; an admin sees and revokes everyone's.</summary>
public sealed class OwnTokens(IApiTokenStore tokens, IHostGroupStore groups, IAuditLog audit, TimeProvider time)
{
    /// <summary>How many days a token is valid where nothing else is said.</summary>
    public const int DefaultDays = 90;

    private const int MostDays = 3650;

    /// <summary>The tokens that somebody may see, newest first.</summary>
    public Task<IReadOnlyList<ApiToken>> ListAsync(ClaimsPrincipal by, CancellationToken cancellationToken) =>
        tokens.ListAsync(by.IsInRole(Roles.Admin) ? null : by.Identity!.Name, cancellationToken);

    /// <summary>Makes a token.</summary>
    /// <param name="name">What to call it.</param>
    /// <param name="role">Its role; null for one's own.</param>
    /// <param name="scope">Its <see cref="TokenScope"/>.</param>
    /// <param name="groupIds">Groups of hosts on which alone it may act; null for wherever one may oneself.</param>
    /// <param name="days">Days until it expires; 0 for never.</param>
    /// <param name="by">Whose it will be.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The token, and its text, which is shown this once.</returns>
    /// <exception cref="RefusedException">It would have more power than its maker, or something is missing.</exception>
    public async Task<(ApiToken Token, string Plain)> MakeAsync(
        string? name, string? role, string scope, IReadOnlyList<Guid>? groupIds, int days, ClaimsPrincipal by, CancellationToken cancellationToken)
    {
        var own = Standing.Of(by).Highest ?? Roles.Viewer;
        if (by.IsByToken())
        {
            throw new RefusedException("A token cannot make further tokens. Sign in to make one.");
        }

        if (string.IsNullOrWhiteSpace(name) || name.Trim().Length > 100)
        {
            throw new RefusedException("Give the token a name of 1 to 100 characters.");
        }

        if (role is not null && (Roles.Rank(role) < 0 || Roles.Rank(role) > Roles.Rank(own)))
        {
            throw new RefusedException($"A token's role is one of {string.Join(", ", Roles.All)}, and not more than your own ({own}).");
        }

        if (!TokenScope.Known.Contains(scope))
        {
            throw new RefusedException($"A token's scope is one of {string.Join(", ", TokenScope.Known)}.");
        }

        var names = (await groups.ListAsync(cancellationToken).ConfigureAwait(false)).Where(group => groupIds?.Contains(group.Id) == true).Select(group => group.Name).ToList();
        if (groupIds is { Count: 0 } || names.Count < (groupIds?.Distinct().Count() ?? 0))
        {
            throw new RefusedException("Name the groups of hosts on which the token may act, or no limit at all. One of those named is not known.");
        }

        if (days is < 0 or > MostDays)
        {
            throw new RefusedException($"A token is valid for 1 to {MostDays} days, or 0 for ever.");
        }

        var made = await tokens.CreateAsync(
            name.Trim(), by.Identity!.Name!, role ?? own, scope, groupIds, days == 0 ? null : time.GetUtcNow().AddDays(days), cancellationToken).ConfigureAwait(false);
        await AuditAsync(by, "token.create", made.Token, $"{made.Token.Role}, scope {scope}{(names.Count > 0 ? $", groups {string.Join(", ", names)}" : "")}", cancellationToken).ConfigureAwait(false);
        return made;
    }

    /// <summary>Revokes a token for good; false when there is none of that id that one may see.</summary>
    public async Task<bool> RevokeAsync(Guid id, ClaimsPrincipal by, CancellationToken cancellationToken)
    {
        var seen = await ListAsync(by, cancellationToken).ConfigureAwait(false);
        if (seen.FirstOrDefault(token => token.Id == id) is not { } found || !await tokens.RevokeAsync(id, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        await AuditAsync(by, "token.revoke", found, found.Owner, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private Task AuditAsync(ClaimsPrincipal by, string action, ApiToken token, string detail, CancellationToken cancellationToken) =>
        audit.AppendAsync(new AuditEntry(time.GetUtcNow(), by.ActorName(), action, token.Name, detail), cancellationToken);
}
