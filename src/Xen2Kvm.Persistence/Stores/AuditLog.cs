using Microsoft.EntityFrameworkCore;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence.Rows;

namespace Xen2Kvm.Persistence.Stores;

/// <summary>The audit log; the database itself refuses to change or remove an entry.</summary>
internal sealed class AuditLog(IDbContextFactory<Xen2KvmDbContext> contexts) : IAuditLog
{
    public async Task AppendAsync(AuditEntry entry, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        context.Audit.Add(new AuditRow
        {
            At = entry.At,
            By = StoreText.Clean(entry.By),
            Action = StoreText.Clean(entry.Action),
            Subject = StoreText.Clean(entry.Subject),
            Detail = StoreText.Clean(entry.Detail),
        });
        await context.SaveChangesAsync(cancellationToken);
    }

    public async Task<IReadOnlyList<AuditEntry>> ListAsync(int most, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        // By id, the order of writing: clocks of two nodes may differ.
        var rows = await context.Audit.AsNoTracking().OrderByDescending(row => row.Id).Take(most).ToListAsync(cancellationToken);
        return rows.ConvertAll(row => new AuditEntry(row.At, row.By, row.Action, row.Subject, row.Detail));
    }
}
