using Xen2Kvm.Domain.Preflight;

namespace Xen2Kvm.Hosts.Xen;

/// <summary>Reads what <c>xen-kernel.sh</c> printed of a kernel. Pure.</summary>
internal static class XenKernel
{
    /// <summary>What the kernel can do; null when nothing was printed.</summary>
    public static KernelCapabilities? Parse(string output)
    {
        var values = output.Split('\n').Select(line => line.Split('=', 2)).Where(words => words.Length == 2)
            .GroupBy(words => words[0], StringComparer.Ordinal)
            .ToDictionary(words => words.Key, words => words.Last()[1].Trim(), StringComparer.Ordinal);
        if (!values.TryGetValue("version", out var version) || version.Length == 0)
        {
            return null;
        }

        // Classic Xen kernels (2.6.18 and the forward ports) have Xen without paravirt_ops: they run nowhere else.
        var xenOnly = Has("X86_XEN") || Has("X86_64_XEN") || (Has("XEN") && !Has("PARAVIRT") && !Has("PARAVIRT_GUEST"));
        bool? initrd = BuiltIn("BLK") && BuiltIn("PCI") ? true
            : values.ContainsKey("initrd-blk") ? Part("BLK", "initrd-blk") && Part("PCI", "initrd-pci")
            : null;
        return new(version, Has("VIRTIO_BLK") && Has("VIRTIO_NET") && Has("VIRTIO_PCI"), !xenOnly, initrd);

        bool Has(string name) => values.GetValueOrDefault("CONFIG_" + name) is "y" or "m";

        bool BuiltIn(string name) => values.GetValueOrDefault("CONFIG_VIRTIO_" + name) == "y";

        bool Part(string name, string key) => BuiltIn(name) || values.GetValueOrDefault(key) == "yes";
    }
}
