namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>How Xen runs a guest.</summary>
public enum GuestType
{
    /// <summary>Paravirtual: its kernel knows that it runs on Xen.</summary>
    Pv,

    /// <summary>Full virtual machine with firmware and emulated devices.</summary>
    Hvm,

    /// <summary>Hardware-assisted, without emulated devices.</summary>
    Pvh,
}

/// <summary>Where a guest's type is known from.</summary>
public enum GuestTypeOrigin
{
    /// <summary>Nothing said: xl on x86 then makes a PV guest.</summary>
    Default,

    /// <summary><c>type=</c> in the config.</summary>
    TypeKey,

    /// <summary><c>builder=</c> in the config, the older word.</summary>
    BuilderKey,

    /// <summary>The running domain.</summary>
    Running,
}

/// <summary>What a definition was read from.</summary>
public enum DefinitionSource
{
    /// <summary>A config that xl can read.</summary>
    XlConfig,

    /// <summary>A config that uses Python, so only xm could read it.</summary>
    XmConfig,

    /// <summary>JSON of <c>xl list -l</c>.</summary>
    XlList,

    /// <summary>S-expressions of <c>xm list -l</c>, or of xl before Xen 4.2.</summary>
    XmList,
}

/// <summary>How a guest gets its kernel.</summary>
public sealed record GuestBoot
{
    /// <summary>Kernel file in dom0; null when the guest brings its own.</summary>
    public string? Kernel { get; init; }

    /// <summary>Initial RAM disk in dom0.</summary>
    public string? Ramdisk { get; init; }

    /// <summary><c>root=</c> of the config, as written, without the word "root=".</summary>
    public string? Root { get; init; }

    /// <summary><c>extra=</c> of the config, as written.</summary>
    public string? Extra { get; init; }

    /// <summary>The command line the kernel gets: <c>cmdline=</c>, else root and extra joined (xl_parse.c, parse_cmdline). Null when none.</summary>
    public string? CommandLine { get; init; }

    /// <summary>Value of the last <c>root=</c> in <see cref="CommandLine"/>; null when there is none.</summary>
    public string? RootDevice => CommandLine?.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .LastOrDefault(word => word.StartsWith("root=", StringComparison.Ordinal))?["root=".Length..];

    /// <summary>Program in dom0 that takes the kernel out of the guest's first disk: pygrub, pvgrub …</summary>
    public string? Bootloader { get; init; }

    /// <summary>Arguments of <see cref="Bootloader"/>.</summary>
    public IReadOnlyList<string> BootloaderArgs { get; init; } = [];

    /// <summary><c>firmware=</c> or <c>firmware_override=</c>: pvgrub64, uefi, a path.</summary>
    public string? Firmware { get; init; }

    /// <summary><c>bios=</c>: rombios, seabios or ovmf; null for Xen's choice (seabios).</summary>
    public string? Bios { get; init; }

    /// <summary>True when the guest boots by UEFI.</summary>
    public bool Uefi => Bios == "ovmf" || Firmware is "ovmf" or "uefi";

    /// <summary><c>boot=</c>: letters c (disk), d (CD), n (network) in order; null for the default.</summary>
    public string? Order { get; init; }

    /// <summary>True for a PV guest that runs inside PVH (<c>pvshim=1</c>).</summary>
    public bool PvShim { get; init; }
}

/// <summary>Features of the virtual hardware; null means that nothing was said and Xen's default holds.</summary>
public sealed record GuestFeatures
{
    /// <summary>Physical address extension.</summary>
    public bool? Pae { get; init; }

    /// <summary>ACPI tables.</summary>
    public bool? Acpi { get; init; }

    /// <summary>Interrupt controllers of the CPU.</summary>
    public bool? Apic { get; init; }

    /// <summary>The no-execute bit.</summary>
    public bool? Nx { get; init; }

    /// <summary>Hardware-assisted paging.</summary>
    public bool? Hap { get; init; }

    /// <summary>Hardware virtualisation inside the guest.</summary>
    public bool? NestedHvm { get; init; }

    /// <summary>Hyper-V interfaces: empty for off, "defaults" for <c>viridian=1</c>, else the listed groups, "!" in front of those switched off.</summary>
    public IReadOnlyList<string>? Viridian { get; init; }

    /// <summary>IDE or AHCI for hd* disks: <c>hdtype=</c>.</summary>
    public string? HdType { get; init; }

    /// <summary><c>ms_vm_genid=</c>: generate, none, or the running id.</summary>
    public string? GenerationId { get; init; }
}

/// <summary>What the guest's clock shows; null means that nothing was said and Xen's default holds.</summary>
public sealed record GuestClock
{
    /// <summary>True when the hardware clock runs in the host's local time (Windows).</summary>
    public bool? LocalTime { get; init; }

    /// <summary>Offset of the hardware clock from UTC in seconds.</summary>
    public long? RtcOffsetSeconds { get; init; }

    /// <summary><c>tsc_mode=</c>, a word or its old number.</summary>
    public string? TscMode { get; init; }

    /// <summary><c>timer_mode=</c>, a word or its old number.</summary>
    public string? TimerMode { get; init; }

    /// <summary>High-precision event timer.</summary>
    public bool? Hpet { get; init; }
}

/// <summary>Kind of a screen.</summary>
public enum GraphicsKind
{
    /// <summary>VNC server.</summary>
    Vnc,

    /// <summary>Window on dom0's own screen.</summary>
    Sdl,

    /// <summary>SPICE server.</summary>
    Spice,
}

/// <summary>A screen of the guest. The password itself is never kept.</summary>
/// <param name="Kind">How it is reached.</param>
/// <param name="Origin">Where it was said: "vfb" (a device of its own), "topLevel" (keys of the guest) or "default".</param>
/// <param name="Listen">Address it listens on; null for the default, 127.0.0.1.</param>
/// <param name="Display">VNC display number, or SPICE port; null when Xen picks one.</param>
/// <param name="FindUnused">Whether the next free display is taken; null for the default.</param>
/// <param name="Keymap">Keyboard layout; null for en-us.</param>
/// <param name="HasPassword">True when a password is set.</param>
public sealed record GuestGraphics(
    GraphicsKind Kind, string Origin, string? Listen, int? Display, bool? FindUnused, string? Keymap, bool HasPassword);

/// <summary>Something of Xen that has no counterpart on KVM and needs a decision (preflight X04).</summary>
/// <param name="Key">The setting.</param>
/// <param name="Value">Its value, shortened, passwords masked.</param>
/// <param name="Reason">Why it cannot simply be carried over.</param>
/// <param name="Line">Line in the config; 0 for a running domain.</param>
public sealed record UnsupportedSetting(string Key, string Value, string Reason, int Line);

/// <summary>A setting that no property holds: unknown, or without meaning for a move. Kept so that nothing is lost from sight.</summary>
/// <param name="Key">The setting.</param>
/// <param name="Value">Its value, shortened, passwords masked.</param>
/// <param name="Line">Line in the config; 0 for a running domain.</param>
public sealed record OtherSetting(string Key, string Value, int Line);
