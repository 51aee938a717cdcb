using Xen2Kvm.Domain.Inventory;

namespace Xen2Kvm.Domain.Planning;

/// <summary>What one guest becomes, where, and by which route. Frozen: a change makes a new plan.</summary>
public sealed record Plan
{
    /// <summary>Stable id.</summary>
    public required Guid Id { get; init; }

    /// <summary>Host the guest leaves.</summary>
    public required Guid SourceHostId { get; init; }

    /// <summary>Host the guest goes to.</summary>
    public required Guid TargetHostId { get; init; }

    /// <summary>Route id: <c>block-copy</c>.</summary>
    public string Route { get; init; } = "block-copy";

    /// <summary>The guest as it was when planned.</summary>
    public required Guest Source { get; init; }

    /// <summary>The guest as it will be.</summary>
    public required TargetGuest Target { get; init; }

    /// <summary>How the move is proven.</summary>
    public ProofSettings Proof { get; init; } = new();

    /// <summary>Seconds to wait for a clean shutdown before a person is asked.</summary>
    public int ShutdownTimeoutSeconds { get; init; } = 300;

    /// <summary>Cap of the copy in bytes per second; 0 for none.</summary>
    public long RateLimitBytesPerSecond { get; init; }

    /// <summary>Warnings that a person accepted, by concern key.</summary>
    public IReadOnlyList<Acknowledgement> Acknowledged { get; init; } = [];

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Who made it.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>Bytes of the source that are copied; what is made anew does not count.</summary>
    public long CopyBytes() => Target.Disks.SelectMany(disk => disk.CopiedParts()).Sum(part => part.LengthBytes);
}

/// <summary>A warning that a person accepted.</summary>
/// <param name="ConcernKey"><see cref="Preflight.Concern.Key"/> of the warning.</param>
/// <param name="By">User name.</param>
/// <param name="At">When.</param>
/// <param name="Reason">Why it may be accepted, in that person's words; empty when none was given.</param>
/// <param name="ExpiresAt">Until when it is accepted; null for as long as the plan exists.</param>
public sealed record Acknowledgement(string ConcernKey, string By, DateTimeOffset At, string Reason = "", DateTimeOffset? ExpiresAt = null)
{
    /// <summary>Whether it holds at a time.</summary>
    public bool HoldsAt(DateTimeOffset now) => ExpiresAt is not { } until || now < until;

    /// <summary>Who accepted it, why and until when, in words.</summary>
    public string Describe() =>
        $"by {By}{(Reason.Length > 0 ? $": {Reason}" : "")}{(ExpiresAt is { } until ? $", until {until.UtcDateTime:yyyy-MM-dd HH:mm} UTC" : "")}";
}

/// <summary>What is checked after the guest started on its new host.</summary>
public sealed record ProofSettings
{
    /// <summary>Address to ping; null when none is known.</summary>
    public string? PingAddress { get; init; }

    /// <summary>TCP port that must accept a connection; null for none.</summary>
    public int? TcpPort { get; init; }

    /// <summary>Seconds within which the guest must be proven.</summary>
    public int TimeoutSeconds { get; init; } = 300;
}

/// <summary>The guest on its new host.</summary>
public sealed record TargetGuest
{
    /// <summary>Name in libvirt.</summary>
    public required string Name { get; init; }

    /// <summary>UUID, kept from Xen when known.</summary>
    public required Guid Uuid { get; init; }

    /// <summary>Virtual CPUs at start.</summary>
    public required int Vcpus { get; init; }

    /// <summary>Virtual CPUs at most.</summary>
    public required int MaxVcpus { get; init; }

    /// <summary>Memory at start in MiB.</summary>
    public required long MemoryMiB { get; init; }

    /// <summary>Memory at most in MiB.</summary>
    public required long MaxMemoryMiB { get; init; }

    /// <summary>QEMU machine: <c>q35</c> or <c>pc</c>.</summary>
    public string Machine { get; init; } = "q35";

    /// <summary><c>bios</c> or <c>uefi</c>.</summary>
    public string Firmware { get; init; } = "bios";

    /// <summary>Run under KVM; false emulates with TCG, many times slower.</summary>
    public bool UseKvm { get; init; } = true;

