using Xen2Kvm.Domain.Inventory;

namespace Xen2Kvm.Persistence.Rows;

/// <summary>A host; the columns are those of <see cref="Host"/>.</summary>
internal sealed class HostRow
{
    public Guid Id { get; set; }

    public string Name { get; set; } = "";

    public HostKind Kind { get; set; }

    /// <summary>The <see cref="SshEndpoint"/> as JSON.</summary>
    public string Ssh { get; set; } = "{}";

    public string? DataAddress { get; set; }

    public DateTimeOffset? LastSeenAt { get; set; }

    public DateTimeOffset? UnreachableSince { get; set; }

    public string? LastError { get; set; }

    /// <summary>The <see cref="HostGroup"/> it is in; written by <see cref="Stores.HostGroupStore"/> alone, so that no change of the host brings an old one back.</summary>
    public Guid? GroupId { get; set; }
}

/// <summary>A group of hosts; the columns are those of <see cref="HostGroup"/>.</summary>
internal sealed class HostGroupRow
{
    public Guid Id { get; set; }

    public string Name { get; set; } = "";
}

/// <summary>A host's private key or password, encrypted with Data Protection.</summary>
internal sealed class HostSecretRow
{
    public Guid HostId { get; set; }

    public byte[] Protected { get; set; } = [];

    public DateTimeOffset UpdatedAt { get; set; }
}

/// <summary>The latest inventory of a host.</summary>
internal sealed class HostSnapshotRow
{
    public Guid HostId { get; set; }

    public DateTimeOffset TakenAt { get; set; }

    /// <summary>The <see cref="HostSnapshot"/> as JSON.</summary>
    public string Document { get; set; } = "{}";
}

/// <summary>One difference between two inventories of a host.</summary>
internal sealed class HostDifferenceRow
{
    public long Id { get; set; }

    public Guid HostId { get; set; }

    public DateTimeOffset At { get; set; }

    public string? Guest { get; set; }

    public string Text { get; set; } = "";
}
