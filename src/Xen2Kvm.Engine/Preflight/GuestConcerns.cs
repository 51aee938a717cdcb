using System.Globalization;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Engine.Inventory;

namespace Xen2Kvm.Engine.Preflight;

/// <summary>
/// What the rules say of guests that nobody planned yet. All guests of all Xen hosts are evaluated in one pass, once for each set of
/// inventories: as long as no host's inventory is newer, pages get the same answer again.
/// </summary>
public sealed class GuestConcerns(IEnumerable<IGuestRule> rules)
{
    private readonly IGuestRule[] _rules = [.. rules];
    private volatile Evaluated? _latest;

    /// <summary>The findings of each guest, blockers first. A guest without an entry in the list has none; guests on KVM are not looked at.</summary>
    /// <param name="guests">Every guest of every host, as <see cref="InventoryService.ListGuestsAsync"/> lists them.</param>
    public GuestFindings Of(IReadOnlyList<GuestOnHost> guests)
    {
        if (_latest is { } latest && ReferenceEquals(latest.Guests, guests))
        {
            return latest.Findings;
        }

        var key = string.Join(' ', guests.Select(seen => (seen.Host.Id, seen.Host.Name, seen.SeenAt)).Distinct()
            .Select(host => string.Create(CultureInfo.InvariantCulture, $"{host.Id:N}{host.Name}@{host.SeenAt.UtcTicks}")));
        if (_latest is { } known && known.Key == key)
        {
            _latest = known with { Guests = guests };
            return known.Findings;
        }

        var findings = Evaluate(guests);
        _latest = new Evaluated(guests, key, findings);
        return findings;
    }

    private GuestFindings Evaluate(IReadOnlyList<GuestOnHost> guests)
    {
        var neighbours = Neighbours.Of(guests.Select(seen => (seen.Host.Name, seen.Guest)));
        var found = new Dictionary<(Guid Host, string Guest), IReadOnlyList<Concern>>();
        foreach (var seen in guests.Where(seen => seen.Host.Kind == HostKind.Xen))
        {
            var facts = new GuestFacts(seen.Host.Name, seen.Guest, neighbours);
            var concerns = Concern.InOrder(_rules.SelectMany(rule => rule.Evaluate(facts)));
            if (concerns.Count > 0)
            {
                found[(seen.Host.Id, seen.Guest.Name)] = concerns;
            }
        }

        return new GuestFindings(found);
    }

    private sealed record Evaluated(IReadOnlyList<GuestOnHost> Guests, string Key, GuestFindings Findings);
}

/// <summary>The findings of all guests at one time.</summary>
public sealed class GuestFindings(IReadOnlyDictionary<(Guid Host, string Guest), IReadOnlyList<Concern>> found)
{
    /// <summary>The findings of one guest, blockers first.</summary>
    public IReadOnlyList<Concern> Of(GuestOnHost seen) => found.GetValueOrDefault((seen.Host.Id, seen.Guest.Name)) ?? [];
}
