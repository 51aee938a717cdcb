namespace Xen2Kvm.Engine.Ports;

/// <summary>A role that somebody has in one place besides the one for everything: on the hosts of a group, or on a wave.</summary>
/// <param name="Role">The role.</param>
/// <param name="GroupId">The group of hosts; null for a wave.</param>
/// <param name="WaveId">The wave; null for a group.</param>
public sealed record Grant(string Role, Guid? GroupId, Guid? WaveId);

/// <summary>Whose grant it is, in words.</summary>
/// <param name="UserId">The account.</param>
/// <param name="UserName">Its name.</param>
/// <param name="Grant">The role and its place.</param>
/// <param name="Place">Name of the group or wave.</param>
public sealed record PersonGrant(Guid UserId, string UserName, Grant Grant, string Place);

/// <summary>Roles of people on groups of hosts and on waves. They go with the account, the group and the wave.</summary>
public interface IGrantStore
{
    /// <summary>The grants of one account, or of all, by person and place.</summary>
    Task<IReadOnlyList<PersonGrant>> ListAsync(Guid? userId, CancellationToken cancellationToken);

    /// <summary>Gives a role in a place in the stead of the one that the account had there; false when the place is gone.</summary>
    Task<bool> SetAsync(Guid userId, Grant grant, CancellationToken cancellationToken);

    /// <summary>Takes the role away that an account has in a place, if it has one.</summary>
    Task RemoveAsync(Guid userId, Guid? groupId, Guid? waveId, CancellationToken cancellationToken);
}
