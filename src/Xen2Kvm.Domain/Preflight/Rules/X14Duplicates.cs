using Xen2Kvm.Domain.Inventory;

namespace Xen2Kvm.Domain.Preflight.Rules;

/// <summary>Two guests with one address end both.</summary>
public sealed class X14Duplicates() : RuleBase("X14", "Name, MAC and address are free"), IGuestRule, IPreflightRule
{
    /// <inheritdoc/>
    public IEnumerable<Concern> Evaluate(GuestFacts facts)
    {
        // A guest that is off disturbs nobody yet: whether it would is a question of the plan.
        if (!Neighbours.Runs(facts.Guest))
        {
            yield break;
        }

        foreach (var mac in facts.Guest.Nics.Select(nic => nic.Mac).OfType<string>())
        {
            foreach (var (host, other) in facts.OthersWithMac(mac))
            {
                yield return SameMac(mac, host, other);
            }
        }

        foreach (var address in facts.Guest.Nics.SelectMany(nic => nic.Addresses))
        {
            foreach (var (host, other) in facts.OthersWithAddress(address))
            {
                yield return SameAddress(address, host, other);
            }
        }
    }

    /// <inheritdoc/>
    public IEnumerable<Concern> Evaluate(PreflightFacts facts)
    {
        var runs = facts.Guest is { } guest && Neighbours.Runs(guest);
        foreach (var (host, other) in facts.Elsewhere)
        {
            // The same guest, moved before and rolled back or left on its old host, is not running there.
            var otherRuns = Neighbours.Runs(other);
            if (!otherRuns && host != facts.TargetHost.Name)
            {
                continue;
            }

            if (host == facts.TargetHost.Name && other.Name == facts.Plan.Target.Name)
            {
                yield return Blocker(other.Name, $"{host} already has a guest named {other.Name}.", $"{host}: {other.Name}, {other.Power}", "Choose another name in the plan, or remove that guest.");
            }

            if (host == facts.TargetHost.Name && other.Uuid == facts.Plan.Target.Uuid && other.Name != facts.Plan.Target.Name)
            {
                yield return Blocker("uuid", $"{host} already has a guest with this UUID.", $"{other.Name}: {other.Uuid}", "Remove that guest; two guests cannot share a UUID.");
            }

            if (runs && otherRuns)
            {
                // Both run at the same time: that was told without a plan.
                continue;
            }

            foreach (var mac in other.Nics.Select(nic => nic.Mac).OfType<string>().Where(mac => facts.Plan.Target.Nics.Any(nic => nic.Mac == mac)))
            {
                yield return SameMac(mac, host, other);
            }

            foreach (var address in other.Nics.SelectMany(nic => nic.Addresses).Intersect(facts.Plan.Source.Nics.SelectMany(nic => nic.Addresses), StringComparer.Ordinal))
            {
                yield return SameAddress(address, host, other);
            }
        }
    }

    private Concern SameMac(string mac, string host, Guest other) => Blocker(
        mac, $"{other.Name} on {host} has the MAC address {mac} too.", $"{host}: {other.Name}, {other.Power}", "Shut that guest down or change its MAC address.");

    private Concern SameAddress(string address, string host, Guest other) => Blocker(
        address, $"{other.Name} on {host} has the address {address} too.", $"{host}: {other.Name}, {other.Power}", "Shut that guest down or change its address.");
}
