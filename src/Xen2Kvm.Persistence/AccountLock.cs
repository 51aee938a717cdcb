using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Xen2Kvm.Persistence;

/// <summary>Lets one change of an account happen at a time, on all nodes of a database.</summary>
public static class AccountLock
{
    /// <summary>Begins a transaction that holds a name until its end; who asks for the same name meanwhile waits.</summary>
    public static async Task<IDbContextTransaction> BeginLockedAsync(this Xen2KvmDbContext context, string name, CancellationToken cancellationToken)
    {
        var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        await context.LockAsync(name, cancellationToken);
        return transaction;
    }

    /// <summary>Takes a further name into the running transaction.</summary>
    public static Task LockAsync(this Xen2KvmDbContext context, string name, CancellationToken cancellationToken) =>
        context.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({"x2k account " + name}, 0))", cancellationToken);
}
