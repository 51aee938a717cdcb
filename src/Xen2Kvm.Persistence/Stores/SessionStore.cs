using Microsoft.EntityFrameworkCore;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence.Rows;

namespace Xen2Kvm.Persistence.Stores;

/// <summary>Sessions in the database, so that one that is ended on one node is ended on all.</summary>
internal sealed class SessionStore(IDbContextFactory<Xen2KvmDbContext> contexts, TimeProvider time) : ISessionStore
{
    private const int _longestText = 300;

    /// <summary>A session used many times a second costs one write a minute.</summary>
    private static readonly TimeSpan _useIsNotedEvery = TimeSpan.FromMinutes(1);

    public async Task<Guid> OpenAsync(Guid userId, string address, string userAgent, TimeSpan idle, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await context.Sessions.Where(row => row.ExpiresAt <= now).ExecuteDeleteAsync(cancellationToken);
        var row = new SessionRow
        {
            Id = Guid.CreateVersion7(now), UserId = userId, Since = now, LastSeenAt = now, ExpiresAt = now + idle,
            Address = Short(address), UserAgent = Short(userAgent),
        };
        context.Sessions.Add(row);
        await context.SaveChangesAsync(cancellationToken);
        return row.Id;
    }

    public async Task<SessionHolder?> FindAsync(Guid id, TimeSpan idle, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var found = await (
            from session in context.Sessions
            join user in context.Users on session.UserId equals user.Id
            where session.Id == id && session.ExpiresAt > now && user.DisabledAt == null
            select new
            {
                session.LastSeenAt,
                Holder = new SessionHolder(
                    user.Id, user.UserName!,
                    (from given in context.UserRoles join role in context.Roles on given.RoleId equals role.Id where given.UserId == user.Id select role.Name)
                        .FirstOrDefault()),
                Grants = context.Grants.Where(grant => grant.UserId == user.Id).Select(grant => new Grant(grant.Role, grant.GroupId, grant.WaveId)).ToList(),
            }).SingleOrDefaultAsync(cancellationToken);
        if (found is not null && now - found.LastSeenAt >= _useIsNotedEvery)
        {
            await context.Sessions.Where(row => row.Id == id).ExecuteUpdateAsync(
                set => set.SetProperty(row => row.LastSeenAt, now).SetProperty(row => row.ExpiresAt, now + idle), cancellationToken);
        }

        return found is null ? null : found.Holder with { Grants = found.Grants };
    }

    public async Task<IReadOnlyList<SessionOfPerson>> ListAsync(Guid userId, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.Sessions.Where(row => row.UserId == userId && row.ExpiresAt > now)
            .OrderByDescending(row => row.LastSeenAt).ThenByDescending(row => row.Id)
            .Select(row => new SessionOfPerson(row.Id, row.Since, row.LastSeenAt, row.Address, row.UserAgent))
            .ToListAsync(cancellationToken);
    }

    public async Task<bool> EndAsync(Guid userId, Guid id, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.Sessions.Where(row => row.UserId == userId && row.Id == id).ExecuteDeleteAsync(cancellationToken) > 0;
    }

    public async Task<int> EndAllAsync(Guid userId, Guid? but, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.Sessions.Where(row => row.UserId == userId && row.Id != but).ExecuteDeleteAsync(cancellationToken);
    }

    private static string Short(string text)
    {
        var clean = StoreText.Clean(text);
        return clean.Length <= _longestText ? clean : clean[.._longestText];
    }
}
