using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Preflight;

namespace Xen2Kvm.Engine.Ports;

/// <summary>A disk for the converter: what the appliance sees as sda, sdb…</summary>
/// <param name="Path">File or device on the KVM host.</param>
/// <param name="Format">Its format.</param>
/// <param name="Plan">What the plan says of it: table and parts.</param>
public sealed record ConversionDisk(string Path, DiskFormat Format, TargetDisk Plan);

/// <summary>Everything the converter needs. It touches only the target's disks.</summary>
public sealed record ConversionRequest
{
    /// <summary>The run.</summary>
    public required Guid RunId { get; init; }

    /// <summary>The guest on Xen.</summary>
    public required Guest Source { get; init; }

    /// <summary>The guest on KVM.</summary>
    public required TargetGuest Target { get; init; }

    /// <summary>Its disks in order.</summary>
    public required IReadOnlyList<ConversionDisk> Disks { get; init; }

    /// <summary>Kernel of dom0, staged as a file on the KVM host; null when the guest has its own.</summary>
    public string? StagedKernel { get; init; }

    /// <summary>Initrd of dom0, staged as a file on the KVM host.</summary>
    public string? StagedInitrd { get; init; }

    /// <summary>File name of the kernel on dom0, as vmlinuz-6.1.0-40-amd64.</summary>
    public string? KernelFileName { get; init; }

    /// <summary>File name of the initrd on dom0.</summary>
    public string? InitrdFileName { get; init; }

    /// <summary>Judges what was found inside, before anything is changed; a Blocker ends the conversion there.</summary>
    public required Func<GuestInspection, IReadOnlyList<Concern>> Assess { get; init; }

    /// <summary>A directory on the KVM host for the converter's own working files; removed by the caller.</summary>
    public required string WorkDirectory { get; init; }
}

/// <summary>One changed file of the guest.</summary>
/// <param name="Path">Path in the guest.</param>
/// <param name="Reason">Why, in one sentence.</param>
/// <param name="Diff">Unified diff; empty for a binary file that was added.</param>
public sealed record FileChange(string Path, string Reason, string Diff);

/// <summary>What a conversion did, or why it must not go on.</summary>
public sealed record ConversionOutcome
{
    /// <summary>What was found inside before anything was changed.</summary>
    public required GuestInspection Inspection { get; init; }

    /// <summary>The changed files.</summary>
    public IReadOnlyList<FileChange> Changes { get; init; } = [];

    /// <summary>How the disk became bootable, in words; empty when it already was.</summary>
    public string BootLoader { get; init; } = "";

    /// <summary>Findings of the disk. A Blocker here means nothing was changed and the run must roll back.</summary>
    public IReadOnlyList<Concern> Concerns { get; init; } = [];
}

/// <summary>
/// Makes the copied disks bootable on KVM. Idempotent: converting a converted disk again changes nothing more, and a conversion that was cut
/// off can be run again from the start.
/// </summary>
public interface IGuestConverter
{
    /// <summary>Inspects, decides, and applies. Progress lines go to <paramref name="progress"/>.</summary>
    /// <exception cref="RemoteException">The appliance or a tool failed; the message names it.</exception>
    Task<ConversionOutcome> ConvertAsync(
        IRemoteShell kvmHost, ConversionRequest request, IProgress<string> progress, CancellationToken cancellationToken);
}
