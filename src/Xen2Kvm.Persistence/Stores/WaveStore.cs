using Microsoft.EntityFrameworkCore;
using Npgsql;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence.Model;
using Xen2Kvm.Persistence.Rows;

namespace Xen2Kvm.Persistence.Stores;

/// <summary>Waves, each as one document with a version: who writes must have seen the one before.</summary>
internal sealed class WaveStore(IDbContextFactory<Xen2KvmDbContext> contexts) : IWaveStore
{
    private static readonly WaveState[] Ended = [WaveState.Done, WaveState.Cancelled];

    public async Task<IReadOnlyList<Wave>> ListAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await ReadAsync(context.Waves, cancellationToken);
    }

    public async Task<IReadOnlyList<Wave>> ListOpenAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await ReadAsync(context.Waves.Where(row => !Ended.Contains(row.State)), cancellationToken);
    }

    public async Task<Wave?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return (await ReadAsync(context.Waves.Where(row => row.Id == id), cancellationToken)).SingleOrDefault();
    }

    public async Task<Wave?> FindOpenOfAsync(Guid sourceHostId, string guestName, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var name = StoreText.Clean(guestName);
        var ids = context.WaveGuests.Where(guest => guest.SourceHostId == sourceHostId && guest.GuestName == name).Select(guest => guest.WaveId);
        return (await ReadAsync(context.Waves.Where(row => ids.Contains(row.Id)), cancellationToken)).SingleOrDefault();
    }

    public async Task<WaveDossier?> FindDossierAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var document = await context.Waves.Where(row => row.Id == id).Select(row => row.Dossier).SingleOrDefaultAsync(cancellationToken);
        return document is null ? null : StoreJson.Read<WaveDossier>(document);
    }

    public async Task<WaveSave> SaveAsync(Wave wave, WaveDossier? dossier, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var row = await context.Waves.FromSql($"SELECT * FROM waves WHERE id = {wave.Id} FOR NO KEY UPDATE").SingleOrDefaultAsync(cancellationToken);
        if ((row?.Version ?? 0) != wave.Version)
        {
            return WaveSave.Stale;
        }

        if (row is null)
        {
            row = new WaveRow { Id = wave.Id, CreatedAt = wave.CreatedAt };
            context.Waves.Add(row);
        }

        var next = wave with { Version = wave.Version + 1 };
        (row.Name, row.State, row.Version, row.Document) = (StoreText.Clean(next.Name), next.State, next.Version, StoreJson.Write(next));
        row.Dossier = dossier is null ? row.Dossier : StoreJson.Write(dossier);
        try
        {
            await context.SaveChangesAsync(cancellationToken);
            await HoldGuestsAsync(context, next, cancellationToken);
        }
        catch (DbUpdateException exception) when (exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } unique)
        {
            return unique.ConstraintName switch
            {
                WaveModel.OneOpenNameIndex => WaveSave.NameTaken,
                "pk_waves" => WaveSave.Stale,
                _ => WaveSave.GuestTaken,
            };
        }

        await context.Database.ExecuteSqlAsync($"SELECT pg_notify({ChangeListener.Channel(ChangeKind.Wave)}, {wave.Id.ToString()})", cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return WaveSave.Saved;
    }

    public async Task<IReadOnlyList<Run>> ListRunsAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await context.Runs.AsNoTracking().Where(row => row.WaveId == id).OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id)
            .ToListAsync(cancellationToken);
        return rows.ConvertAll(RunMapping.ToRun);
    }

    public async Task<IReadOnlyList<WaveLogLine>> ReadLogAsync(Guid id, RunLogQuery query, CancellationToken cancellationToken)
    {
        // Each run numbers its own lines.
        query = query with { Before = long.MaxValue };
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await context.Database.SqlQueryRaw<LogRow>(LogSql.OfWave(query), LogSql.Values(query, id)).ToListAsync(cancellationToken);
        rows.Reverse();
        return rows.ConvertAll(row => new WaveLogLine(row.RunId, row.GuestName, new RunLogLine(row.Sequence, new DateTimeOffset(row.At, TimeSpan.Zero), row.StepId, (RunLogLevel)row.Level, row.Text)));
    }

    public async Task<IReadOnlyList<RunSample>> ReadSamplesAsync(Guid id, string? host, DateTimeOffset since, CancellationToken cancellationToken)
    {
        // A run gives a sample every two seconds: in four seconds each has its say, and gives its mean.
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await context.Database.SqlQuery<Throughput>(
            $"""
            SELECT at, sum(read) AS read, sum(sent) AS sent, sum(durable) AS durable
            FROM (
                SELECT date_bin('4 seconds', s.at, 'epoch') AS at, avg(s.read_bytes_per_second) AS read, avg(s.sent_bytes_per_second) AS sent,
                    avg(s.durable_bytes_per_second) AS durable
                FROM run_samples s JOIN runs r ON r.id = s.run_id
                WHERE r.wave_id = {id} AND s.at >= {since.ToUniversalTime()} AND ({host}::text IS NULL OR r.source_host = {host} OR r.target_host = {host})
                GROUP BY 1, s.run_id) each
            GROUP BY at ORDER BY at
            """).ToListAsync(cancellationToken);
        return rows.ConvertAll(row => new RunSample(new DateTimeOffset(row.At, TimeSpan.Zero), row.Read, row.Sent, row.Durable));
    }

    public Task<bool> AloneAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken) =>
        AdvisoryLock.AloneAsync(contexts, AdvisoryLock.Dispatch, work, cancellationToken);

    // Most changes of a wave leave its guests as they are, and a wave may have hundreds.
    private static async Task HoldGuestsAsync(Xen2KvmDbContext context, Wave wave, CancellationToken cancellationToken)
    {
        var wanted = wave.IsOpen ? wave.Entries.Select(entry => (entry.SourceHostId, GuestName: StoreText.Clean(entry.GuestName))).ToHashSet() : [];
        var held = await context.WaveGuests.Where(guest => guest.WaveId == wave.Id).ToDictionaryAsync(guest => (guest.SourceHostId, guest.GuestName), cancellationToken);
        context.WaveGuests.RemoveRange(held.Where(guest => !wanted.Contains(guest.Key)).Select(guest => guest.Value));
        context.WaveGuests.AddRange(wanted.Where(key => !held.ContainsKey(key)).Select(key => new WaveGuestRow { SourceHostId = key.SourceHostId, GuestName = key.GuestName, WaveId = wave.Id }));
        await context.SaveChangesAsync(cancellationToken);
    }

    private sealed record LogRow(Guid RunId, string GuestName, long Sequence, DateTime At, string? StepId, short Level, string Text);

    private sealed record Throughput(DateTime At, double Read, double Sent, double Durable);

    private static async Task<IReadOnlyList<Wave>> ReadAsync(IQueryable<WaveRow> rows, CancellationToken cancellationToken)
    {
        var documents = await rows.OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id).Select(row => row.Document).ToListAsync(cancellationToken);
        return documents.ConvertAll(StoreJson.Read<Wave>);
    }
}
