namespace Xen2Kvm.Domain.Inventory;

/// <summary>What one inventory of a host found: facts of the host and its guests, at one time.</summary>
public sealed record HostSnapshot
{
    /// <summary>When the inventory was begun: what happened since may not be in it.</summary>
    public required DateTimeOffset TakenAt { get; init; }

    /// <summary>Facts of the host itself.</summary>
    public required HostFacts Facts { get; init; }

    /// <summary>Its guests, running or only configured, by name.</summary>
    public required IReadOnlyList<Guest> Guests { get; init; }

    /// <summary>What could not be read, in words: an unreadable config file, a tool that is missing.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];
}

/// <summary>Facts of a host that planning and preflight need.</summary>
public sealed record HostFacts
{
    /// <summary>Its own host name.</summary>
    public required string Hostname { get; init; }

    /// <summary>Operating system, as os-release's PRETTY_NAME.</summary>
    public string? OperatingSystem { get; init; }

    /// <summary>Kernel release (<c>uname -r</c>).</summary>
    public string? Kernel { get; init; }

    /// <summary>Hypervisor with version: <c>Xen 4.17.5</c>, or <c>QEMU 7.2.19, libvirt 9.0.0</c>.</summary>
    public string? Hypervisor { get; init; }

    /// <summary>Logical processors.</summary>
    public int Cpus { get; init; }

    /// <summary>CPU model name.</summary>
    public string? CpuModel { get; init; }

    /// <summary>CPU flags as /proc/cpuinfo names them.</summary>
    public IReadOnlyList<string> CpuFlags { get; init; } = [];

    /// <summary>Memory in MiB, all of it.</summary>
    public long MemoryMiB { get; init; }

    /// <summary>Memory in MiB that a new guest could have.</summary>
    public long FreeMemoryMiB { get; init; }

    /// <summary>KVM host: whether a guest really runs under KVM (else it is emulated by TCG); null on a Xen host or when unknown.</summary>
    public bool? KvmUsable { get; init; }

    /// <summary>Bridges that a guest's NIC can be put on.</summary>
    public IReadOnlyList<Bridge> Bridges { get; init; } = [];

    /// <summary>Volume groups and directory pools.</summary>
    public IReadOnlyList<StorageSpace> Storage { get; init; } = [];

    /// <summary>Tools found, name to version; a missing tool has no entry.</summary>
    public IReadOnlyDictionary<string, string> Tools { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}

/// <summary>A Linux bridge of a host.</summary>
/// <param name="Name">Its name, as xenbr0.</param>
/// <param name="Mtu">MTU in bytes.</param>
/// <param name="Addresses">Addresses of the host on it, with prefix length.</param>
public sealed record Bridge(string Name, int Mtu, IReadOnlyList<string> Addresses);

/// <summary>Kinds of place where disks can lie.</summary>
public enum StorageKind
{
    /// <summary>An LVM volume group; disks are logical volumes.</summary>
    VolumeGroup,

    /// <summary>A directory (libvirt pool of type dir); disks are files.</summary>
    Directory,
}

/// <summary>A place on a host where disks can be put.</summary>
/// <param name="Kind">Volume group or directory.</param>
/// <param name="Name">Volume group or pool name.</param>
/// <param name="Path">/dev/NAME, or the pool's directory.</param>
/// <param name="SizeBytes">Size in bytes.</param>
/// <param name="FreeBytes">Free space in bytes.</param>
public sealed record StorageSpace(StorageKind Kind, string Name, string Path, long SizeBytes, long FreeBytes);
