namespace Xen2Kvm.Engine.Ports;

/// <summary>A browser in which somebody has signed in.</summary>
/// <param name="Id">Stable id, to end it by.</param>
/// <param name="Since">When the person signed in.</param>
/// <param name="LastSeenAt">When it was last used, to within a minute.</param>
/// <param name="Address">Network address of the sign-in.</param>
/// <param name="UserAgent">What the browser says it is.</param>
public sealed record SessionOfPerson(Guid Id, DateTimeOffset Since, DateTimeOffset LastSeenAt, string Address, string UserAgent);

/// <summary>Who stands behind a session at this moment.</summary>
/// <param name="UserId">The account.</param>
/// <param name="UserName">Its name.</param>
/// <param name="Role">The role it has now for everything; null for none.</param>
public sealed record SessionHolder(Guid UserId, string UserName, string? Role)
{
    /// <summary>Roles in single places, besides that one.</summary>
    public IReadOnlyList<Grant> Grants { get; init; } = [];
}

/// <summary>Sessions of signed-in people. A cookie only names one: whether it is open, and what its holder may do, is read here each time.</summary>
public interface ISessionStore
{
    /// <summary>Opens a session that ends when it was idle for so long.</summary>
    Task<Guid> OpenAsync(Guid userId, string address, string userAgent, TimeSpan idle, CancellationToken cancellationToken);

    /// <summary>The holder of an open session, noting its use; null when it has ended or its holder is disabled.</summary>
    Task<SessionHolder?> FindAsync(Guid id, TimeSpan idle, CancellationToken cancellationToken);

    /// <summary>The open sessions of an account, the latest used first.</summary>
    Task<IReadOnlyList<SessionOfPerson>> ListAsync(Guid userId, CancellationToken cancellationToken);

    /// <summary>Ends one session of an account; false when it has no such session.</summary>
    Task<bool> EndAsync(Guid userId, Guid id, CancellationToken cancellationToken);

    /// <summary>Ends all sessions of an account but one, or all.</summary>
    /// <returns>How many.</returns>
    Task<int> EndAllAsync(Guid userId, Guid? but, CancellationToken cancellationToken);
}
