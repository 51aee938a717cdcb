namespace Xen2Kvm.Domain.Preflight.Rules;

/// <summary>PCI and USB passthrough, vTPM, 9pfs and driver domains have no automatic counterpart.</summary>
public sealed class X04Unsupported() : RuleBase("X04", "Nothing is passed through that KVM cannot give"), IGuestRule
{
    /// <inheritdoc/>
    public IEnumerable<Concern> Evaluate(GuestFacts facts)
    {
        foreach (var setting in facts.Guest.Unsupported)
        {
            yield return Blocker(setting, "The guest uses something that has no counterpart on KVM.", $"{facts.Guest.ConfigPath}: {setting}",
                "Take it out of the guest's configuration, or set up its replacement by hand after the move with another plan.");
        }
    }
}
