using Microsoft.EntityFrameworkCore;
using Xen2Kvm.Engine.Records;
using Xen2Kvm.Persistence.Rows;

namespace Xen2Kvm.Persistence.Stores;

/// <summary>
/// Where the audit log ends: kept apart from it and written in the transaction of each entry, so that entries removed from the end are
/// missed.
/// </summary>
/// <param name="Id">Number of the last entry; 0 before the first.</param>
/// <param name="Hash">Its hash.</param>
internal sealed record AuditHead(long Id, byte[] Hash)
{
    private const string _key = "audit-head";

    /// <summary>Rows that are chained by one statement.</summary>
    private const int _batch = 5000;

    /// <summary>The head; null when there is none (any more).</summary>
    public static async Task<AuditHead?> FindAsync(Xen2KvmDbContext context, CancellationToken cancellationToken)
    {
        var value = await context.Settings.Where(row => row.Key == _key).Select(row => row.Value).SingleOrDefaultAsync(cancellationToken);
        return value is null ? null : StoreJson.Read<AuditHead>(value);
    }

    /// <summary>Moves the head on. One that is gone stays so: the next check shall miss it.</summary>
    public Task MoveAsync(Xen2KvmDbContext context, DateTimeOffset at, CancellationToken cancellationToken) =>
        context.Database.ExecuteSqlAsync(
            $"UPDATE settings SET value = {StoreJson.Write(this)}::jsonb, updated_at = {at.ToUniversalTime()} WHERE key = {_key}", cancellationToken);

    /// <summary>
    /// Begins the chain where there is none: a new database, or one whose entries are from before there was a chain. A chain that has
    /// lost its head is left alone.
    /// </summary>
    public static async Task BeginAsync(Xen2KvmDbContext context, DateTimeOffset at, CancellationToken cancellationToken)
    {
        if (await FindAsync(context, cancellationToken) is not null || await context.Audit.AnyAsync(row => row.Hash != Array.Empty<byte>(), cancellationToken))
        {
            return;
        }

        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        await context.Database.ExecuteSqlAsync($"ALTER TABLE audit DISABLE TRIGGER audit_is_append_only", cancellationToken);
        var head = new AuditHead(0, AuditChain.Beginning.ToArray());
        while (await ChainAsync(context, head, cancellationToken) is { } further)
        {
            head = further;
        }

        await context.Database.ExecuteSqlAsync($"ALTER TABLE audit ENABLE TRIGGER audit_is_append_only", cancellationToken);
        context.Settings.Add(new SettingRow { Key = _key, Value = StoreJson.Write(head), UpdatedAt = at });
        await context.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Chains the next rows; null when there are none.</summary>
    private static async Task<AuditHead?> ChainAsync(Xen2KvmDbContext context, AuditHead head, CancellationToken cancellationToken)
    {
        var rows = await context.Audit.AsNoTracking().Where(row => row.Id > head.Id).OrderBy(row => row.Id).Take(_batch).ToListAsync(cancellationToken);
        if (rows.Count == 0)
        {
            return null;
        }

        var hash = head.Hash;
        var hashes = rows.ConvertAll(row => hash = AuditLog.HashOf(row, hash));
        var ids = rows.ConvertAll(row => row.Id);
        await context.Database.ExecuteSqlAsync(
            $"UPDATE audit SET hash = chained.hash FROM unnest({ids}, {hashes}) AS chained (id, hash) WHERE audit.id = chained.id", cancellationToken);
        return new AuditHead(ids[^1], hash);
    }
}
