namespace Xen2Kvm.Domain.Inventory;

/// <summary>Which side of a migration a host is on.</summary>
public enum HostKind
{
    /// <summary>A dom0 driven with <c>xl</c> (or <c>xm</c>): guests come from here.</summary>
    Xen,

    /// <summary>A Linux host with libvirt and QEMU/KVM: guests go here.</summary>
    Kvm,
}

/// <summary>How a host proves who the program is.</summary>
public enum SshAuthentication
{
    /// <summary>A private key that the program holds encrypted.</summary>
    Key,

    /// <summary>A password that the program holds encrypted; it never appears in an argv.</summary>
    Password,

    /// <summary>Whatever the OpenSSH client of the program's own account finds (agent, ~/.ssh, certificates).</summary>
    Ambient,
}

/// <summary>Everything needed to reach a host over SSH, without its secret.</summary>
public sealed record SshEndpoint
{
    /// <summary>Name or IP address, as given to the SSH client.</summary>
    public required string Address { get; init; }

    /// <summary>TCP port.</summary>
    public int Port { get; init; } = 22;

    /// <summary>Account on the host.</summary>
    public string User { get; init; } = "root";

    /// <summary>How the account is authenticated.</summary>
    public SshAuthentication Authentication { get; init; } = SshAuthentication.Key;

    /// <summary>Commands that need root go through <c>sudo -n</c>.</summary>
    public bool UseSudo { get; init; }

    /// <summary>A jump host as <c>[user@]host[:port]</c>, or null.</summary>
    public string? JumpHost { get; init; }

    /// <summary>Allow SHA-1 key exchange, ssh-rsa and hmac-sha1 for dom0s of the EL5/Lenny age.</summary>
    public bool AllowLegacyAlgorithms { get; init; }

    /// <summary>The pinned host key as in known_hosts without the name (<c>ssh-ed25519 AAAA…</c>); null until a person confirmed it.</summary>
    public string? HostKey { get; init; }

    /// <summary>The pinned key of the jump host, in the same form; null until a person confirmed it, and without a jump host.</summary>
    public string? JumpHostKey { get; init; }
}

/// <summary>A machine that the program knows and can reach over SSH.</summary>
public sealed record Host
{
    /// <summary>Stable id.</summary>
    public required Guid Id { get; init; }

    /// <summary>Unique name shown everywhere.</summary>
    public required string Name { get; init; }

    /// <summary>Xen or KVM.</summary>
    public required HostKind Kind { get; init; }

    /// <summary>How to reach it.</summary>
    public required SshEndpoint Ssh { get; init; }

    /// <summary>
    /// The address that other hosts use to reach this one for data (null: the SSH address). Data goes from source host to target host
    /// directly, and the two may see each other on another network than the program sees them.
    /// </summary>
    public string? DataAddress { get; init; }

    /// <summary>When the last inventory succeeded.</summary>
    public DateTimeOffset? LastSeenAt { get; init; }

    /// <summary>Since when every contact fails; null while the host answers.</summary>
    public DateTimeOffset? UnreachableSince { get; init; }

    /// <summary>Why the last contact failed, in words for a person; null while the host answers.</summary>
    public string? LastError { get; init; }
}
