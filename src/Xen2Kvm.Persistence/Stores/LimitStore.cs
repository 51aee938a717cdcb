using Microsoft.EntityFrameworkCore;
using Xen2Kvm.Domain.Limits;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence.Rows;

namespace Xen2Kvm.Persistence.Stores;

/// <summary>Limits of the installation, each as one document.</summary>
internal sealed class LimitStore(IDbContextFactory<Xen2KvmDbContext> contexts) : ILimitStore
{
    public async Task<IReadOnlyList<LimitRule>> ListAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var documents = await context.Limits.OrderBy(row => row.CreatedAt).ThenBy(row => row.Id).Select(row => row.Document).ToListAsync(cancellationToken);
        return documents.ConvertAll(StoreJson.Read<LimitRule>);
    }

    public async Task<LimitRule> AddAsync(LimitRule rule, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var stored = rule with { Version = 1 };
        context.Limits.Add(new LimitRow { Id = rule.Id, CreatedAt = rule.CreatedAt, Document = StoreJson.Write(stored) });
        await context.SaveChangesAsync(cancellationToken);
        return stored;
    }

    public async Task<LimitRule?> ReplaceAsync(LimitRule rule, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var stored = rule with { Version = rule.Version + 1 };

        // A rule of an earlier release has no version in its document: it is 0.
        var replaced = await context.Database.ExecuteSqlAsync(
            $"UPDATE limits SET document = {StoreJson.Write(stored)}::jsonb WHERE id = {rule.Id} AND coalesce((document->>'version')::int, 0) = {rule.Version}",
            cancellationToken);
        return replaced == 1 ? stored : null;
    }

    public async Task<bool> RemoveAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.Limits.Where(row => row.Id == id).ExecuteDeleteAsync(cancellationToken) > 0;
    }

    public Task<bool> AloneAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken) =>
        AdvisoryLock.AloneAsync(contexts, AdvisoryLock.Bandwidth, work, cancellationToken);
}
