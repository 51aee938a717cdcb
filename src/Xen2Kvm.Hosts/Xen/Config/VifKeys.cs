using System.Globalization;

namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>The keys of a vif entry (xl-network-configuration(5); parse_nic_config in xl_parse.c; xm create's configure_vifs).</summary>
internal static class VifKeys
{
    /// <summary>Keys that xl or xm know and that mean nothing for a move; they are kept, without a complaint.</summary>
    private static readonly HashSet<string> Kept = new(StringComparer.Ordinal)
    {
        "accel", "policy", "label", "uuid", "forwarddev", "vlanid", "security_label", "be_mac",
    };

    /// <summary>Puts one parameter into the spec.</summary>
    /// <param name="spec">The spec so far.</param>
    /// <param name="key">The key, or a flag.</param>
    /// <param name="value">The value; null for a flag.</param>
    /// <returns>The new spec, null when the key has no property; and what is wrong with it.</returns>
    public static (VifSpec? Spec, string? Wrong) Apply(VifSpec spec, string key, string? value)
    {
        if (value is null)
        {
            return key switch
            {
                "trusted" => (spec with { Trusted = true }, null),
                "untrusted" => (spec with { Trusted = false }, null),
                _ => (null, "Unknown flag"),
            };
        }

        switch (key)
        {
            case "mac":
                return ReadMac(value) is { } mac ? (spec with { Mac = mac }, null) : (spec, "This is no MAC address");
            case "bridge":
                return (spec with { Bridge = value }, null);
            case "gatewaydev" or "netdev":
                return (spec with { GatewayDevice = value }, null);
            case "type" when value is "ioemu" or "vif":
                return (spec with { Type = value == "ioemu" ? VifType.Ioemu : VifType.Vif }, null);
            case "type" when value is "netfront":
                // xm's old word for a paravirtual device.
                return (spec with { Type = VifType.Vif }, null);
            case "type":
                return (spec, "Unknown type (ioemu, vif)");
            case "model":
                return (spec with { Model = value }, null);
            case "vifname":
                return (spec with { HostName = value }, null);
            case "script":
                return (spec with { Script = value }, null);
            case "ip":
                return (spec with { Ip = value }, null);
            case "backend":
                return (spec with { Backend = value }, null);
            case "rate":
                var rate = VifRate.Parse(value);
                return (spec with { Rate = rate }, rate is null ? "This is no rate (10Mb/s, 250KB/s@20ms)" : null);
            case "devid":
                return Number(value) is { } id ? (spec with { DeviceId = id }, null) : (spec, "devid is no number");
            case "mtu":
                return Number(value) is { } mtu ? (spec with { Mtu = mtu }, null) : (spec, "mtu is no number");
            case "vlan":
                return (spec with { Vlan = value }, null);
            default:
                return (null, Kept.Contains(key) || key.StartsWith("colo_", StringComparison.Ordinal) ? null : "Unknown key");
        }
    }

    /// <summary>xl reads six hex numbers with any separator, one or two digits each; what comes back has colons and lower case.</summary>
    internal static string? ReadMac(string value)
    {
        value = value.Trim();
        var parts = value.Length == 12 ? [.. value.Chunk(2).Select(pair => new string(pair))] : value.Split(':', '-');
        if (parts.Length != 6)
        {
            return null;
        }

        for (var i = 0; i < parts.Length; i++)
        {
            if (parts[i].Length is 0 or > 2 || !parts[i].All(char.IsAsciiHexDigit))
            {
                return null;
            }

            parts[i] = parts[i].PadLeft(2, '0').ToLowerInvariant();
        }

        return string.Join(':', parts);
    }

    private static int? Number(string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
