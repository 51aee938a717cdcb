using System.Text.Json.Serialization;

namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>What kind of network device the guest gets (xl-network-configuration(5), <c>type=</c>).</summary>
public enum VifType
{
    /// <summary>Not said: a PV guest has a vif, an HVM guest the emulated device too.</summary>
    Default,

    /// <summary>Emulated and paravirtual.</summary>
    Ioemu,

    /// <summary>Paravirtual only.</summary>
    Vif,
}

/// <summary>One network device of a guest: an entry of <c>vif = [ ]</c>, of <c>xl list -l</c> or of <c>xm list -l</c>.</summary>
public sealed record VifSpec
{
    /// <summary>The bridge xl uses when none is named.</summary>
    public const string DefaultBridge = "xenbr0";

    /// <summary>The entry as written; empty when it comes from a running domain.</summary>
    public string Text { get; init; } = "";

    /// <summary>Six lower-case pairs with colons; null when the config leaves it to Xen, which then makes up a new one at each start (X03).</summary>
    public string? Mac { get; init; }

    /// <summary>The bridge as written; null when not said, see <see cref="DefaultBridge"/>.</summary>
    public string? Bridge { get; init; }

    /// <summary>Device with the gateway's address, for routed networks; xl's old name netdev is read too.</summary>
    public string? GatewayDevice { get; init; }

    /// <summary>Emulated or paravirtual.</summary>
    public VifType Type { get; init; }

    /// <summary>Model of the emulated card: rtl8139 (the default), e1000 …</summary>
    public string? Model { get; init; }

    /// <summary>Name of the device on the host.</summary>
    public string? HostName { get; init; }

    /// <summary>Hotplug script; null for vif-bridge.</summary>
    public string? Script { get; init; }

    /// <summary>Addresses handed to the script, which usually lets only these through; several are separated by spaces.</summary>
    public string? Ip { get; init; }

    /// <summary>Name or number of the domain that provides the network; null for dom0.</summary>
    public string? Backend { get; init; }

    /// <summary>Limit on what the guest sends; null for none.</summary>
    public VifRate? Rate { get; init; }

    /// <summary>The device number when set by hand or known from the running domain; null when it is the place in the list.</summary>
    public int? DeviceId { get; init; }

    /// <summary>MTU in bytes; null when the bridge decides.</summary>
    public int? Mtu { get; init; }

    /// <summary>VLAN filter of the bridge port, as written (10, 10p/20, 100+10x4).</summary>
    public string? Vlan { get; init; }

    /// <summary>Whether the guest should trust the backend; null for the default.</summary>
    public bool? Trusted { get; init; }

    /// <summary>Keys without a property here (COLO, accel, xm's vlanid, policy, label, uuid …), as written.</summary>
    public IReadOnlyDictionary<string, string> Extra { get; init; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>What is wrong with the entry; line numbers are 0, the config's reader fills them in. A definition gathers them all in its own list.</summary>
    [JsonIgnore]
    public IReadOnlyList<ConfigProblem> Problems { get; init; } = [];

    /// <summary>Reads an entry of <c>vif = [ ]</c>; the empty text is a device with every default.</summary>
    /// <param name="text">The entry without its quotes.</param>
    /// <returns>The device; what is wrong with it is in <see cref="Problems"/>.</returns>
    public static VifSpec Parse(string text)
    {
        text ??= "";
        var spec = new VifSpec { Text = text };
        var extra = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var problems = new List<ConfigProblem>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var (key, value) = equals < 0 ? (part, "") : (part[..equals].TrimEnd(), part[(equals + 1)..].TrimStart());
            var (next, wrong) = VifKeys.Apply(spec, key, equals < 0 ? null : value);
            if (next is null)
            {
                extra[key] = value;
            }
            else
            {
                spec = next;
            }

            if (wrong is not null)
            {
                problems.Add(new ConfigProblem(ConfigProblemKind.Value, 0, 0, Secrets.Show(part), $"{wrong} in vif '{Secrets.Show(text)}'", "vif"));
            }
        }

        return spec with { Extra = extra, Problems = problems };
    }
}
