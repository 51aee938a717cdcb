using System.Collections.Concurrent;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Limits;

/// <summary>What limits need to know of a plan.</summary>
/// <param name="SourceHostId">Host that its guest leaves.</param>
/// <param name="Pools">Volume groups and pools that its disks go to.</param>
/// <param name="RateLimit">Its own bound in bytes per second; null for none.</param>
public sealed record PlanPlace(Guid SourceHostId, IReadOnlyList<string> Pools, long? RateLimit)
{
    /// <summary>The place of a plan.</summary>
    public static PlanPlace Of(Plan plan) => new(
        plan.SourceHostId, [.. plan.Target.Disks.Select(disk => disk.StorageName).Distinct(StringComparer.Ordinal)],
        plan.RateLimitBytesPerSecond > 0 ? plan.RateLimitBytesPerSecond : null);
}

/// <summary>Remembers the places of plans: they are asked for every few seconds, and a plan's place never changes.</summary>
public sealed class PlanPlaces(IPlanStore plans)
{
    private const int Most = 20_000;
    private readonly ConcurrentDictionary<Guid, PlanPlace> _known = new();

    /// <summary>The places of these plans; a plan that is gone is left out.</summary>
    public async Task<IReadOnlyDictionary<Guid, PlanPlace>> OfAsync(IEnumerable<Guid> planIds, CancellationToken cancellationToken)
    {
        var places = new Dictionary<Guid, PlanPlace>();
        foreach (var id in planIds.Distinct())
        {
            if (!_known.TryGetValue(id, out var place) && await plans.FindAsync(id, cancellationToken).ConfigureAwait(false) is { } plan)
            {
                if (_known.Count >= Most)
                {
                    _known.Clear();
                }

                _known[id] = place = PlanPlace.Of(plan);
            }

            if (place is not null)
            {
                places[id] = place;
            }
        }

        return places;
    }
}
