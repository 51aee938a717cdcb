using Xen2Kvm.Domain.Limits;

namespace Xen2Kvm.Engine.Ports;

/// <summary>Limits of the whole installation. Each call is one transaction.</summary>
public interface ILimitStore
{
    /// <summary>All rules, the oldest first.</summary>
    Task<IReadOnlyList<LimitRule>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Adds a rule.</summary>
    /// <returns>The rule as stored.</returns>
    Task<LimitRule> AddAsync(LimitRule rule, CancellationToken cancellationToken);

    /// <summary>Replaces the rule of this id and <see cref="LimitRule.Version"/>.</summary>
    /// <returns>The rule as stored; null when it was changed or removed meanwhile.</returns>
    Task<LimitRule?> ReplaceAsync(LimitRule rule, CancellationToken cancellationToken);

    /// <summary>Removes a rule; false when there is none of this id.</summary>
    Task<bool> RemoveAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>
    /// Does something while no other process of this database does the same; at once, or not at all: false when another one is at it. A
    /// process that dies lets go of it.
    /// </summary>
    Task<bool> AloneAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken);
}
