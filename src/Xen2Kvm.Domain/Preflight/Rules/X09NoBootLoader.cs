using Xen2Kvm.Domain.Inventory;

namespace Xen2Kvm.Domain.Preflight.Rules;

/// <summary>With a kernel from dom0 there is none in the guest.</summary>
public sealed class X09NoBootLoader() : RuleBase("X09", "The guest has a boot configuration of its own"), IGuestRule
{
    /// <inheritdoc/>
    public IEnumerable<Concern> Evaluate(GuestFacts facts)
    {
        if (facts.Guest.Boot.Method == BootMethod.HostKernel)
        {
            yield return Info(facts.Guest.Name, "The guest boots a kernel of dom0 and has no boot loader of its own.",
                $"kernel = {facts.Guest.Boot.Kernel}", "Kernel and initrd are put into the guest's /boot, and GRUB onto its disk. Kernel updates are the guest's own from then on.");
        }
    }
}
