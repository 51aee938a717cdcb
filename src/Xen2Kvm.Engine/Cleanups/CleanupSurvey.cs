using Xen2Kvm.Domain.Cleanups;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Cleanups;

/// <summary>What a look at guests found.</summary>
/// <param name="Guests">Those that were moved and proven.</param>
/// <param name="Problems">Why nothing of them may be deleted now, in sentences; empty when it may.</param>
/// <param name="Items">What they left behind, in the order of deletion.</param>
public sealed record Survey(IReadOnlyList<CleanupGuest> Guests, IReadOnlyList<string> Problems, IReadOnlyList<CleanupItem> Items);

/// <summary>Looks at moved guests on their hosts. Changes nothing.</summary>
public sealed class CleanupSurvey(IHostStore hosts, IPlanStore plans, IWaveStore waves, IRunStore runs, IHostConnector connector)
{
    /// <summary>Looks at guests: how each stands, and what it left behind. A host that does not answer is a problem like another.</summary>
    public async Task<Survey> LookAsync(IReadOnlyList<(Guid SourceHostId, string Guest)> guests, CancellationToken cancellationToken)
    {
        var look = new HostLook(hosts, connector);
        var (found, problems, items) = (new List<CleanupGuest>(), new List<string>(), new List<CleanupItem>());
        foreach (var (host, name) in guests)
        {
            try
            {
                var moved = await OpenAsync(look, host, name, cancellationToken).ConfigureAwait(false);
                var standing = await moved.StandAsync(cancellationToken).ConfigureAwait(false);
                problems.AddRange(standing.Problems());
                if (moved.Describe() is { } described)
                {
                    found.Add(described);
                    items.AddRange(await moved.LookAsync(cancellationToken).ConfigureAwait(false));
                }
            }
            catch (Exception failure) when (failure is RemoteException or RefusedException)
            {
                problems.Add(failure.Message);
            }
        }

        return new Survey(found, problems, CleanupRules.InOrder(items));
    }

    /// <summary>A guest with its hosts, to be asked afresh.</summary>
    /// <exception cref="RefusedException">It was never moved, or what its move rests on is gone.</exception>
    internal Task<MovedGuest> OpenAsync(Guid sourceHostId, string guest, CancellationToken cancellationToken) =>
        OpenAsync(new HostLook(hosts, connector), sourceHostId, guest, cancellationToken);

    private async Task<MovedGuest> OpenAsync(HostLook look, Guid sourceHostId, string guest, CancellationToken cancellationToken)
    {
        var moves = await runs.ListOfAsync(sourceHostId, guest, cancellationToken).ConfigureAwait(false);
        var known = new List<(Run Run, Plan Plan)>();
        foreach (var run in moves)
        {
            if (await plans.FindAsync(run.PlanId, cancellationToken).ConfigureAwait(false) is { } plan)
            {
                known.Add((run, plan));
            }
        }

        return known.Count > 0 && known[0].Run.Id == moves[0].Id
            ? new MovedGuest(
                known[0].Run, known[0].Plan, [.. known.Skip(1)], (await waves.FindOpenOfAsync(sourceHostId, guest, cancellationToken).ConfigureAwait(false))?.Name, look)
            : throw new RefusedException($"{guest} was not moved by this program. Only what a move left behind is cleaned up.");
    }
}
