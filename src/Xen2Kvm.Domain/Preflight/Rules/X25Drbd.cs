namespace Xen2Kvm.Domain.Preflight.Rules;

/// <summary>A DRBD resource that is not UpToDate may hold old data; one that is can start the guest on its other node too.</summary>
public sealed class X25Drbd() : RuleBase("X25", "Replicated disks are up to date"), IGuestRule
{
    private const string FactName = "DRBD ";

    /// <inheritdoc/>
    public IEnumerable<Concern> Evaluate(GuestFacts facts)
    {
        // The inventory records one fact for each resource: its name, and the states of both sides.
        foreach (var fact in facts.Guest.Facts.Where(fact => fact.Name.StartsWith(FactName, StringComparison.Ordinal)))
        {
            var state = $"{fact.Name[FactName.Length..]}: {fact.Value}";
            yield return fact.Value.StartsWith("UpToDate", StringComparison.Ordinal)
                ? Warning(state, "Another node of DRBD can start the guest as well.", state,
                    "This host is locked for the guest, its peers are not: take its config, its autostart link and any cluster resource away there, so that nothing starts it when it runs on KVM.")
                : Blocker(state, "A DRBD resource under the guest is not up to date.", state, "Wait until drbdadm status shows UpToDate, then check again.");
        }
    }
}
