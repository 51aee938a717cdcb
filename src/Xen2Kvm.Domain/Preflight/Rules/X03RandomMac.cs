namespace Xen2Kvm.Domain.Preflight.Rules;

/// <summary>Without mac= Xen gives a new random MAC at each creation.</summary>
public sealed class X03RandomMac() : RuleBase("X03", "Every NIC has a fixed MAC"), IGuestRule
{
    /// <inheritdoc/>
    public IEnumerable<Concern> Evaluate(GuestFacts facts)
    {
        foreach (var nic in facts.Guest.Nics)
        {
            if (nic.Mac is null)
            {
                yield return Blocker($"nic{nic.Index}", $"NIC {nic.Index} has no MAC address that could be kept.", "no mac= in the config, and the guest does not run",
                    "Start the guest, or write mac= into its config file; then refresh and plan again.");
            }
            else if (!nic.MacIsFixed)
            {
                yield return Warning($"nic{nic.Index}", $"NIC {nic.Index} gets a new MAC each time it is created on Xen.", $"running with {nic.Mac}, no mac= in the config",
                    $"The guest keeps {nic.Mac} on KVM. After a roll-back it will have another one unless you write mac={nic.Mac} into its config.");
            }
        }
    }
}
