namespace Xen2Kvm.Engine.Ports;

/// <summary>An API token as it is kept: never the token itself, only what is known of it.</summary>
/// <param name="Id">Stable id, to revoke it by.</param>
/// <param name="Name">What its owner calls it.</param>
/// <param name="Owner">User name of the person it acts for.</param>
/// <param name="Role">The role it has: never more than its owner's.</param>
/// <param name="Scope">What of the API it may use: <c>all</c>, <c>read</c>, or the name of one area.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="LastUsedAt">When it was last used, to within a minute; null when never.</param>
/// <param name="ExpiresAt">From when on it is refused; null for never.</param>
public sealed record ApiToken(
    Guid Id, string Name, string Owner, string Role, string Scope, DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt, DateTimeOffset? ExpiresAt)
{
    /// <summary>Groups of hosts on which it may act, and nowhere else; null for wherever its owner may. A group that is gone stays in it and gives nothing.</summary>
    public IReadOnlyList<Guid>? Groups { get; init; }
}

/// <summary>API tokens. Only a hash is kept, so a token is shown once and cannot be looked up again.</summary>
public interface IApiTokenStore
{
    /// <summary>Makes a token; the plain text (<c>x2k_…</c>) is returned here and never again.</summary>
    Task<(ApiToken Token, string Plain)> CreateAsync(
        string name, string owner, string role, string scope, IReadOnlyList<Guid>? groups, DateTimeOffset? expiresAt, CancellationToken cancellationToken);

    /// <summary>The token of a plain text, noting its use; null when it is unknown, revoked or has expired.</summary>
    Task<ApiToken?> FindAsync(string plain, CancellationToken cancellationToken);

    /// <summary>All tokens, expired ones included, newest first; of one owner when one is given.</summary>
    Task<IReadOnlyList<ApiToken>> ListAsync(string? owner, CancellationToken cancellationToken);

    /// <summary>Revokes a token for good; false when there is none of that id.</summary>
    Task<bool> RevokeAsync(Guid id, CancellationToken cancellationToken);
}
