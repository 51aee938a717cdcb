namespace Xen2Kvm.Guests.Edits;

/// <summary>What the edits of a guest's files need to know; everything in it is settled before the first edit.</summary>
public sealed record EditContext
{
    /// <summary>Old device names to new ones.</summary>
    public required DeviceMap Devices { get; init; }

    /// <summary>The partition of the root file system; null when it is not on a plain partition.</summary>
    public MappedDevice? Root { get; init; }

    /// <summary>Interface names that stay, by MAC.</summary>
    public IReadOnlyList<NicPin> Pins { get; init; } = [];

    /// <summary>
    /// Tell udev to leave the kernel's names alone (<c>net.ifnames=0</c>): an initrd that was built on Xen knows no .link file and would rename
    /// eth0 before the root file system is there, and udev before systemd 241 never renames twice.
    /// </summary>
    public bool KeepKernelNetworkNames { get; init; }

    /// <summary>virtio drivers must be put into the initrd, because the one at hand has none.</summary>
    public bool AddVirtioToInitrd { get; init; }
}

/// <summary>An interface name that the guest keeps.</summary>
/// <param name="Name">The name it has in the guest's own configuration.</param>
/// <param name="Mac">Its MAC, lower case.</param>
/// <param name="Model">Device model on KVM: virtio, e1000.</param>
public sealed record NicPin(string Name, string Mac, string Model = "virtio");

/// <summary>A rule that rewrites one kind of file: a pure function of its text and the context, and idempotent.</summary>
public interface IGuestFileEdit
{
    /// <summary>Why, in one sentence without a full stop.</summary>
    string Reason { get; }

    /// <summary>Whether it concerns the file at this path of the guest.</summary>
    bool Concerns(string path);

    /// <summary>The new text; the same text when there is nothing to do.</summary>
    string Apply(string text, EditContext context);
}
