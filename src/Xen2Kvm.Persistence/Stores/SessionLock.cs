using Microsoft.EntityFrameworkCore;

namespace Xen2Kvm.Persistence.Stores;

/// <summary>
/// Locks of a database session, not of a transaction: the work may take minutes. The server lets go of one when its connection breaks.
/// </summary>
internal static class SessionLock
{
    /// <summary>Driving waves. Any number that nothing else of this database locks by.</summary>
    public const long Waves = 0x78326b5f77617665;

    /// <summary>Carrying out cleanups.</summary>
    public const long Cleanups = 0x78326b5f636c6561;

    /// <summary>Does something while no other session holds the lock; at once, or not at all: false when another one does.</summary>
    public static async Task<bool> AloneAsync(
        IDbContextFactory<Xen2KvmDbContext> contexts, long key, Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
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
