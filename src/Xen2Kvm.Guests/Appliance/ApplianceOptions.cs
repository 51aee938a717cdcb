namespace Xen2Kvm.Guests.Appliance;

/// <summary>How libguestfs' appliance runs.</summary>
public enum ApplianceAcceleration
{
    /// <summary>As the guest will: KVM where the plan uses it, else emulated. A launch that fails with KVM is tried again emulated.</summary>
    Auto,

    /// <summary>Emulated by TCG always: about 15 seconds to launch.</summary>
    Tcg,
}

/// <summary>Settings of guest conversion.</summary>
public sealed record ApplianceOptions
{
    /// <summary>How the appliance runs.</summary>
    public ApplianceAcceleration Acceleration { get; init; } = ApplianceAcceleration.Auto;

    /// <summary>How long a launch may take.</summary>
    public TimeSpan LaunchTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a launch with KVM may take before it is taken for broken (a /dev/kvm can exist and hang).</summary>
    public TimeSpan KvmLaunchTimeout { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>How long a batch of ordinary commands may take.</summary>
    public TimeSpan BatchTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long the guest's own initrd tool may take.</summary>
    public TimeSpan InitrdTimeout { get; init; } = TimeSpan.FromMinutes(45);

    /// <summary>An appliance that got no command for so long ends itself: the program that started it is gone.</summary>
    public TimeSpan IdleLimit { get; init; } = TimeSpan.FromMinutes(90);

    /// <summary>Memory of the appliance in MiB; building an initrd of many modules needs more than libguestfs' default.</summary>
    public int MemoryMiB { get; init; } = 768;
}
