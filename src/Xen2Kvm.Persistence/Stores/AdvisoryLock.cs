using Microsoft.EntityFrameworkCore;

namespace Xen2Kvm.Persistence.Stores;

/// <summary>Locks of the whole database that protect no row: any number, once for each purpose.</summary>
internal static class AdvisoryLock
{
    /// <summary>Who starts the plans of waves.</summary>
    public const long Dispatch = 0x78326b5f77617665;

    /// <summary>Who divides bandwidth.</summary>
    public const long Bandwidth = 0x78326b5f62616e64;

    /// <summary>Who carries out cleanups.</summary>
    public const long Cleanups = 0x78326b5f636c6561;

    /// <summary>Who lets runs past a gate.</summary>
    public const long Gate = 0x78326b5f67617465;

    /// <summary>Does something while nobody else of this database holds the lock; at once, or not at all (false).</summary>
    public static async Task<bool> AloneAsync(
        IDbContextFactory<Xen2KvmDbContext> contexts, long key, Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        // A lock of the session, not of a transaction: the work may take minutes. The server lets go of it when the connection breaks.
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await context.Database.OpenConnectionAsync(cancellationToken);
        if (!await context.Database.SqlQuery<bool>($"SELECT pg_try_advisory_lock({key}) AS \"Value\"").SingleAsync(cancellationToken))
        {
            return false;
        }

        try
        {
            await work(cancellationToken);
            return true;
        }
        finally
        {
            await context.Database.ExecuteSqlAsync($"SELECT pg_advisory_unlock({key})", CancellationToken.None);
        }
    }
}
