using Microsoft.EntityFrameworkCore;
using Npgsql;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Notifications;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence.Model;
using Xen2Kvm.Persistence.Rows;

namespace Xen2Kvm.Persistence.Stores;

/// <summary>The run ledger.</summary>
/// <remarks>
/// Every change of a run locks its row first, so changes come one after another and the numbers of its log have no gaps. A worker's
/// change must find its own epoch on the row. Epochs rise with a claim and also when a person's act changes the state under a worker
/// that has not let go yet: such a worker is not touching hosts, and must not write its older view over the person's wish.
/// Leases are told by the program's clock: nodes whose clocks differ by more than a lease take claims from each other too early, which
/// the epoch makes harmless, not useful.
/// </remarks>
internal sealed partial class RunStore(IDbContextFactory<Xen2KvmDbContext> contexts, RunTeller teller, TimeProvider time) : IRunStore
{
    public async Task<bool> CreateAsync(Run run, Guid sourceHostId, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        context.Runs.Add(RunMapping.ToRow(run, sourceHostId));
        try
        {
            await context.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException exception) when (HoldsGuest(exception))
        {
            return false;
        }

        await CommitAsync(context, run.Id, cancellationToken);
        return true;
    }

    public async Task<Run?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var row = await context.Runs.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellationToken);
        return row is null ? null : RunMapping.ToRun(row);
    }

    public async Task<IReadOnlyList<Run>> ListAsync(int most, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await context.Runs.AsNoTracking().OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id).Take(most)
            .ToListAsync(cancellationToken);
        return rows.ConvertAll(RunMapping.ToRun);
    }

    public async Task<IReadOnlyList<Run>> ListAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await context.Runs.AsNoTracking().Where(row => ids.Contains(row.Id)).ToListAsync(cancellationToken);
        return rows.ConvertAll(RunMapping.ToRun);
    }

    public async Task<IReadOnlyList<LatestRun>> ListLatestAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await context.Database.SqlQuery<LatestRow>(
            $"""
            SELECT DISTINCT ON (source_host, guest_name) id, source_host AS sourcehost, guest_name AS guestname, state
            FROM runs ORDER BY source_host, guest_name, created_at DESC, id DESC
            """).ToListAsync(cancellationToken);
        return rows.ConvertAll(row => new LatestRun(row.Id, row.SourceHost, row.GuestName, Enum.Parse<RunState>(row.State)));
    }

    public async Task<IReadOnlyList<NewestRun>> ListNewestAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await context.Runs.FromSql($"SELECT DISTINCT ON (source_host_id, guest_name) * FROM runs ORDER BY source_host_id, guest_name, created_at DESC, id DESC")
            .AsNoTracking().ToListAsync(cancellationToken);
        return [.. rows.OrderBy(row => row.SourceHost, StringComparer.Ordinal).ThenBy(row => row.GuestName, StringComparer.Ordinal)
            .Select(row => new NewestRun(row.SourceHostId, RunMapping.ToRun(row)))];
    }

    public async Task<IReadOnlyList<RunEnd>> ListEndsAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var after = since.ToUniversalTime();
        return await context.Runs.Where(row => row.FinishedAt > after)
            .Select(row => new RunEnd(row.SourceHost, row.TargetHost, row.FinishedAt!.Value)).ToListAsync(cancellationToken);
    }

    public async Task<IReadOnlyList<Run>> ListOfAsync(Guid sourceHostId, string guestName, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var name = StoreText.Clean(guestName);
        var rows = await context.Runs.AsNoTracking().Where(row => row.SourceHostId == sourceHostId && row.GuestName == name)
            .OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id).ToListAsync(cancellationToken);
        return rows.ConvertAll(RunMapping.ToRun);
    }

    public async Task<IReadOnlyList<Run>> ListInFlightAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await ListInFlightAsync(context, cancellationToken);
    }

    public async Task<(Run Run, RunClaim Claim)?> ClaimNextAsync(string worker, TimeSpan lease, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await ClaimAsync(context, worker, lease, [], cancellationToken);
    }

    public async Task<(Run Run, RunClaim Claim)?> ClaimNextAsync(string worker, TimeSpan lease, RunGate gate, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        await context.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({AdvisoryLock.Gate})", cancellationToken);
        Guid[] waiting = [.. await gate(await ListInFlightAsync(context, cancellationToken), cancellationToken)];
        var claimed = await ClaimAsync(context, worker, lease, waiting, cancellationToken);

        // What is claimed has begun, for the next one who asks the gate.
        if (claimed is { Run: { State: RunState.Queued, StartedAt: null } run })
        {
            DateTimeOffset? begun = time.GetUtcNow();
            await context.Runs.Where(row => row.Id == run.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.StartedAt, begun), cancellationToken);
            claimed = (run with { StartedAt = begun }, claimed.Value.Claim);
        }

        await transaction.CommitAsync(cancellationToken);
        return claimed;
    }

    private static async Task<IReadOnlyList<Run>> ListInFlightAsync(Xen2KvmDbContext context, CancellationToken cancellationToken)
    {
        var rows = await context.Runs.AsNoTracking()
            .Where(row => row.State == RunState.Queued || row.State == RunState.Running || row.State == RunState.NeedsAnswer || row.State == RunState.RollingBack)
            .OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id).ToListAsync(cancellationToken);
        return rows.ConvertAll(RunMapping.ToRun);
    }

    private async Task<(Run Run, RunClaim Claim)?> ClaimAsync(
        Xen2KvmDbContext context, string worker, TimeSpan lease, Guid[] except, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var rows = await context.Runs.FromSql(
            $"""
            WITH next AS (
                SELECT id FROM runs
                WHERE state IN ('Queued', 'Running', 'RollingBack') AND (lease_until IS NULL OR lease_until <= {now}) AND id <> ALL({except})
                ORDER BY created_at, id
                LIMIT 1
                FOR NO KEY UPDATE SKIP LOCKED)
            UPDATE runs SET epoch = epoch + 1, worker = {StoreText.Clean(worker)}, lease_until = {now + lease}
            FROM next WHERE runs.id = next.id
            RETURNING runs.*
            """).AsNoTracking().ToListAsync(cancellationToken);
        return rows is [var row] ? (RunMapping.ToRun(row), new RunClaim(row.Id, row.Epoch)) : null;
    }

    public async Task<Run> RenewAsync(RunClaim claim, TimeSpan lease, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await context.Runs.FromSql(
            $"""
            UPDATE runs SET lease_until = {time.GetUtcNow() + lease}
            WHERE id = {claim.RunId} AND epoch = {claim.Epoch} AND worker IS NOT NULL
            RETURNING runs.*
            """).AsNoTracking().ToListAsync(cancellationToken);
        return rows is [var row] ? RunMapping.ToRun(row) : throw new ClaimLostException(claim.RunId);
    }

    public async Task SaveAsync(RunClaim claim, Run run, IReadOnlyList<RunLogEntry> log, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        if (log.Count == 0 && await TickAsync(context, claim, run, cancellationToken))
        {
            return;
        }

        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var row = await LockAsync(context, claim.RunId, cancellationToken);
        if (row is null || !Holds(row, claim))
        {
            throw new ClaimLostException(claim.RunId);
        }

        RunMapping.WriteProgress(row, run);
        AddLog(context, row, log);
        await CommitAsync(context, row.Id, cancellationToken);
    }

    public async Task ReleaseAsync(RunClaim claim, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var row = await LockAsync(context, claim.RunId, cancellationToken);
        if (row is null || !Holds(row, claim))
        {
            return;
        }

        row.Worker = null;
        row.LeaseUntil = null;
        var before = RunMapping.ToRun(row);
        var after = RunRules.AtRelease(before, time.GetUtcNow());
        if (!await TryApplyAsync(context, row, after, after == before ? null : Wish(after), cancellationToken))
        {
            // Meanwhile another run has the guest, so this one cannot be rolled back any more; only the claim is given back.
            await context.Runs.Where(other => other.Id == row.Id && other.Epoch == claim.Epoch).ExecuteUpdateAsync(
                set => set.SetProperty(other => other.Worker, (string?)null).SetProperty(other => other.LeaseUntil, (DateTimeOffset?)null),
                cancellationToken);
        }
    }

    public async Task<Run?> SetIntentAsync(Guid id, RunIntent intent, string by, bool deleteTarget, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var row = await LockAsync(context, id, cancellationToken);
        if (row is null || RunRules.WithIntent(RunMapping.ToRun(row), intent, by, deleteTarget, time.GetUtcNow()) is not { } run)
        {
            return null;
        }

        // A cleanup that has begun to delete the source took this row's lock before.
        if (intent == RunIntent.RollBack && await context.CleanupGuests.AnyAsync(guest => guest.RunId == id && guest.HasBegun, cancellationToken))
        {
            return null;
        }

        return await TryApplyAsync(context, row, run, Wish(run), cancellationToken) ? RunMapping.ToRun(row) : null;
    }

    public async Task<bool> AnswerAsync(Guid id, string questionId, string value, string by, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var row = await LockAsync(context, id, cancellationToken);
        if (row is null || RunRules.WithAnswer(RunMapping.ToRun(row), questionId, value) is not { } run)
        {
            return false;
        }

        return await TryApplyAsync(context, row, run, $"{by} answered {questionId} with {value}.", cancellationToken);
    }

    /// <summary>Stores what a run without a new state or line has come to, in one statement: of hundreds of runs each does that every second.</summary>
    /// <returns>False when the state is new or the claim is lost: then nothing was stored.</returns>
    private async Task<bool> TickAsync(Xen2KvmDbContext context, RunClaim claim, Run run, CancellationToken cancellationToken)
    {
        var next = new RunRow();
        RunMapping.WriteProgress(next, run);
        var stored = await context.Runs.Where(row => row.Id == claim.RunId && row.Epoch == claim.Epoch && row.Worker != null && row.State == next.State)
            .ExecuteUpdateAsync(
                set => set.SetProperty(row => row.Steps, next.Steps).SetProperty(row => row.Question, next.Question).SetProperty(row => row.StartedAt, next.StartedAt)
                    .SetProperty(row => row.FinishedAt, next.FinishedAt).SetProperty(row => row.DownSince, next.DownSince).SetProperty(row => row.UpAgainAt, next.UpAgainAt)
                    .SetProperty(row => row.Error, next.Error),
                cancellationToken);
        if (stored == 0)
        {
            return false;
        }

        await teller.TellAsync(claim.RunId);
        return true;
    }

    /// <summary>Stores a person's act with its log line; false when another unfinished run has the guest by now.</summary>
    private async Task<bool> TryApplyAsync(Xen2KvmDbContext context, RunRow row, Run run, string? line, CancellationToken cancellationToken)
    {
        if (row.State != run.State && row.Worker is not null)
        {
            row.Epoch++;
            row.Worker = null;
            row.LeaseUntil = null;
        }

        RunMapping.WriteProgress(row, run);
        RunMapping.WriteWish(row, run);
        AddLog(context, row, line is null ? [] : [new(time.GetUtcNow(), null, RunLogLevel.Info, line)]);
        try
        {
            await CommitAsync(context, row.Id, cancellationToken);
            return true;
        }
        catch (DbUpdateException exception) when (HoldsGuest(exception))
        {
            await context.Database.RollbackTransactionAsync(cancellationToken);
            return false;
        }
    }

    private static string Wish(Run run) => run.Intent switch
    {
        RunIntent.Forward => $"{run.IntentBy} asked to go on.",
        RunIntent.Stop => $"{run.IntentBy} asked to stop.",
        _ when run.DeleteTargetOnRollBack => $"{run.IntentBy} asked to roll back, and to delete the target's disks.",
        _ => $"{run.IntentBy} asked to roll back; the target's disks are kept.",
    };

    private sealed record LatestRow(Guid Id, string SourceHost, string GuestName, string State);

    private static bool Holds(RunRow row, RunClaim claim) => row.Epoch == claim.Epoch && row.Worker is not null;

    private static bool HoldsGuest(DbUpdateException exception) =>
        exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } inner
        && inner.ConstraintName == RunModel.OneUnfinishedRunIndex;

    private static async Task<RunRow?> LockAsync(Xen2KvmDbContext context, Guid id, CancellationToken cancellationToken)
    {
        var rows = await context.Runs.FromSql($"SELECT * FROM runs WHERE id = {id} FOR NO KEY UPDATE").ToListAsync(cancellationToken);
        return rows.SingleOrDefault();
    }

    /// <summary>Saves, puts into the outbox what people are told of a new state, commits, and then tells the listeners.</summary>
    private async Task CommitAsync(Xen2KvmDbContext context, Guid id, CancellationToken cancellationToken)
    {
        context.ChangeTracker.DetectChanges();
        var changed = context.ChangeTracker.Entries<RunRow>().SingleOrDefault(entry => entry.Property(row => row.State).IsModified);
        await context.SaveChangesAsync(cancellationToken);
        if (changed is { Entity: var row } && RunEvents.Of(RunMapping.ToRun(row), row.LastSequence) is { } raised)
        {
            await NotificationOutbox.AddAsync(context, raised, time.GetUtcNow(), cancellationToken);
        }

        await context.Database.CommitTransactionAsync(cancellationToken);
        await teller.TellAsync(id);
    }
}
