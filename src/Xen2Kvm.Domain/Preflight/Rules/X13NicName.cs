namespace Xen2Kvm.Domain.Preflight.Rules;

/// <summary>On KVM the kernel would give the NIC another name.</summary>
public sealed class X13NicName() : RuleBase("X13", "Static addresses stay with their NIC"), IDiskRule
{
    /// <inheritdoc/>
    public IEnumerable<Concern> Evaluate(DiskFacts facts)
    {
        foreach (var name in facts.Inspection.InterfaceNames)
        {
            yield return Info(name, $"The network configuration names {name}.", string.Join(", ", facts.Inspection.Addresses), $"The name {name} is pinned to the NIC's MAC address.");
        }
    }
}
