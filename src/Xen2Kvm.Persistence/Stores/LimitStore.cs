using Microsoft.EntityFrameworkCore;
using Xen2Kvm.Domain.Limits;
using Xen2Kvm.Engine.Ports;

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

    public async Task SaveAsync(LimitRule rule, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await context.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO limits (id, created_at, document) VALUES ({rule.Id}, {rule.CreatedAt.ToUniversalTime()}, {StoreJson.Write(rule)}::jsonb)
            ON CONFLICT (id) DO UPDATE SET document = excluded.document
            """,
            cancellationToken);
    }

    public async Task<bool> RemoveAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.Limits.Where(row => row.Id == id).ExecuteDeleteAsync(cancellationToken) > 0;
    }

    public Task<bool> AloneAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken) =>
        AdvisoryLock.AloneAsync(contexts, AdvisoryLock.Bandwidth, work, cancellationToken);
}
