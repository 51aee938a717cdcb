using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Inventory;

/// <summary>Groups hosts. Who may do what on a host follows its group from the next request on.</summary>
public sealed class HostGroupService(IHostGroupStore groups, IGrantStore grants, IAuditLog audit, TimeProvider time)
{
    /// <summary>All groups by name.</summary>
    public Task<IReadOnlyList<HostGroup>> ListAsync(CancellationToken cancellationToken) => groups.ListAsync(cancellationToken);

    /// <summary>All hosts by name, each with its group.</summary>
    public Task<IReadOnlyList<GroupedHost>> ListHostsAsync(CancellationToken cancellationToken) => groups.ListHostsAsync(cancellationToken);

    /// <summary>Every role that somebody has on a group, by person.</summary>
    public async Task<IReadOnlyList<PersonGrant>> ListRolesAsync(CancellationToken cancellationToken) =>
        [.. (await grants.ListAsync(null, cancellationToken).ConfigureAwait(false)).Where(given => given.Grant.GroupId is not null)];

    /// <summary>A group by id or name, or null.</summary>
    public async Task<HostGroup?> FindAsync(string idOrName, CancellationToken cancellationToken)
    {
        var all = await groups.ListAsync(cancellationToken).ConfigureAwait(false);
        return all.FirstOrDefault(group => string.Equals(group.Id.ToString(), idOrName, StringComparison.OrdinalIgnoreCase)) ?? Named(all, idOrName);
    }

    /// <summary>Adds a group without hosts.</summary>
    /// <exception cref="RefusedException">The name is taken, or will not do.</exception>
    public async Task<HostGroup> AddAsync(string name, string by, CancellationToken cancellationToken)
    {
        var group = new HostGroup(Guid.CreateVersion7(time.GetUtcNow()), name.Trim());
        await CheckAsync(group, cancellationToken).ConfigureAwait(false);
        if (!await groups.AddAsync(group, cancellationToken).ConfigureAwait(false))
        {
            throw Taken(group);
        }

        await AuditAsync(by, "group.add", group.Name, "", cancellationToken).ConfigureAwait(false);
        return group;
    }

    /// <summary>Gives a group another name.</summary>
    /// <exception cref="RefusedException">The name is taken, or will not do, or the group is gone.</exception>
    public async Task<HostGroup> RenameAsync(HostGroup group, string name, string by, CancellationToken cancellationToken)
    {
        var renamed = group with { Name = name.Trim() };
        await CheckAsync(renamed, cancellationToken).ConfigureAwait(false);
        if (!await groups.RenameAsync(renamed, cancellationToken).ConfigureAwait(false))
        {
            throw await FindAsync(group.Id.ToString(), cancellationToken).ConfigureAwait(false) is null ? Gone(group) : Taken(renamed);
        }

        await AuditAsync(by, "group.rename", renamed.Name, $"{group.Name} → {renamed.Name}", cancellationToken).ConfigureAwait(false);
        return renamed;
    }

    /// <summary>Removes a group: its hosts are in none from then on, and the roles in it end.</summary>
    /// <exception cref="RefusedException">It is gone already.</exception>
    public async Task RemoveAsync(HostGroup group, string by, CancellationToken cancellationToken)
    {
        var hosts = (await groups.ListHostsAsync(cancellationToken).ConfigureAwait(false)).Where(host => host.Group?.Id == group.Id).Select(host => host.Name).ToList();
        var roles = (await ListRolesAsync(cancellationToken).ConfigureAwait(false)).Where(given => given.Grant.GroupId == group.Id)
            .Select(given => $"{given.UserName} {given.Grant.Role}").ToList();
        if (!await groups.RemoveAsync(group.Id, cancellationToken).ConfigureAwait(false))
        {
            throw Gone(group);
        }

        await AuditAsync(by, "group.remove", group.Name, $"hosts: {Words(hosts)}; roles that ended: {Words(roles)}", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Puts a host into a group, or into none.</summary>
    /// <exception cref="RefusedException">Host or group are gone.</exception>
    public async Task PutAsync(GroupedHost host, HostGroup? group, string by, CancellationToken cancellationToken)
    {
        if (!await groups.PutAsync(host.Id, group?.Id, cancellationToken).ConfigureAwait(false))
        {
            throw group is null ? new RefusedException($"{host.Name} is not known any more. Load the page again.") : Gone(group);
        }

        await AuditAsync(by, "host.group", host.Name, $"{host.Group?.Name ?? "no group"} → {group?.Name ?? "no group"}", cancellationToken).ConfigureAwait(false);
    }

    private async Task CheckAsync(HostGroup group, CancellationToken cancellationToken)
    {
        if (HostGroup.Problem(group.Name) is { } problem)
        {
            throw new RefusedException(problem);
        }

        // Two names that differ in their case alone would be taken for one by people; the store sees to the rest.
        if (Named(await groups.ListAsync(cancellationToken).ConfigureAwait(false), group.Name) is { } other && other.Id != group.Id)
        {
            throw Taken(group);
        }
    }

    private static HostGroup? Named(IEnumerable<HostGroup> all, string name) =>
        all.FirstOrDefault(group => string.Equals(group.Name, name.Trim(), StringComparison.OrdinalIgnoreCase));

    private static RefusedException Taken(HostGroup group) => new($"There is a group {group.Name} already. Choose another name.");

    private static RefusedException Gone(HostGroup group) => new($"The group {group.Name} is gone. Load the page again.");

    private static string Words(List<string> names) => names.Count == 0 ? "none" : string.Join(", ", names);

    private Task AuditAsync(string by, string action, string subject, string detail, CancellationToken cancellationToken) =>
        audit.AppendAsync(new AuditEntry(time.GetUtcNow(), by, action, subject, detail), cancellationToken);
}
