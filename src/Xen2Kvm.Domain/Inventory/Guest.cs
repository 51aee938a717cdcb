namespace Xen2Kvm.Domain.Inventory;

/// <summary>How the hypervisor presents itself to the guest.</summary>
public enum GuestKind
{
    /// <summary>Xen paravirtual: no firmware, the kernel is loaded by the toolstack.</summary>
    Pv,

    /// <summary>Xen PVH: hardware-assisted, but booted like PV.</summary>
    Pvh,

    /// <summary>Xen with a full PC platform.</summary>
    Hvm,

    /// <summary>A libvirt guest on KVM or TCG.</summary>
    Kvm,
}

/// <summary>Whether a guest runs.</summary>
public enum PowerState
{
    /// <summary>Not known: the host could not be asked.</summary>
    Unknown,

    /// <summary>Runs (or is idle in the scheduler).</summary>
    Running,

    /// <summary>Held in memory, not scheduled.</summary>
    Paused,

    /// <summary>Not running.</summary>
    Off,

    /// <summary>Crashed and kept for inspection.</summary>
    Crashed,
}

/// <summary>Where a guest's kernel comes from.</summary>
public enum BootMethod
{
    /// <summary>A kernel file of dom0 (<c>kernel=</c>).</summary>
    HostKernel,

    /// <summary>pygrub, pvgrub or another loader of dom0 reads the guest's own boot menu.</summary>
    HostBootLoader,

    /// <summary>Firmware in the guest (BIOS or UEFI) and the guest's own loader.</summary>
    Firmware,

    /// <summary>Nothing says where the kernel comes from.</summary>
    Unknown,
}

/// <summary>How a guest boots.</summary>
public sealed record GuestBoot
{
    /// <summary>Where the kernel comes from.</summary>
    public required BootMethod Method { get; init; }

    /// <summary>Kernel file on the host, for <see cref="BootMethod.HostKernel"/>.</summary>
    public string? Kernel { get; init; }

    /// <summary>Initial RAM disk on the host.</summary>
    public string? Ramdisk { get; init; }

    /// <summary>The kernel command line in force (root=, extra= and cmdline= already joined).</summary>
    public string? CommandLine { get; init; }

    /// <summary>pygrub or the like, for <see cref="BootMethod.HostBootLoader"/>.</summary>
    public string? BootLoader { get; init; }

    /// <summary><c>bios</c> or <c>uefi</c> for <see cref="BootMethod.Firmware"/>.</summary>
    public string? Firmware { get; init; }
}

/// <summary>A virtual machine as a host's configuration and hypervisor describe it.</summary>
public sealed record Guest
{
    /// <summary>Name, unique on its host. Hostile input: a guest's owner may have chosen it.</summary>
    public required string Name { get; init; }

    /// <summary>UUID; null when only a config without one is known.</summary>
    public Guid? Uuid { get; init; }

    /// <summary>PV, PVH, HVM or KVM.</summary>
    public required GuestKind Kind { get; init; }

    /// <summary>Whether it runs.</summary>
    public required PowerState Power { get; init; }

    /// <summary>Virtual CPUs at start.</summary>
    public int Vcpus { get; init; } = 1;

    /// <summary>Virtual CPUs that can be plugged in at most.</summary>
    public int MaxVcpus { get; init; } = 1;

    /// <summary>Memory at start in MiB.</summary>
    public long MemoryMiB { get; init; }

    /// <summary>Memory in MiB that ballooning can reach.</summary>
    public long MaxMemoryMiB { get; init; }

    /// <summary>How it boots.</summary>
    public required GuestBoot Boot { get; init; }

    /// <summary>Disks in the order of the configuration, empty CD drives included.</summary>
    public IReadOnlyList<GuestDisk> Disks { get; init; } = [];

    /// <summary>NICs in order.</summary>
    public IReadOnlyList<GuestNic> Nics { get; init; } = [];

    /// <summary>The host starts it at boot.</summary>
    public bool Autostart { get; init; }

    /// <summary>Config file on the host, or null for a domain without one.</summary>
    public string? ConfigPath { get; init; }

    /// <summary>A run of this program has set that file aside, so that the guest is not started here while it may run elsewhere.</summary>
    public bool IsLocked { get; init; }

    /// <summary>What should happen when the guest powers off, reboots or crashes, as the configuration says.</summary>
    public GuestLifecycle Lifecycle { get; init; } = new();

    /// <summary>The real-time clock runs in local time.</summary>
    public bool LocalTime { get; init; }

    /// <summary>Configuration keys with no counterpart on KVM (pci=, vtpm=, …), as <c>key = value</c>.</summary>
    public IReadOnlyList<string> Unsupported { get; init; } = [];

    /// <summary>Lines of its configuration that could not be read, as <c>file:line: why</c>.</summary>
    public IReadOnlyList<string> ConfigProblems { get; init; } = [];

