using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;
using Host = Xen2Kvm.Domain.Inventory.Host;

namespace Xen2Kvm.Web.Components.Pages.Hosts;

/// <summary>What a person types to add a host, or to change one.</summary>
public sealed class HostForm
{
    /// <summary>Xen or KVM.</summary>
    public HostKind Kind { get; set; } = HostKind.Xen;

    /// <summary>Name shown everywhere.</summary>
    public string Name { get; set; } = "";

    /// <summary>Name or IP address.</summary>
    public string Address { get; set; } = "";

    /// <summary>TCP port.</summary>
    public int Port { get; set; } = 22;

    /// <summary>Account.</summary>
    public string User { get; set; } = "root";

    /// <summary>How it authenticates.</summary>
    public SshAuthentication Authentication { get; set; } = SshAuthentication.Key;

    /// <summary>Private key text.</summary>
    public string Key { get; set; } = "";

    /// <summary>Password.</summary>
    public string Password { get; set; } = "";

    /// <summary>Root through sudo.</summary>
    public bool UseSudo { get; set; }

    /// <summary>Jump host.</summary>
    public string JumpHost { get; set; } = "";

    /// <summary>Allow old algorithms.</summary>
    public bool Legacy { get; set; }

    /// <summary>Address for data between hosts.</summary>
    public string DataAddress { get; set; } = "";

    /// <summary>How the stored secret signs in; null when none is stored. As long as that way is chosen, an empty field keeps it.</summary>
    public SshAuthentication? Stored { get; private init; }

    /// <summary>It is a host that is known already.</summary>
    public bool IsKnown { get; private init; }

    /// <summary>The host uses something that few hosts need, so it must not be hidden from who changes it.</summary>
    public bool UsesLessCommon { get; private init; }

    /// <summary>The secret may be left out.</summary>
    public bool KeepsSecret => Stored == Authentication;

    /// <summary>What is known of a host. Its secret stays where it is.</summary>
    public static HostForm Of(Host host) => new()
    {
        IsKnown = true,
        Kind = host.Kind,
        Name = host.Name,
        Address = host.Ssh.Address,
        Port = host.Ssh.Port,
        User = host.Ssh.User,
        Authentication = host.Ssh.Authentication,
        Stored = host.Ssh.Authentication == SshAuthentication.Ambient ? null : host.Ssh.Authentication,
        UseSudo = host.Ssh.UseSudo,
        JumpHost = host.Ssh.JumpHost ?? "",
        Legacy = host.Ssh.AllowLegacyAlgorithms,
        DataAddress = host.DataAddress ?? "",
        UsesLessCommon = host.Ssh.UseSudo || host.Ssh.JumpHost is not null || host.Ssh.AllowLegacyAlgorithms || host.DataAddress is not null,
    };

    /// <summary>What is missing before the host can be asked for its key; null when nothing.</summary>
    public string? Missing() => this switch
    {
        { Address.Length: 0 } => "Give the host's address.",
        { Port: < 1 or > 65535 } => "Give a port from 1 to 65535.",
        { User.Length: 0 } => "Give the account to sign in with.",
        { KeepsSecret: false, Authentication: SshAuthentication.Key, Key.Length: 0 } => "Paste the private key, or choose another way to sign in.",
        { KeepsSecret: false, Authentication: SshAuthentication.Password, Password.Length: 0 } => "Give the password, or choose another way to sign in.",
        _ => null,
    };

    /// <summary>The endpoint, with the host keys once they were confirmed.</summary>
    public SshEndpoint Endpoint(HostKeyOffer? confirmed) => new()
    {
        Address = Address.Trim(),
        Port = Port,
        User = User.Trim(),
        Authentication = Authentication,
        UseSudo = UseSudo,
        JumpHost = JumpHost.Trim() is { Length: > 0 } jump ? jump : null,
        AllowLegacyAlgorithms = Legacy,
        HostKey = confirmed?.Key,
        JumpHostKey = confirmed?.Jump?.Key,
    };

    /// <summary>The host to add.</summary>
    public NewHost ToHost(HostKeyOffer confirmed) => new(
        Name.Trim() is { Length: > 0 } name ? name : Address.Trim(), Kind, Endpoint(confirmed), Secret(), Data());

    /// <summary>The change of a host that is known.</summary>
    public ChangedHost ToChange(HostKeyOffer confirmed) => new(Endpoint(confirmed), Secret(), Data());

    private string? Data() => DataAddress.Trim() is { Length: > 0 } data ? data : null;

    /// <summary>What signs in, as it is stored; null for the account's own SSH identity, and where the stored one stays.</summary>
    public string? Secret() => Authentication switch
    {
        _ when KeepsSecret && Key.Length + Password.Length == 0 => null,

        // A key that lost its last line end while being pasted is refused by the SSH client.
        SshAuthentication.Key => Key.Replace("\r\n", "\n", StringComparison.Ordinal).Trim() + "\n",
        SshAuthentication.Password => Password,
        _ => null,
    };
}