    /// <summary>The real-time clock runs in local time.</summary>
    public bool LocalTime { get; init; }

    /// <summary>The host starts it at boot (set after the guest was proven).</summary>
    public bool Autostart { get; init; }

    /// <summary>Lifecycle actions.</summary>
    public GuestLifecycle Lifecycle { get; init; } = new();

    /// <summary>Disks in order; the first one boots.</summary>
    public required IReadOnlyList<TargetDisk> Disks { get; init; }

    /// <summary>NICs in order.</summary>
    public required IReadOnlyList<TargetNic> Nics { get; init; }
}

/// <summary>File format of a target disk.</summary>
public enum DiskFormat
{
    /// <summary>Plain bytes: a logical volume or a sparse file.</summary>
    Raw,

    /// <summary>QEMU's copy-on-write format, in a file.</summary>
    Qcow2,
}

/// <summary>Where a partition table of a target disk comes from.</summary>
public enum PartitionTableKind
{
    /// <summary>The disk is copied whole, table included (or it has none and needs none).</summary>
    Copied,

    /// <summary>An MBR (msdos) table is made.</summary>
    Msdos,

    /// <summary>A GUID partition table is made, with a BIOS boot partition.</summary>
    Gpt,
}

/// <summary>One disk of the guest on its new host.</summary>
public sealed record TargetDisk
{
    /// <summary>Device in the new guest: vda, vdb…</summary>
    public required string Device { get; init; }

    /// <summary>Volume group or pool.</summary>
    public required StorageKind StorageKind { get; init; }

    /// <summary>Name of the volume group or pool.</summary>
    public required string StorageName { get; init; }

    /// <summary>Path of the volume or file to be made. It must not exist before.</summary>
    public required string Path { get; init; }

    /// <summary>Format.</summary>
    public required DiskFormat Format { get; init; }

    /// <summary>Size in bytes.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>Whether a partition table is made.</summary>
    public required PartitionTableKind Table { get; init; }

    /// <summary>What goes where, by rising offset.</summary>
    public required IReadOnlyList<DiskPart> Parts { get; init; }

    /// <summary>The parts whose bytes come from the source; the others are made anew.</summary>
    public IEnumerable<DiskPart> CopiedParts() => Parts.Where(part => part.Action == PartAction.Copy);
}

/// <summary>What happens to one source disk.</summary>
public enum PartAction
{
    /// <summary>Its bytes are copied.</summary>
    Copy,

    /// <summary>It is swap: a new swap area with the same UUID and label is made, nothing is copied.</summary>
    RecreateSwap,
}

/// <summary>A source disk's place within a target disk.</summary>
public sealed record DiskPart
{
    /// <summary><see cref="GuestDisk.Vdev"/> of the source disk.</summary>
    public required string SourceVdev { get; init; }

    /// <summary>Path on the source host.</summary>
    public required string SourcePath { get; init; }

    /// <summary>Offset in the target disk in bytes.</summary>
    public required long OffsetBytes { get; init; }

    /// <summary>Length in bytes; never more than the source has.</summary>
    public required long LengthBytes { get; init; }

    /// <summary>Partition number in the new table; 0 when the part is the whole disk.</summary>
    public required int PartitionNumber { get; init; }

    /// <summary>Copy or recreate.</summary>
    public required PartAction Action { get; init; }

    /// <summary>UUID to give a recreated swap area, when known.</summary>
    public string? SwapUuid { get; init; }

    /// <summary>Label to give a recreated swap area, when it had one.</summary>
    public string? SwapLabel { get; init; }
}

/// <summary>One NIC of the guest on its new host.</summary>
/// <param name="Mac">MAC address, kept.</param>
/// <param name="Bridge">Bridge of the target host.</param>
/// <param name="Model">Device model: virtio, e1000.</param>
/// <param name="Mtu">MTU in bytes, or null.</param>
/// <param name="RateBytesPerSecond">Outgoing limit in bytes per second, or null.</param>
public sealed record TargetNic(string Mac, string Bridge, string Model = "virtio", int? Mtu = null, long? RateBytesPerSecond = null);
