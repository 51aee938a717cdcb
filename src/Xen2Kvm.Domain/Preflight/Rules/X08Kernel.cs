using Xen2Kvm.Domain.Inventory;

namespace Xen2Kvm.Domain.Preflight.Rules;

/// <summary>It needs virtio and must not be a Xen-only kernel.</summary>
public sealed class X08Kernel() : RuleBase("X08", "A kernel that boots on KVM exists"), IPreflightRule, IDiskRule
{
    /// <inheritdoc/>
    public IEnumerable<Concern> Evaluate(PreflightFacts facts)
    {
        var (name, boot) = (facts.Plan.Source.Name, facts.Plan.Source.Boot);
        if (boot.Method == BootMethod.HostKernel && !(facts.HostKernel is { } kernel && Bootable(kernel)))
        {
            yield return Warning(name, $"dom0's kernel {boot.Kernel} may not boot on KVM.",
                facts.HostKernel is { } known ? Describe(known) : "no /boot/config of that version on the source host",
                "Install the distribution's normal kernel in the guest (Debian: linux-image-amd64). It is looked for after the copy; without one the run undoes itself.");
        }
    }

    /// <inheritdoc/>
    public IEnumerable<Concern> Evaluate(DiskFacts facts)
    {
        if (!facts.Inspection.Kernels.Any(Bootable) && !(facts.HostKernel is { } staged && Bootable(staged)))
        {
            yield return Blocker(facts.Source.Name, $"{facts.Source.Name} has no kernel that boots on KVM.",
                facts.Inspection.Kernels.Count == 0 ? "no kernel in its /boot." : string.Join(", ", facts.Inspection.Kernels.Select(Describe)) + ".",
                "Install the distribution's normal kernel in the guest while it runs on Xen (Debian: linux-image-amd64; SUSE: kernel-default; RHEL 5: kernel), then try again.");
        }
    }

    private static bool Bootable(KernelCapabilities kernel) => kernel is { HasVirtio: true, BootsOnBareMetal: true };

    private static string Describe(KernelCapabilities kernel) =>
        $"{kernel.Version}: {(kernel.HasVirtio ? "virtio" : "no virtio")}, {(kernel.BootsOnBareMetal ? "boots on a PC" : "Xen only")}";
}
