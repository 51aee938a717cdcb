using Microsoft.EntityFrameworkCore;
using Npgsql;
using Xen2Kvm.Domain.Cleanups;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence.Model;
using Xen2Kvm.Persistence.Rows;

namespace Xen2Kvm.Persistence.Stores;

/// <summary>Cleanups, each as one document with a version: who writes must have seen the one before.</summary>
internal sealed class CleanupStore(IDbContextFactory<Xen2KvmDbContext> contexts) : ICleanupStore
{
    public async Task<IReadOnlyList<Cleanup>> ListAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await ReadAsync(context.Cleanups, cancellationToken);
    }

    public async Task<IReadOnlyList<Cleanup>> ListDeletingAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await ReadAsync(context.Cleanups.Where(row => row.State == CleanupState.Deleting), cancellationToken);
    }

    public async Task<Cleanup?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return (await ReadAsync(context.Cleanups.Where(row => row.Id == id), cancellationToken)).SingleOrDefault();
    }

    public async Task<Cleanup?> FindOpenOfAsync(Guid sourceHostId, string guestName, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var name = StoreText.Clean(guestName);
        var ids = context.CleanupGuests.Where(guest => guest.IsOpen && guest.SourceHostId == sourceHostId && guest.GuestName == name).Select(guest => guest.CleanupId);
        return (await ReadAsync(context.Cleanups.Where(row => ids.Contains(row.Id)), cancellationToken)).SingleOrDefault();
    }

    public async Task<Cleanup?> FindBegunOfAsync(Guid runId, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var ids = context.CleanupGuests.Where(guest => guest.HasBegun && guest.RunId == runId).Select(guest => guest.CleanupId);
        return (await ReadAsync(context.Cleanups.Where(row => ids.Contains(row.Id)), cancellationToken)).FirstOrDefault();
    }

    public async Task<CleanupSave> SaveAsync(Cleanup cleanup, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var row = await context.Cleanups.FromSql($"SELECT * FROM cleanups WHERE id = {cleanup.Id} FOR NO KEY UPDATE").SingleOrDefaultAsync(cancellationToken);
        if ((row?.Version ?? 0) != cleanup.Version)
        {
            return CleanupSave.Stale;
        }

        if (cleanup.State == CleanupState.Deleting && row?.State != CleanupState.Deleting && !await AreProvenAsync(context, cleanup, cancellationToken))
        {
            return CleanupSave.RunChanged;
        }

        if (row is null)
        {
            row = new CleanupRow { Id = cleanup.Id, CreatedAt = cleanup.CreatedAt };
            context.Cleanups.Add(row);
        }

        var next = cleanup with { Version = cleanup.Version + 1 };
        (row.State, row.Version, row.Document) = (next.State, next.Version, StoreJson.Write(next));
        try
        {
            await context.SaveChangesAsync(cancellationToken);
            await context.CleanupGuests.Where(guest => guest.CleanupId == cleanup.Id).ExecuteDeleteAsync(cancellationToken);
            context.CleanupGuests.AddRange(next.Guests.Select(guest => new CleanupGuestRow
            {
                CleanupId = next.Id, SourceHostId = guest.SourceHostId, GuestName = StoreText.Clean(guest.Name), RunId = guest.RunId, IsOpen = next.IsOpen, HasBegun = next.HasBegun,
            }));
            await context.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException exception) when (exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } unique)
        {
            return unique.ConstraintName == CleanupModel.OneOpenOfGuestIndex ? CleanupSave.GuestTaken : CleanupSave.Stale;
        }

        await context.Database.ExecuteSqlAsync($"SELECT pg_notify({ChangeListener.Channel(ChangeKind.Cleanup)}, {cleanup.Id.ToString()})", cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return CleanupSave.Saved;
    }

    public Task<bool> AloneAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken) =>
        AdvisoryLock.AloneAsync(contexts, AdvisoryLock.Cleanups, work, cancellationToken);

    // The rows of the runs are locked until the cleanup is stored: who rolls one back at the same time comes before, and is seen here, or after,
    // and sees that it has begun.
    private static async Task<bool> AreProvenAsync(Xen2KvmDbContext context, Cleanup cleanup, CancellationToken cancellationToken)
    {
        foreach (var id in cleanup.Guests.Select(guest => guest.RunId).Order())
        {
            var run = await context.Runs.FromSql($"SELECT * FROM runs WHERE id = {id} FOR NO KEY UPDATE").AsNoTracking().ToListAsync(cancellationToken);
            if (run is not [{ State: RunState.Succeeded, Intent: not RunIntent.RollBack }])
            {
                return false;
            }
        }

        return true;
    }

    private static async Task<IReadOnlyList<Cleanup>> ReadAsync(IQueryable<CleanupRow> rows, CancellationToken cancellationToken)
    {
        var documents = await rows.OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id).Select(row => row.Document).ToListAsync(cancellationToken);
        return documents.ConvertAll(StoreJson.Read<Cleanup>);
    }
}
