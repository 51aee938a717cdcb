namespace Xen2Kvm.Domain.Preflight.Rules;

/// <summary>A DRBD resource that is not UpToDate may hold old data.</summary>
public sealed class X25Drbd() : RuleBase("X25", "Replicated disks are up to date"), IGuestRule
{
    private const string FactName = "DRBD ";

    /// <inheritdoc/>
    public IEnumerable<Concern> Evaluate(GuestFacts facts)
    {
        // The inventory records one fact for each resource: its name, and the states of both sides.
        foreach (var fact in facts.Guest.Facts.Where(fact => fact.Name.StartsWith(FactName, StringComparison.Ordinal)
            && !fact.Value.StartsWith("UpToDate", StringComparison.Ordinal)))
        {
            var state = $"{fact.Name[FactName.Length..]}: {fact.Value}";
            yield return Blocker(state, "A DRBD resource under the guest is not up to date.", state, "Wait until drbdadm status shows UpToDate, then check again.");
        }
    }
}
