using Microsoft.EntityFrameworkCore;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Persistence.Stores;

/// <summary>Plans, each as one document.</summary>
internal sealed class PlanStore(IDbContextFactory<Xen2KvmDbContext> contexts) : IPlanStore
{
    public async Task<IReadOnlyList<Plan>> ListAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var documents = await context.Plans.OrderByDescending(row => row.CreatedAt).ThenBy(row => row.Id).Select(row => row.Document)
            .ToListAsync(cancellationToken);
        return documents.ConvertAll(StoreJson.Read<Plan>);
    }

    public async Task<IReadOnlyList<LatestPlan>> ListLatestAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.Database.SqlQuery<LatestPlan>(
            $"""
            SELECT DISTINCT ON (source_host_id, guest_name) id, source_host_id AS sourcehostid, guest_name AS guestname
            FROM plans ORDER BY source_host_id, guest_name, created_at DESC, id
            """).ToListAsync(cancellationToken);
    }

    public async Task<Plan?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var document = await context.Plans.Where(row => row.Id == id).Select(row => row.Document).SingleOrDefaultAsync(cancellationToken);
        return document is null ? null : StoreJson.Read<Plan>(document);
    }

    public async Task SaveAsync(Plan plan, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await context.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO plans (id, source_host_id, target_host_id, guest_name, created_at, created_by, document)
            VALUES ({plan.Id}, {plan.SourceHostId}, {plan.TargetHostId}, {StoreText.Clean(plan.Source.Name)},
                {plan.CreatedAt.ToUniversalTime()}, {StoreText.Clean(plan.CreatedBy)}, {StoreJson.Write(plan)}::jsonb)
            ON CONFLICT (id) DO UPDATE SET source_host_id = excluded.source_host_id, target_host_id = excluded.target_host_id,
                guest_name = excluded.guest_name, created_at = excluded.created_at, created_by = excluded.created_by,
                document = excluded.document
            """,
            cancellationToken);
    }
}
