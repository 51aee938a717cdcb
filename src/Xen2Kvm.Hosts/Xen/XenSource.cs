using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Hosts.Xen.Config;

namespace Xen2Kvm.Hosts.Xen;

/// <summary>A guest as the host's files and its running domain describe it, before its disks were looked at.</summary>
internal sealed record XenSource
{
    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>The config file, or null; of a locked guest where it was.</summary>
    public string? ConfigPath { get; init; }

    /// <summary>A run has set the config aside.</summary>
    public bool IsLocked { get; init; }

    /// <summary>Its settings with their lines, or null.</summary>
    public XlConfig? File { get; init; }

    /// <summary>What the file says, or null.</summary>
    public GuestDefinition? Config { get; init; }

    /// <summary>What the running domain is, or null.</summary>
    public GuestDefinition? Running { get; init; }

    /// <summary>State.</summary>
    public required PowerState Power { get; init; }

    /// <summary>Started at boot.</summary>
    public bool Autostart { get; init; }

    /// <summary>What is taken for true of devices, memory and processors: the running domain if there is one.</summary>
    public GuestDefinition Truth => Running ?? Config ?? throw new InvalidOperationException("A guest comes from a config or a domain.");

    /// <summary>How it boots: the file says it in a person's words; a domain started by a boot loader holds only what that found.</summary>
    public GuestDefinition Booting => Config is { } config && (config.Boot.Kernel ?? config.Boot.Bootloader ?? config.Boot.Firmware) is not null
        || Config?.Type == GuestType.Hvm ? Config! : Truth;
}
