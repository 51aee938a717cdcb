using Microsoft.EntityFrameworkCore;
using Npgsql;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Persistence.Stores;

/// <summary>Groups of hosts. Each call is one statement, so that two admins at once leave nothing half done.</summary>
internal sealed class HostGroupStore(IDbContextFactory<Xen2KvmDbContext> contexts) : IHostGroupStore
{
    public async Task<IReadOnlyList<HostGroup>> ListAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.HostGroups.OrderBy(row => row.Name).Select(row => new HostGroup(row.Id, row.Name)).ToListAsync(cancellationToken);
    }

    public async Task<IReadOnlyList<GroupedHost>> ListHostsAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await (
            from host in context.Hosts
            join row in context.HostGroups on host.GroupId equals row.Id into rows
            from @group in rows.DefaultIfEmpty()
            orderby host.Name
            select new GroupedHost(host.Id, host.Name, @group == null ? null : new HostGroup(@group.Id, @group.Name))).ToListAsync(cancellationToken);
    }

    public Task<bool> AddAsync(HostGroup group, CancellationToken cancellationToken) => UnlessAsync(
        PostgresErrorCodes.UniqueViolation,
        context => context.Database.ExecuteSqlAsync($"INSERT INTO host_groups (id, name) VALUES ({group.Id}, {StoreText.Clean(group.Name)})", cancellationToken),
        cancellationToken);

    public Task<bool> RenameAsync(HostGroup group, CancellationToken cancellationToken) => UnlessAsync(
        PostgresErrorCodes.UniqueViolation,
        context => context.Database.ExecuteSqlAsync($"UPDATE host_groups SET name = {StoreText.Clean(group.Name)} WHERE id = {group.Id}", cancellationToken),
        cancellationToken);

    public async Task<bool> RemoveAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.HostGroups.Where(row => row.Id == id).ExecuteDeleteAsync(cancellationToken) > 0;
    }

    public Task<bool> PutAsync(Guid hostId, Guid? groupId, CancellationToken cancellationToken) => UnlessAsync(
        PostgresErrorCodes.ForeignKeyViolation,
        context => context.Hosts.Where(row => row.Id == hostId).ExecuteUpdateAsync(set => set.SetProperty(row => row.GroupId, groupId), cancellationToken),
        cancellationToken);

    // Whether a row was written; false, too, when the database refuses it for that reason.
    private async Task<bool> UnlessAsync(string refusal, Func<Xen2KvmDbContext, Task<int>> write, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        try
        {
            return await write(context) > 0;
        }
        catch (PostgresException exception) when (exception.SqlState == refusal)
        {
            return false;
        }
    }
}
