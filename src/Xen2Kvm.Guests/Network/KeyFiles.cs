namespace Xen2Kvm.Guests.Network;

/// <summary>Key=value files with sections: systemd-networkd, NetworkManager; and without: ifcfg.</summary>
internal static class KeyFiles
{
    public static IEnumerable<ConfiguredInterface> ReadNetworkd(string path, string text)
    {
        var file = Parse(text);
        var mac = file.Value("Match", "MACAddress")?.Split(' ')[0].ToLowerInvariant();
        List<string> addresses = [.. file.Values("Network", "Address"), .. file.Values("Address", "Address")];
        var names = file.Values("Match", "Name").SelectMany(value => value.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToList();
        if (names.Count == 0 && mac is not null)
        {
            yield return new("", mac, addresses, "networkd", path);
        }

        foreach (var name in names)
        {
            if (name == "enX*")
            {
                yield return new("enX0", mac, addresses, "networkd", path);
            }
            else if (name.IndexOfAny(['*', '?', '[', '!']) < 0)
            {
                yield return new(name, mac, addresses, "networkd", path);
            }
        }
    }

    public static IEnumerable<ConfiguredInterface> ReadIfcfg(string path, string text)
    {
        var file = Parse(text);
        var suffix = path[(path.IndexOf("/ifcfg-", StringComparison.Ordinal) + 7)..];
        var name = file.Value("", "DEVICE") ?? suffix;
        if (name.IndexOfAny([':', '.', '/']) >= 0 || file.Value("", "TYPE") is "Bridge" or "Bond" or "Vlan" || file.Value("", "VLAN") == "yes")
        {
            yield break;
        }

        var addresses = new List<string>();
        foreach (var (key, value) in file.Entries(""))
        {
            // IPADDR, IPADDR0, IPADDR_1 …; SUSE may write the length behind the address.
            if (key.StartsWith("IPADDR", StringComparison.Ordinal) && value.Length > 0)
            {
                var number = key["IPADDR".Length..];
                var length = file.Value("", "PREFIX" + number) ?? file.Value("", "PREFIXLEN" + number)
                    ?? Ifupdown.PrefixLength(file.Value("", "NETMASK" + number))?.ToString(System.Globalization.CultureInfo.InvariantCulture);
                addresses.Add(value.Contains('/', StringComparison.Ordinal) || length is null ? value : $"{value}/{length}");
            }
            else if (key == "IPV6ADDR" && value.Length > 0)
            {
                addresses.Add(value);
            }
        }

        yield return new(name, file.Value("", "HWADDR")?.ToLowerInvariant(), addresses, "ifcfg", path);
    }

    public static IEnumerable<ConfiguredInterface> ReadNetworkManager(string path, string text)
    {
        var file = Parse(text);
        if (file.Value("connection", "type") is not ("ethernet" or "802-3-ethernet"))
        {
            yield break;
        }

        var mac = file.Value("ethernet", "mac-address") ?? file.Value("802-3-ethernet", "mac-address");
        var addresses = new[] { "ipv4", "ipv6" }
            .SelectMany(section => file.Entries(section))
            .Where(entry => entry.Key.StartsWith("address", StringComparison.Ordinal) && !entry.Key.Contains('-', StringComparison.Ordinal))
            .Select(entry => entry.Value.Split([',', ';'])[0].Trim())
            .Where(address => address.Length > 0)
            .ToList();
        var name = file.Value("connection", "interface-name") ?? "";
        if (name.Length > 0 || mac is not null)
        {
            yield return new(name, mac?.ToLowerInvariant(), addresses, "networkmanager", path);
        }
    }

    /// <summary>Reads sections and keys; keys before the first section belong to the section "".</summary>
    public static KeyFile Parse(string text)
    {
        var file = new KeyFile();
        var section = "";
        foreach (var raw in text.Split('\n'))
        {
            var line = raw.Trim();
            if (line.Length == 0 || line[0] is '#' or ';')
            {
                continue;
            }

            if (line[0] == '[' && line[^1] == ']')
            {
                section = line[1..^1];
                continue;
            }

            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                file.Add(section, line[..equals].Trim(), Unquote(line[(equals + 1)..].Trim()));
            }
        }

        return file;
    }

    private static string Unquote(string value) => value.Length >= 2 && value[0] is '"' or '\'' && value[^1] == value[0] ? value[1..^1] : value;
}

/// <summary>A parsed key=value file.</summary>
internal sealed class KeyFile
{
    private readonly List<(string Section, string Key, string Value)> entries = [];

    public void Add(string section, string key, string value) => entries.Add((section, key, value));

    public IEnumerable<(string Key, string Value)> Entries(string section) =>
        entries.Where(entry => entry.Section == section).Select(entry => (entry.Key, entry.Value));

    public IEnumerable<string> Values(string section, string key) => Entries(section).Where(entry => entry.Key == key).Select(entry => entry.Value);

    public string? Value(string section, string key) => Values(section, key).LastOrDefault(value => value.Length > 0);
}
