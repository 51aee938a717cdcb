using Xen2Kvm.Domain.Planning;

namespace Xen2Kvm.Cli.Offline;

/// <summary>What a person says about a definition made without hosts.</summary>
internal sealed record DefineOptions
{
    /// <summary>Name of the guest, where a file holds several.</summary>
    public string? Guest { get; init; }

    /// <summary>Disk sizes as written, by vdev.</summary>
    public IReadOnlyDictionary<string, string> Sizes { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Volume group for the disks; null for <see cref="Directory"/>.</summary>
    public string? VolumeGroup { get; init; }

    /// <summary>Directory for the disks.</summary>
    public required string Directory { get; init; }

    /// <summary>MAC addresses by the NIC's number.</summary>
    public IReadOnlyDictionary<string, string> Macs { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>UUID to give.</summary>
    public Guid? Uuid { get; init; }

    /// <summary>Run under KVM.</summary>
    public bool UseKvm { get; init; } = true;

    /// <summary>The choices that a plan takes as well.</summary>
    public required PlanChoices Choices { get; init; }
}
