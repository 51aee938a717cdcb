namespace Xen2Kvm.Domain.Preflight.Rules;

/// <summary>Names like /dev/xvda1 do not exist on KVM.</summary>
public sealed class X12DeviceNames() : RuleBase("X12", "Disks are named by UUID"), IDiskRule
{
    /// <inheritdoc/>
    public IEnumerable<Concern> Evaluate(DiskFacts facts)
    {
        foreach (var use in facts.Inspection.DeviceNameUses)
        {
            yield return Info(use, "A disk is named by its device name.", use, "Rewritten to its UUID; the run keeps the difference.");
        }
    }
}
