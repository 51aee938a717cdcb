using Microsoft.EntityFrameworkCore;
using Npgsql;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Persistence.Stores;

/// <summary>
/// Tells all nodes which runs changed, once that is stored: one statement at a time, for all that changed while the one before was on its way.
/// </summary>
/// <remarks>
/// Not in the transaction that stores: the server lets only one transaction at a time commit that tells something, and each of them would wait
/// for the disk alone. 500 runs with their progress every second would be more than a disk can do.
/// </remarks>
internal sealed class RunTeller(IDbContextFactory<Xen2KvmDbContext> contexts)
{
    private readonly Lock _lock = new();
    private HashSet<Guid> _waiting = [];
    private Task _telling = Task.CompletedTask;
    private Task? _next;

    /// <summary>Tells of a run; done when it was told.</summary>
    public Task TellAsync(Guid id)
    {
        lock (_lock)
        {
            _waiting.Add(id);
            return _next ??= _telling = TellNextAsync(_telling);
        }
    }

    private async Task TellNextAsync(Task before)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.SuppressThrowing);
        Guid[] ids;
        lock (_lock)
        {
            (ids, _waiting, _next) = ([.. _waiting], [], null);
        }

        try
        {
            await using var context = await contexts.CreateDbContextAsync(CancellationToken.None);
            await context.Database.ExecuteSqlAsync(
                $"SELECT pg_notify({ChangeListener.Channel(ChangeKind.Run)}, id::text) FROM unnest({ids}) AS id", CancellationToken.None);
        }
        catch (NpgsqlException)
        {
            // It is stored. The connection went just now, and listeners that lose theirs read everything again.
        }
    }
}
