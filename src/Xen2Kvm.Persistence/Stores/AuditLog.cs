using System.Data;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Records;
using Xen2Kvm.Persistence.Rows;

namespace Xen2Kvm.Persistence.Stores;

/// <summary>The audit log; the database itself refuses to change or remove an entry, and each is chained to the one before it.</summary>
internal sealed class AuditLog(IDbContextFactory<Xen2KvmDbContext> contexts, TimeProvider time) : IAuditLog
{
    /// <summary>Key of the advisory lock that lets one node append at a time: "x2kaudit" as bytes.</summary>
    private const long _appendLock = 0x78326B6175646974;

    public async Task AppendAsync(AuditEntry entry, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        await context.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({_appendLock})", cancellationToken);
        var head = await AuditHead.FindAsync(context, cancellationToken);
        var last = await context.Audit.AsNoTracking().OrderByDescending(row => row.Id).Select(row => new { row.Id, row.Hash })
            .FirstOrDefaultAsync(cancellationToken);
        var row = new AuditRow
        {
            // They differ only when somebody was at the tables. The act is recorded all the same, where the next check finds the fault.
            Id = Math.Max(head?.Id ?? 0, last?.Id ?? 0) + 1,
            At = AuditChain.Time(AuditChain.Microseconds(entry.At)),
            By = StoreText.Clean(entry.By),
            Action = StoreText.Clean(entry.Action),
            Subject = StoreText.Clean(entry.Subject),
            Detail = StoreText.Clean(entry.Detail),
        };
        row.Hash = HashOf(row, head?.Hash ?? last?.Hash ?? AuditChain.Beginning.ToArray());
        context.Audit.Add(row);
        await context.SaveChangesAsync(cancellationToken);
        await new AuditHead(row.Id, row.Hash).MoveAsync(context, entry.At, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    public async Task<IReadOnlyList<AuditRecord>> SearchAsync(AuditQuery query, int most, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        // By id, the order of writing: clocks of two nodes may differ.
        var rows = await Matching(context, query).OrderByDescending(row => row.Id).Take(most).ToListAsync(cancellationToken);
        return rows.ConvertAll(ToRecord);
    }

    public async IAsyncEnumerable<AuditRecord> ReadAsync(AuditQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await foreach (var row in Matching(context, query).OrderBy(row => row.Id).AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            yield return ToRecord(row);
        }
    }

    public async Task<AuditNames> ListNamesAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return new(await DistinctAsync(context, "by", cancellationToken), await DistinctAsync(context, "action", cancellationToken));
    }

    public async Task<AuditVerdict> VerifyAsync(CancellationToken cancellationToken)
    {
        var at = time.GetUtcNow();
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        // One moment for head and entries: what is appended meanwhile is not seen.
        await using var transaction = await context.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        var head = await AuditHead.FindAsync(context, cancellationToken);
        var (entries, last) = (0L, new AuditHead(0, AuditChain.Beginning.ToArray()));
        await using var rows = context.Audit.AsNoTracking().OrderBy(row => row.Id).AsAsyncEnumerable().GetAsyncEnumerator(cancellationToken);
        while (await rows.MoveNextAsync())
        {
            var row = rows.Current;
            if (row.Id > head?.Id)
            {
                return Verdict(new(AuditFaultKind.Inserted, row.Id));
            }

            if (!Fits(row, last))
            {
                var isInserted = await rows.MoveNextAsync() && Fits(rows.Current, last);
                return Verdict(new(
                    isInserted ? AuditFaultKind.Inserted : row.Id > last.Id + 1 ? AuditFaultKind.Missing : AuditFaultKind.Changed, row.Id));
            }

            (entries, last) = (entries + 1, new AuditHead(row.Id, row.Hash));
        }

        return Verdict(head is null ? new(AuditFaultKind.HeadMissing, last.Id)
            : last.Id < head.Id ? new(AuditFaultKind.CutOff, last.Id)
            : !last.Hash.AsSpan().SequenceEqual(head.Hash) ? new(AuditFaultKind.Changed, last.Id)
            : null);

        AuditVerdict Verdict(AuditFault? fault) => new(at, entries, last.Id, Convert.ToHexStringLower(last.Hash), fault);
    }

    /// <summary>The hash of an entry after one with the hash <paramref name="previous"/>.</summary>
    internal static byte[] HashOf(AuditRow row, byte[] previous) =>
        AuditChain.Hash(previous, row.Id, AuditChain.Microseconds(row.At), row.By, row.Action, row.Subject, row.Detail);

    private static bool Fits(AuditRow row, AuditHead last) => row.Hash.AsSpan().SequenceEqual(HashOf(row, last.Hash));

    private static IQueryable<AuditRow> Matching(Xen2KvmDbContext context, AuditQuery query)
    {
        var rows = context.Audit.AsNoTracking();
        if (!string.IsNullOrWhiteSpace(query.Text))
        {
            var pattern = $"%{StoreText.Clean(query.Text.Trim()).Replace(@"\", @"\\").Replace("%", @"\%").Replace("_", @"\_")}%";
            rows = rows.Where(row => EF.Functions.ILike(row.Subject, pattern, @"\") || EF.Functions.ILike(row.Detail, pattern, @"\"));
        }

        if (query.By is not null)
        {
            var by = StoreText.Clean(query.By);
            rows = rows.Where(row => row.By == by);
        }

        if (query.Action is not null)
        {
            var action = StoreText.Clean(query.Action);
            rows = rows.Where(row => row.Action == action);
        }

        if (query.From is { } from)
        {
            rows = rows.Where(row => row.At >= from);
        }

        if (query.To is { } to)
        {
            rows = rows.Where(row => row.At < to);
        }

        return query.Before is { } before ? rows.Where(row => row.Id < before) : rows;
    }

    // From one name to the next by the index: DISTINCT would read every entry.
    private static Task<List<string>> DistinctAsync(Xen2KvmDbContext context, string column, CancellationToken cancellationToken)
    {
        var next = $"SELECT {column} FROM audit WHERE {column} > names.name ORDER BY {column} LIMIT 1";
#pragma warning disable EF1002 // The column is one of two words of this class.
        return context.Database.SqlQueryRaw<string>(
            $"""
            WITH RECURSIVE names AS (
                (SELECT {column} AS name FROM audit ORDER BY {column} LIMIT 1)
                UNION ALL
                SELECT ({next}) FROM names WHERE name IS NOT NULL)
            SELECT name AS "Value" FROM names WHERE name IS NOT NULL
            """).ToListAsync(cancellationToken);
#pragma warning restore EF1002
    }

    private static AuditRecord ToRecord(AuditRow row) =>
        new(row.Id, row.At, row.By, row.Action, row.Subject, row.Detail, Convert.ToHexStringLower(row.Hash));
}
