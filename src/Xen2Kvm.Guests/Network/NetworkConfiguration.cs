using System.Text.RegularExpressions;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Guests.Edits;

namespace Xen2Kvm.Guests.Network;

/// <summary>Reads the interfaces of a guest out of its configuration files, whatever its manner, and says which name belongs to which MAC.</summary>
public static partial class NetworkConfiguration
{
    /// <summary>Patterns of the files to read.</summary>
    public static readonly IReadOnlyList<string> Patterns =
    [
        "/etc/network/interfaces",
        "/etc/network/interfaces.d/*",
        "/etc/systemd/network/*.network",
        "/etc/systemd/network/*.link",
        "/etc/netplan/*.yaml",
        "/etc/netplan/*.yml",
        "/etc/sysconfig/network-scripts/ifcfg-*",
        "/etc/sysconfig/network/ifcfg-*",
        "/etc/NetworkManager/system-connections/*",
        PersistentNetRules.Path,
    ];

    /// <summary>All Ethernet interfaces, in the order of the files and of their lines; each name once.</summary>
    /// <param name="files">Text by path.</param>
    public static IReadOnlyList<ConfiguredInterface> Read(IReadOnlyDictionary<string, string> files)
    {
        var found = new List<ConfiguredInterface>();
        foreach (var (path, text) in files.OrderBy(file => file.Key, StringComparer.Ordinal))
        {
            found.AddRange(path switch
            {
                _ when IsBackup(path) => [],
                "/etc/network/interfaces" => Ifupdown.Read(path, text),
                _ when path.StartsWith("/etc/network/interfaces.d/", StringComparison.Ordinal) => Ifupdown.Read(path, text),
                _ when path.EndsWith(".network", StringComparison.Ordinal) => KeyFiles.ReadNetworkd(path, text),
                _ when path.StartsWith("/etc/netplan/", StringComparison.Ordinal) => Netplan.Read(path, text),
                _ when path.Contains("/ifcfg-", StringComparison.Ordinal) => KeyFiles.ReadIfcfg(path, text),
                _ when path.StartsWith("/etc/NetworkManager/", StringComparison.Ordinal) => KeyFiles.ReadNetworkManager(path, text),
                _ => [],
            });
        }

        return
        [
            .. found.Where(card => card.Name.Length == 0 ? card.Mac is not null : IsEthernet(card.Name))
                .GroupBy(card => card.Name.Length == 0 ? card.Mac ?? "" : card.Name, StringComparer.Ordinal)
                .Select(same => same.First() with
                {
                    Mac = same.Select(card => card.Mac).FirstOrDefault(mac => mac is not null),
                    Addresses = [.. same.SelectMany(card => card.Addresses).Distinct(StringComparer.Ordinal)],
                }),
        ];
    }

    /// <summary>
    /// Ties names to the NICs' MACs: by the MAC that the configuration names, else by the number in ethN or enXN, else in order.
    /// A name for which no NIC is left gets no pin.
    /// </summary>
    public static IReadOnlyList<NicPin> Pin(IReadOnlyList<ConfiguredInterface> interfaces, IReadOnlyList<TargetNic> nics)
    {
        var pins = new NicPin?[nics.Count];
        var open = new List<ConfiguredInterface>();
        foreach (var card in interfaces.Where(card => card.Name.Length > 0))
        {
            var index = card.Mac is null ? -1 : nics.ToList().FindIndex(nic => string.Equals(nic.Mac, card.Mac, StringComparison.OrdinalIgnoreCase));
            if (index < 0 || !Take(pins, nics, index, card.Name))
            {
                open.Add(card);
            }
        }

        // A configuration that names a MAC which no NIC has means another machine's card; tying it to a NIC would be a guess.
        open.RemoveAll(card => card.Mac is not null);
        open.RemoveAll(card => Numbered().Match(card.Name) is { Success: true } match
            && int.TryParse(match.Groups[1].ValueSpan, out var number) && number < nics.Count && Take(pins, nics, number, card.Name));
        foreach (var card in open)
        {
            Take(pins, nics, Array.IndexOf(pins, null), card.Name);
        }

        return [.. pins.OfType<NicPin>()];
    }

    /// <summary>Names that the guest's own .link files or udev rules already give by MAC, in lower case: <c>mac name</c>.</summary>
    public static IReadOnlySet<string> AlreadyNamed(IReadOnlyDictionary<string, string> files)
    {
        var named = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (path, text) in files.Where(file => file.Key.EndsWith(".link", StringComparison.Ordinal)))
        {
            if (path.Contains("/10-x2k-", StringComparison.Ordinal))
            {
                continue;
            }

            var sections = KeyFiles.Parse(text);
            var mac = sections.Value("Match", "MACAddress") ?? sections.Value("Match", "PermanentMACAddress");
            if (mac is not null && sections.Value("Link", "Name") is { } name && !text.Contains("xen", StringComparison.OrdinalIgnoreCase))
            {
                named.Add($"{mac.ToLowerInvariant()} {name}");
            }
        }

        return named;
    }

    /// <summary>Whether a name is an Ethernet card's: no bridge, bond, VLAN, alias, tunnel or loopback.</summary>
    internal static bool IsEthernet(string name) => SafeName().IsMatch(name) && !Virtual().IsMatch(name);

    private static bool Take(NicPin?[] pins, IReadOnlyList<TargetNic> nics, int index, string name)
    {
        if (index < 0 || index >= nics.Count || pins[index] is not null)
        {
            return false;
        }

        pins[index] = new(name, nics[index].Mac.ToLowerInvariant(), nics[index].Model);
        return true;
    }

    private static bool IsBackup(string path) => path.EndsWith('~') || path.EndsWith(".bak", StringComparison.Ordinal)
        || path.EndsWith(".orig", StringComparison.Ordinal) || path.Contains(".rpm", StringComparison.Ordinal) || path.Contains(".dpkg-", StringComparison.Ordinal);

    [GeneratedRegex("^(?:eth|enX)([0-9]{1,3})$", RegexOptions.CultureInvariant)]
    private static partial Regex Numbered();

    // Linux takes at most 15 characters; anything odd is no name that belongs into a rule or a file name.
    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_-]{0,14}$", RegexOptions.CultureInvariant)]
    private static partial Regex SafeName();

    [GeneratedRegex("^(lo|(br|virbr|xenbr|bond|team|vlan|tun|tap|wg|dummy|docker|veth|ppp|sit|gre|ib|wlan|wlp|he-|vif)[0-9-].*|br-.*|docker0|br)$", RegexOptions.CultureInvariant)]
    private static partial Regex Virtual();
}
