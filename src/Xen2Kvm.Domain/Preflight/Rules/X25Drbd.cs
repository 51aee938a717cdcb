namespace Xen2Kvm.Domain.Preflight.Rules;

/// <summary>A DRBD resource that is not UpToDate may hold old data.</summary>
public sealed class X25Drbd() : RuleBase("X25", "Replicated disks are up to date"), IPreflightRule
{
    /// <inheritdoc/>
    public IEnumerable<Concern> Evaluate(PreflightFacts facts)
    {
        foreach (var state in facts.DrbdNotUpToDate)
        {
            yield return Blocker(state, "A DRBD resource under the guest is not up to date.", state, "Wait until drbdadm status shows UpToDate, then check again.");
        }
    }
}
