using Xen2Kvm.Domain.Inventory;

namespace Xen2Kvm.Domain.Preflight.Rules;

/// <summary>Two guests with one address end both.</summary>
public sealed class X14Duplicates() : RuleBase("X14", "Name, MAC and address are free on the target"), IPreflightRule
{
    /// <inheritdoc/>
    public IEnumerable<Concern> Evaluate(PreflightFacts facts)
    {
        foreach (var (host, other) in facts.Elsewhere)
        {
            // The same guest, moved before and rolled back or left on its old host, is not running there.
            if (other.Power is not (PowerState.Running or PowerState.Paused) && host != facts.TargetHost.Name)
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

            foreach (var mac in other.Nics.Select(nic => nic.Mac).Where(mac => mac is not null && facts.Plan.Target.Nics.Any(nic => nic.Mac == mac)))
            {
                yield return Blocker(mac!, $"{other.Name} on {host} has the MAC address {mac} too.", $"{host}: {other.Name}, {other.Power}", "Shut that guest down or change its MAC address.");
            }

            foreach (var address in other.Nics.SelectMany(nic => nic.Addresses).Intersect(facts.Plan.Source.Nics.SelectMany(nic => nic.Addresses), StringComparer.Ordinal))
            {
                yield return Blocker(address, $"{other.Name} on {host} has the address {address} too.", $"{host}: {other.Name}, {other.Power}", "Shut that guest down or change its address.");
            }
        }
    }
}
