using Xen2Kvm.Domain.Inventory;

namespace Xen2Kvm.Domain.Preflight.Rules;

/// <summary>xm configs are programs; what is not a literal is never evaluated.</summary>
public sealed class X02UnparseableConfig() : RuleBase("X02", "The config file can be read without running it"), IGuestRule
{
    /// <inheritdoc/>
    public IEnumerable<Concern> Evaluate(GuestFacts facts)
    {
        foreach (var problem in facts.Guest.ConfigProblems)
        {
            // While the domain runs, the hypervisor itself tells what the file computed.
            yield return facts.Guest.Power is PowerState.Running or PowerState.Paused
                ? Warning(problem, "A line of the config file cannot be read; the running domain is used instead.", problem,
                    "Compare the guest card with what you expect, then accept this.")
                : Blocker(problem, "A line of the config file cannot be read, and the guest is not running.", problem,
                    "Replace the computed value with a literal, or start the guest so that its running state can be read; then refresh.");
        }
    }
}
