using Microsoft.EntityFrameworkCore;
using Npgsql;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Persistence.Stores;

/// <summary>Roles of people in single places. Whether a role is one that can be given there is the caller's to know.</summary>
internal sealed class GrantStore(IDbContextFactory<Xen2KvmDbContext> contexts, TimeProvider time) : IGrantStore
{
    public async Task<IReadOnlyList<PersonGrant>> ListAsync(Guid? userId, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await (
            from grant in context.Grants
            where userId == null || grant.UserId == userId
            join user in context.Users on grant.UserId equals user.Id
            let place = context.HostGroups.Where(row => row.Id == grant.GroupId).Select(row => row.Name)
                .Concat(context.Waves.Where(row => row.Id == grant.WaveId).Select(row => row.Name)).Max()!
            orderby user.NormalizedUserName, place
            select new PersonGrant(user.Id, user.UserName!, new Grant(grant.Role, grant.GroupId, grant.WaveId), place)).ToListAsync(cancellationToken);
    }

    public async Task<bool> SetAsync(Guid userId, Grant grant, CancellationToken cancellationToken)
    {
        var id = Guid.CreateVersion7(time.GetUtcNow());
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        try
        {
            // One of the two unique indexes holds the row that is replaced.
            await context.Database.ExecuteSqlAsync(
                grant.GroupId is null
                    ? (FormattableString)$"INSERT INTO grants (id, user_id, role, wave_id) VALUES ({id}, {userId}, {grant.Role}, {grant.WaveId}) ON CONFLICT (user_id, wave_id) DO UPDATE SET role = excluded.role"
                    : $"INSERT INTO grants (id, user_id, role, group_id) VALUES ({id}, {userId}, {grant.Role}, {grant.GroupId}) ON CONFLICT (user_id, group_id) DO UPDATE SET role = excluded.role",
                cancellationToken);
            return true;
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            return false;
        }
    }

    public async Task RemoveAsync(Guid userId, Guid? groupId, Guid? waveId, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await context.Grants.Where(row => row.UserId == userId && row.GroupId == groupId && row.WaveId == waveId).ExecuteDeleteAsync(cancellationToken);
    }
}
