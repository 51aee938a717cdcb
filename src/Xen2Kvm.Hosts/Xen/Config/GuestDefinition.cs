namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>
/// One guest as Xen defines it, the same shape for a config file, <c>xl list -l</c> and <c>xm list -l</c>.
/// A property that is null was not said; values that Xen fills in by itself are set and named in <see cref="Defaults"/>.
/// </summary>
public sealed record GuestDefinition
{
    /// <summary>What xl gives a guest without <c>memory=</c> and <c>maxmem=</c>, in MiB (libxl_create.c).</summary>
    public const long DefaultMemoryMiB = 32;

    /// <summary>What this was read from.</summary>
    public DefinitionSource Source { get; init; }

    /// <summary>File name or command, for messages.</summary>
    public string SourceName { get; init; } = "";

    /// <summary>Number of the running domain; null for a config file or a guest that is not running.</summary>
    public int? DomainId { get; init; }

    /// <summary>Name of the guest; empty when it could not be read.</summary>
    public string Name { get; init; } = "";

    /// <summary>UUID in lower case with hyphens; null when Xen makes one up at each start.</summary>
    public string? Uuid { get; init; }

    /// <summary>How Xen runs the guest.</summary>
    public GuestType Type { get; init; }

    /// <summary>Where <see cref="Type"/> is known from.</summary>
    public GuestTypeOrigin TypeOrigin { get; init; }

    /// <summary>Memory at start (config) or now (running), in MiB, rounded up.</summary>
    public long MemoryMiB { get; init; }

    /// <summary>Memory the guest can grow to, in MiB, rounded up.</summary>
    public long MaxMemoryMiB { get; init; }

    /// <summary>Virtual CPUs at start (config) or online now (running).</summary>
    public int Vcpus { get; init; }

    /// <summary>Virtual CPUs the guest can grow to.</summary>
    public int MaxVcpus { get; init; }

    /// <summary>Host CPUs that all virtual CPUs may run on, for example "2-7,^4" or "all"; null when not pinned.</summary>
    public string? Cpus { get; init; }

    /// <summary>Host CPUs of each virtual CPU in order, when they differ; empty otherwise.</summary>
    public IReadOnlyList<string> CpusPerVcpu { get; init; } = [];

    /// <summary>Scheduler weight, 256 by default.</summary>
    public long? CpuWeight { get; init; }

    /// <summary>Upper bound in percent of one CPU; 0 is none.</summary>
    public long? CpuCap { get; init; }

    /// <summary>CPU pool.</summary>
    public string? Pool { get; init; }

    /// <summary>How the guest gets its kernel.</summary>
    public GuestBoot Boot { get; init; } = new();

    /// <summary>Features of the virtual hardware.</summary>
    public GuestFeatures Features { get; init; } = new();

    /// <summary>The clock.</summary>
    public GuestClock Clock { get; init; } = new();

    /// <summary>Disks in the order of the definition, which is the boot order of a PV guest.</summary>
    public IReadOnlyList<DiskSpec> Disks { get; init; } = [];

    /// <summary>Network devices in order.</summary>
    public IReadOnlyList<VifSpec> Vifs { get; init; } = [];

    /// <summary>Screens; empty when the guest has none.</summary>
    public IReadOnlyList<GuestGraphics> Graphics { get; init; } = [];

    /// <summary>Emulated graphics card: stdvga, cirrus, qxl, none; null for the default.</summary>
    public string? Vga { get; init; }

    /// <summary>Memory of the graphics card in MiB.</summary>
    public long? VideoRamMiB { get; init; }

    /// <summary>Emulated serial ports: pty, a device …</summary>
    public IReadOnlyList<string> Serial { get; init; } = [];

    /// <summary>What happens when the guest powers off: destroy, restart, preserve, coredump-destroy …</summary>
    public string OnPoweroff { get; init; } = "destroy";

    /// <summary>What happens when the guest reboots.</summary>
    public string OnReboot { get; init; } = "restart";

    /// <summary>What happens when the guest crashes.</summary>
    public string OnCrash { get; init; } = "destroy";

    /// <summary>Whether an emulated USB bus is there; null when not said.</summary>
    public bool? Usb { get; init; }

    /// <summary>Emulated or passed-through USB devices: tablet, mouse, host:vendor:product.</summary>
    public IReadOnlyList<string> UsbDevices { get; init; } = [];

    /// <summary>Emulated sound card.</summary>
    public string? SoundHardware { get; init; }

    /// <summary>PCI devices passed through, as written or as domain:bus:device.function.</summary>
    public IReadOnlyList<string> PciDevices { get; init; } = [];

    /// <summary>What has no counterpart on KVM.</summary>
    public IReadOnlyList<UnsupportedSetting> Unsupported { get; init; } = [];

    /// <summary>Settings that no property holds.</summary>
    public IReadOnlyList<OtherSetting> Other { get; init; } = [];

    /// <summary>Settings (by their names in the source) whose value could not be read: what the properties made of them hold is a guess.</summary>
    public IReadOnlyList<string> UnknownKeys =>
        [.. Problems.Where(problem => problem is { HidesValue: true, Key: not null }).Select(problem => problem.Key!).Distinct(StringComparer.Ordinal)];

    /// <summary>Properties (by their JSON names) that were not said and hold Xen's default.</summary>
    public IReadOnlyList<string> Defaults { get; init; } = [];

    /// <summary>Everything that was not plain to read, with its line. See <see cref="IsCertain"/>.</summary>
    public IReadOnlyList<ConfigProblem> Problems { get; init; } = [];

    /// <summary>False when a part of the source could not be read, so that values here may be wrong or missing (preflight X02).</summary>
    public bool IsCertain => !Problems.Any(problem => problem.HidesValue);

    /// <summary>Reads a parsed config file.</summary>
    /// <param name="config">The config.</param>
    /// <returns>The definition.</returns>
    public static GuestDefinition FromXlConfig(XlConfig config) => XlConfigGuest.Map(config);

    /// <summary>Reads one domain of <c>xl list -l</c>.</summary>
    /// <param name="domain">The domain's record, see <see cref="XlListParser"/>.</param>
    /// <returns>The definition.</returns>
    public static GuestDefinition FromXlList(XlListDomain domain) => XlListGuest.Map(domain);

    /// <summary>Reads one domain of <c>xm list -l</c>.</summary>
    /// <param name="domain">The domain's record, see <see cref="XmListParser"/>.</param>
    /// <returns>The definition.</returns>
    public static GuestDefinition FromXm(XmListDomain domain) => XmListGuest.Map(domain);
}
