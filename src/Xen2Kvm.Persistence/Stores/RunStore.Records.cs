using Microsoft.EntityFrameworkCore;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence.Rows;

namespace Xen2Kvm.Persistence.Stores;

/// <content>What a run leaves behind: log, samples and evidence.</content>
internal sealed partial class RunStore
{
    public async Task AppendLogAsync(Guid id, IReadOnlyList<RunLogEntry> log, CancellationToken cancellationToken)
    {
        if (log.Count == 0)
        {
            return;
        }

        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var row = await LockAsync(context, id, cancellationToken)
            ?? throw new InvalidOperationException($"There is no run {id}; its log was not stored.");
        AddLog(context, row, log);
        await CommitAsync(context, id, cancellationToken);
    }

    public async Task<IReadOnlyList<RunLogLine>> ReadLogAsync(Guid id, long after, int most, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await context.RunLog.AsNoTracking().Where(row => row.RunId == id && row.Sequence > after)
            .OrderBy(row => row.Sequence).Take(most)
            .ToListAsync(cancellationToken);
        return rows.ConvertAll(ToLine);
    }

    public async Task<IReadOnlyList<RunLogLine>> ReadLogBackAsync(Guid id, RunLogQuery query, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await context.RunLog.FromSqlRaw(LogSql.OfRun(query), LogSql.Values(query, id)).AsNoTracking().ToListAsync(cancellationToken);
        rows.Reverse();
        return rows.ConvertAll(ToLine);
    }

    public async Task AppendSamplesAsync(Guid id, IReadOnlyList<RunSample> samples, CancellationToken cancellationToken)
    {
        if (samples.Count == 0)
        {
            return;
        }

        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        context.RunSamples.AddRange(samples.Select(sample => new RunSampleRow
        {
            RunId = id,
            At = sample.At,
            ReadBytesPerSecond = sample.ReadBytesPerSecond,
            SentBytesPerSecond = sample.SentBytesPerSecond,
            DurableBytesPerSecond = sample.DurableBytesPerSecond,
            Reachable = sample.Reachable,
        }));
        await context.SaveChangesAsync(cancellationToken);
        await teller.TellAsync(id);
    }

    public async Task<IReadOnlyList<RunSample>> ReadSamplesAsync(Guid id, DateTimeOffset since, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await context.RunSamples.AsNoTracking().Where(row => row.RunId == id && row.At >= since)
            .OrderBy(row => row.At).ThenBy(row => row.Id)
            .ToListAsync(cancellationToken);
        return rows.ConvertAll(row =>
            new RunSample(row.At, row.ReadBytesPerSecond, row.SentBytesPerSecond, row.DurableBytesPerSecond, row.Reachable));
    }

    public async Task SaveEvidenceAsync(Guid id, RunEvidence evidence, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        await context.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO run_evidence (run_id, name, media_type, content, at)
            VALUES ({id}, {StoreText.Clean(evidence.Name)}, {StoreText.Clean(evidence.MediaType)}, {evidence.Content.ToArray()},
                {evidence.At.ToUniversalTime()})
            ON CONFLICT (run_id, name) DO UPDATE SET media_type = excluded.media_type, content = excluded.content, at = excluded.at
            """,
            cancellationToken);
        await CommitAsync(context, id, cancellationToken);
    }

    public async Task<IReadOnlyList<RunEvidence>> ListEvidenceAsync(Guid id, bool withContent, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await context.RunEvidence.AsNoTracking().Where(row => row.RunId == id).OrderBy(row => row.At).ThenBy(row => row.Name)
            .Select(row => new { row.Name, row.MediaType, Content = withContent ? row.Content : null, row.At })
            .ToListAsync(cancellationToken);
        return rows.ConvertAll(row => new RunEvidence(row.Name, row.MediaType, row.Content, row.At));
    }

    public async Task<RunEvidence?> FindEvidenceAsync(Guid id, string name, CancellationToken cancellationToken)
    {
        var clean = StoreText.Clean(name);
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var row = await context.RunEvidence.AsNoTracking()
            .SingleOrDefaultAsync(row => row.RunId == id && row.Name == clean, cancellationToken);
        return row is null ? null : new RunEvidence(row.Name, row.MediaType, row.Content, row.At);
    }

    private static RunLogLine ToLine(RunLogRow row) => new(row.Sequence, row.At, row.StepId, row.Level, row.Text);

    /// <summary>Numbers the lines. The row must be locked.</summary>
    private static void AddLog(Xen2KvmDbContext context, RunRow row, IReadOnlyList<RunLogEntry> log)
    {
        foreach (var entry in log)
        {
            context.RunLog.Add(new RunLogRow
            {
                RunId = row.Id,
                Sequence = ++row.LastSequence,
                At = entry.At,
                StepId = StoreText.CleanOrNull(entry.StepId),
                Level = entry.Level,
                Text = StoreText.Clean(entry.Text),
            });
        }
    }
}
