using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;

namespace Xen2Kvm.Domain.Preflight;

/// <summary>Everything the rules look at, collected before any rule runs; the rules themselves do no I/O.</summary>
public sealed record PreflightFacts
{
    /// <summary>The plan.</summary>
    public required Plan Plan { get; init; }

    /// <summary>The source host.</summary>
    public required Host SourceHost { get; init; }

    /// <summary>The target host.</summary>
    public required Host TargetHost { get; init; }

    /// <summary>Fresh inventory of the source host.</summary>
    public required HostSnapshot Source { get; init; }

    /// <summary>Fresh inventory of the target host.</summary>
    public required HostSnapshot Target { get; init; }

    /// <summary>The guest in the fresh inventory; null when it is gone.</summary>
    public Guest? Guest => Source.Guests.FirstOrDefault(guest => string.Equals(guest.Name, Plan.Source.Name, StringComparison.Ordinal));

    /// <summary>Guests of all other known hosts with their host's name, for duplicates of MAC, IP and name.</summary>
    public IReadOnlyList<(string Host, Guest Guest)> Elsewhere { get; init; } = [];

    /// <summary>Paths of the plan's target disks that already exist on the target host and do not belong to a run of this plan.</summary>
    public IReadOnlyList<string> ExistingTargetPaths { get; init; } = [];

    /// <summary>Whether the source host can open an SSH connection to the target's data address; null when not tried, else the error or empty.</summary>
    public string? SourceToTargetError { get; init; }

    /// <summary>For a kernel taken from dom0: what its config file says; null when there is none or it could not be read.</summary>
    public KernelCapabilities? HostKernel { get; init; }

    /// <summary>The part of the facts that needs no plan; null when the guest is gone from its host.</summary>
    public GuestFacts? ToGuestFacts() => Guest is not { } guest
        ? null
        : new GuestFacts(SourceHost.Name, guest, Neighbours.Of(
            [.. Source.Guests.Select(known => (SourceHost.Name, known)), .. Elsewhere.Where(other => other.Host != SourceHost.Name)]));
}

/// <summary>What a kernel can do, from its config file (/boot/config-VERSION) and modules.</summary>
/// <param name="Version">Kernel release.</param>
/// <param name="HasVirtio">virtio_blk, virtio_net and virtio_pci are built in or modules.</param>
/// <param name="BootsOnBareMetal">It is no Xen-only (classic, non pv_ops) kernel.</param>
/// <param name="InitrdHasVirtio">The initrd that goes with it holds virtio_blk, or it is built in; null when not looked at.</param>
public sealed record KernelCapabilities(string Version, bool HasVirtio, bool BootsOnBareMetal, bool? InitrdHasVirtio = null);

/// <summary>What only the guest's disk knows.</summary>
public sealed record GuestInspection
{
    /// <summary>Distribution id of os-release (debian, rhel, sles …); null when unknown.</summary>
    public string? Distribution { get; init; }

    /// <summary>PRETTY_NAME.</summary>
    public string? OperatingSystem { get; init; }

    /// <summary>VERSION_ID.</summary>
    public string? Version { get; init; }

    /// <summary>Kernels found in /boot and /lib/modules.</summary>
    public IReadOnlyList<KernelCapabilities> Kernels { get; init; } = [];

    /// <summary>initramfs-tools, dracut, mkinitrd, mkinitcpio, mkinitfs; null when none.</summary>
    public string? InitrdTool { get; init; }

    /// <summary>systemd, sysvinit, upstart, openrc; null when unknown.</summary>
    public string? InitSystem { get; init; }

    /// <summary>grub2, grub-legacy, extlinux or null when the guest has no boot configuration.</summary>
    public string? BootConfiguration { get; init; }

    /// <summary>How the network is configured: ifupdown, networkd, netplan, ifcfg, networkmanager.</summary>
    public IReadOnlyList<string> NetworkManners { get; init; } = [];

    /// <summary>Names of interfaces its network configuration uses, in order.</summary>
    public IReadOnlyList<string> InterfaceNames { get; init; } = [];

    /// <summary>Static addresses found, with prefix length where given.</summary>
    public IReadOnlyList<string> Addresses { get; init; } = [];

    /// <summary>File systems: device in the target, type, UUID, free bytes and free inodes where read.</summary>
    public IReadOnlyList<InspectedFileSystem> FileSystems { get; init; } = [];

    /// <summary>Lines that name disks by device name, as <c>file:line: text</c>.</summary>
    public IReadOnlyList<string> DeviceNameUses { get; init; } = [];
}

/// <summary>A file system found on the target.</summary>
/// <param name="Device">Partition in the appliance: /dev/sda1.</param>
/// <param name="Type">ext4, xfs, swap …</param>
/// <param name="Uuid">UUID or null.</param>
/// <param name="MountPoint">Where fstab mounts it, or null.</param>
/// <param name="FreeBytes">Free space, or null.</param>
/// <param name="FreeInodes">Free inodes, or null.</param>
/// <param name="Clean">Whether it was cleanly unmounted; null when not checked.</param>
public sealed record InspectedFileSystem(
    string Device, string Type, string? Uuid, string? MountPoint, long? FreeBytes = null, long? FreeInodes = null, bool? Clean = null);
