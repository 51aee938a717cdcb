using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Guests.Inspection;
using Xen2Kvm.Guests.Partitioning;

namespace Xen2Kvm.Guests.Conversion;

/// <summary>What a conversion will do, decided from what was read; nothing is changed before all of it is known.</summary>
internal sealed record ConversionDecision
{
    /// <summary>What was found, as the guest card shows it.</summary>
    public required GuestInspection Inspection { get; init; }

    /// <summary>Changes of files, in the order they are made.</summary>
    public required IReadOnlyList<GuestChange> Changes { get; init; }

    /// <summary>Kernels whose initrd the guest's own tool must build anew.</summary>
    public required IReadOnlyList<GuestKernel> Rebuild { get; init; }

    /// <summary>The boot loader to install; null when the disk has its own.</summary>
    public required LoaderPlan? Loader { get; init; }

    /// <summary>Findings; a Blocker means that nothing is changed.</summary>
    public required IReadOnlyList<Concern> Concerns { get; init; }

    /// <summary>The guest labels its files for SELinux.</summary>
    public bool HasSelinux { get; init; }

    /// <summary>Nothing must be changed.</summary>
    public bool IsBlocked => Concerns.Any(concern => concern.Severity == Severity.Blocker);
}

/// <summary>The boot loader that is made on the KVM host.</summary>
/// <param name="BootUuid">UUID of the file system that holds the menu.</param>
/// <param name="Menu">The menu's path on that file system: /boot/grub/grub.cfg, or /grub/grub.cfg on a /boot of its own.</param>
/// <param name="Area">Where its core image goes.</param>
internal sealed record LoaderPlan(string BootUuid, string Menu, EmbeddingArea Area)
{
    /// <summary>The directory that GRUB calls prefix.</summary>
    public string Prefix => Menu[..Menu.LastIndexOf('/')];

    /// <summary>
    /// The configuration embedded in the core image: it finds the file system by UUID, whatever number the disk has, and starts the menu.
    /// </summary>
    public string EarlyConfiguration => $"search --no-floppy --fs-uuid --set=root {BootUuid}\nset prefix=($root){Prefix}\nnormal ($root){Menu}\n";
}

/// <summary>The kernel of dom0 that was staged on the KVM host, looked at there.</summary>
/// <param name="KernelPath">File on the KVM host.</param>
/// <param name="InitrdPath">Its initrd on the KVM host, or null.</param>
/// <param name="KernelName">File name for the guest's /boot.</param>
/// <param name="InitrdName">File name of the initrd for the guest's /boot.</param>
/// <param name="Bootable">It is a bzImage: GRUB can start it without Xen.</param>
/// <param name="InitrdHasVirtio">Its initrd holds a virtio disk driver; null when the initrd cannot be listed.</param>
/// <param name="Bytes">Size of both.</param>
internal sealed record StagedKernel(
    string KernelPath, string? InitrdPath, string KernelName, string? InitrdName, bool Bootable, bool? InitrdHasVirtio, long Bytes)
{
    /// <summary>Its release, from the file name.</summary>
    public string Release => KernelName[(KernelName.IndexOf('-', StringComparison.Ordinal) + 1)..];
}
