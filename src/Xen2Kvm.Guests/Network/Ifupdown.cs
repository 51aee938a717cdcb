using System.Net;
using System.Numerics;

namespace Xen2Kvm.Guests.Network;

/// <summary>Debian's /etc/network/interfaces.</summary>
internal static class Ifupdown
{
    public static IEnumerable<ConfiguredInterface> Read(string path, string text)
    {
        var order = new List<string>();
        var stanzas = new Dictionary<string, Stanza>(StringComparer.Ordinal);
        Stanza? current = null;
        foreach (var words in LogicalLines(text))
        {
            switch (words[0])
            {
                case "auto" or "allow-auto" or "allow-hotplug":
                    current = null;
                    foreach (var name in words.Skip(1))
                    {
                        Get(name);
                    }

                    break;
                case "iface" when words.Length >= 2:
                    current = Get(words[1].Split(':')[0]);
                    current.IsInterface = true;
                    break;
                case "mapping" or "source" or "source-directory" or "rename" or "template":
                    current = null;
                    break;
                case "bridge_ports" or "bridge-ports" or "bond-slaves" or "slaves" or "bond_slaves":
                    foreach (var name in words.Skip(1).Where(name => name is not "none" and not "regex"))
                    {
                        Get(name);
                    }

                    break;
                case "address" when current is not null && words.Length > 1:
                    current.Close();
                    current.Address = words[1];
                    break;
                case "netmask" when current is not null && words.Length > 1:
                    current.Netmask = words[1];
                    break;
                case "hwaddress" when current is not null && words.Length > 1 && words[^1].Contains(':', StringComparison.Ordinal):
                    current.Mac = words[^1].ToLowerInvariant();
                    break;
            }
        }

        foreach (var name in order)
        {
            stanzas[name].Close();
            yield return new(name, stanzas[name].Mac, stanzas[name].Addresses, "ifupdown", path);
        }

        Stanza Get(string name)
        {
            // eth0:1 is an address of eth0; eth0.5 a VLAN on it.
            name = name.Split(':')[0].Split('.')[0];
            if (!stanzas.TryGetValue(name, out var stanza))
            {
                stanzas[name] = stanza = new();
                order.Add(name);
            }

            return stanza;
        }
    }

    /// <summary>Prefix length of a netmask given as dotted quad or as a number; null when it is neither.</summary>
    public static int? PrefixLength(string? netmask) =>
        int.TryParse(netmask, out var number) ? number
        : netmask is not null && IPAddress.TryParse(netmask, out var mask) && mask.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork
            ? mask.GetAddressBytes().Sum(value => BitOperations.PopCount(value))
            : null;

    private static IEnumerable<string[]> LogicalLines(string text) => text.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n')
        .Select(line => line.Trim())
        .Where(line => line.Length > 0 && line[0] != '#')
        .Select(line => line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries));

    private sealed class Stanza
    {
        public bool IsInterface { get; set; }

        public string? Mac { get; set; }

        public string? Address { get; set; }

        public string? Netmask { get; set; }

        public List<string> Addresses { get; } = [];

        public void Close()
        {
            if (Address is not null)
            {
                Addresses.Add(Address.Contains('/', StringComparison.Ordinal) || PrefixLength(Netmask) is not { } length ? Address : $"{Address}/{length}");
            }

            (Address, Netmask) = (null, null);
        }
    }
}