    /// <summary>Differences between its config file and the running domain, in words; empty when equal or not running.</summary>
    public IReadOnlyList<string> Drift { get; init; } = [];

    /// <summary>Further facts, each with where it was read.</summary>
    public IReadOnlyList<GuestFact> Facts { get; init; } = [];
}

/// <summary>The three lifecycle actions, with the words xl and libvirt share (destroy, restart, preserve, …).</summary>
/// <param name="OnPoweroff">When the guest powers off.</param>
/// <param name="OnReboot">When the guest reboots.</param>
/// <param name="OnCrash">When the guest crashes.</param>
public sealed record GuestLifecycle(string OnPoweroff = "destroy", string OnReboot = "restart", string OnCrash = "destroy");

/// <summary>Where a fact was read.</summary>
public enum FactSource
{
    /// <summary>The config file.</summary>
    Config,

    /// <summary>The running domain.</summary>
    RunningDomain,

    /// <summary>The guest's disk.</summary>
    Disk,

    /// <summary>The host's storage or kernel.</summary>
    Host,
}

/// <summary>A fact of a guest with its source.</summary>
/// <param name="Name">What it is: <c>OS release</c>, <c>init system</c>.</param>
/// <param name="Value">The value.</param>
/// <param name="Source">Kind of place it was read from.</param>
/// <param name="Where">The place in words: a file and line, a command.</param>
public sealed record GuestFact(string Name, string Value, FactSource Source, string Where);

/// <summary>What lies under a guest's disk on the host.</summary>
public enum DiskBacking
{
    /// <summary>Could not be found out.</summary>
    Unknown,

    /// <summary>An LVM logical volume.</summary>
    LogicalVolume,

    /// <summary>A partition or whole disk of the host.</summary>
    BlockDevice,

    /// <summary>A file.</summary>
    File,

    /// <summary>A DRBD resource.</summary>
    Drbd,

    /// <summary>Nothing is there: the target does not exist, or the CD drive is empty.</summary>
    Missing,
}

/// <summary>One virtual disk (or, where partitions are given as disks, one partition) of a guest.</summary>
public sealed record GuestDisk
{
    /// <summary>The virtual device as configured: xvda1, sda, hdc, d0p1.</summary>
    public required string Vdev { get; init; }

    /// <summary>Number of the disk, 0 for xvda/sda/hda.</summary>
    public int DiskIndex { get; init; }

    /// <summary>Partition number when the host presents a partition as a device (no table inside); 0 for a whole disk.</summary>
    public int Partition { get; init; }

    /// <summary>The name a Linux guest shows: xvda1. Null when it cannot be told.</summary>
    public string? GuestName { get; init; }

    /// <summary>Path of the backing device or file on the host; null for an empty CD drive.</summary>
    public string? Path { get; init; }

    /// <summary>raw, qcow2, vhd, qcow.</summary>
    public string Format { get; init; } = "raw";

    /// <summary>What lies beneath.</summary>
    public DiskBacking Backing { get; init; } = DiskBacking.Unknown;

    /// <summary>Size in bytes as the guest sees it; null when unknown.</summary>
    public long? SizeBytes { get; init; }

    /// <summary>A CD drive.</summary>
    public bool IsCdrom { get; init; }

    /// <summary>The guest may write.</summary>
    public bool Writable { get; init; } = true;

    /// <summary>Shared for writing with other domains (<c>w!</c>).</summary>
    public bool SharedWritable { get; init; }

    /// <summary>What is on it: <c>ext4</c>, <c>swap</c>, <c>xfs</c>, <c>partition table dos</c>…; null when not looked at.</summary>
    public string? Content { get; init; }

    /// <summary>UUID of the file system or swap area; null when not looked at or none.</summary>
    public string? ContentUuid { get; init; }

    /// <summary>Label of the file system or swap area.</summary>
    public string? ContentLabel { get; init; }
}

/// <summary>One virtual network interface of a guest.</summary>
public sealed record GuestNic
{
    /// <summary>Number, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>MAC address, lower case with colons; null when neither configuration nor running domain has one.</summary>
    public string? Mac { get; init; }

    /// <summary>The configuration fixes the MAC; otherwise it is new at each creation.</summary>
    public bool MacIsFixed { get; init; }

    /// <summary>Bridge on the host.</summary>
    public string? Bridge { get; init; }

    /// <summary>Emulated model, for HVM.</summary>
    public string? Model { get; init; }

    /// <summary>Addresses known from the configuration or by asking the network.</summary>
    public IReadOnlyList<string> Addresses { get; init; } = [];

    /// <summary>Outgoing rate limit in bytes per second; null for none.</summary>
    public long? RateBytesPerSecond { get; init; }

    /// <summary>MTU in bytes; null for the bridge's own.</summary>
    public int? Mtu { get; init; }
}
