using Xen2Kvm.Domain.Inventory;

namespace Xen2Kvm.Engine.Ports;

/// <summary>Groups of hosts, and which host is in which.</summary>
public interface IHostGroupStore
{
    /// <summary>All groups by name.</summary>
    Task<IReadOnlyList<HostGroup>> ListAsync(CancellationToken cancellationToken);

    /// <summary>All hosts by name, each with its group of this moment.</summary>
    Task<IReadOnlyList<GroupedHost>> ListHostsAsync(CancellationToken cancellationToken);

    /// <summary>Adds a group; false when another one has its name.</summary>
    Task<bool> AddAsync(HostGroup group, CancellationToken cancellationToken);

    /// <summary>Stores a group's name; false when another one has it, or the group is gone.</summary>
    Task<bool> RenameAsync(HostGroup group, CancellationToken cancellationToken);

    /// <summary>Removes a group: its hosts are in none, and the roles that people had in it end. False when it was gone.</summary>
    Task<bool> RemoveAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Puts a host into a group, or into none; false when host or group are gone.</summary>
    Task<bool> PutAsync(Guid hostId, Guid? groupId, CancellationToken cancellationToken);
}
