using System.Text.RegularExpressions;

namespace Xen2Kvm.Guests.Edits;

/// <summary>
/// 70-persistent-net.rules: interface names by MAC for guests whose udev knows no .link files. Lines of Xen's driver, and lines that give one
/// of the names to another card, go away: they would fight for the name.
/// </summary>
public static partial class PersistentNetRules
{
    /// <summary>Path in the guest.</summary>
    public const string Path = "/etc/udev/rules.d/70-persistent-net.rules";

    /// <summary>Why.</summary>
    public const string Reason = "keeps the interface names by MAC";

    /// <summary>The rules with every pin in force.</summary>
    public static string Apply(string text, IReadOnlyList<NicPin> pins)
    {
        if (pins.Count == 0)
        {
            return text;
        }

        var present = new HashSet<NicPin>();
        var result = TextLines.Rewrite(text, line =>
        {
            if (line.TrimStart().StartsWith('#') || NameOf().Match(line) is not { Success: true } name)
            {
                return line;
            }

            var mac = Address().Match(line).Groups[1].Value;
            var pin = pins.FirstOrDefault(pin => string.Equals(pin.Mac, mac, StringComparison.OrdinalIgnoreCase));
            if (pin is not null && pin.Name == name.Groups[1].Value && !XenDriver().IsMatch(line))
            {
                return present.Add(pin) ? line : null;
            }

            return pin is not null || pins.Any(other => other.Name == name.Groups[1].Value) || XenDriver().IsMatch(line) ? null : line;
        });

        var missing = pins.Where(pin => !present.Contains(pin)).ToList();
        return missing.Count == 0 ? result : TextLines.Append(result, missing.Select(Rule));
    }

    private static string Rule(NicPin pin) =>
        $"SUBSYSTEM==\"net\", ACTION==\"add\", DRIVERS==\"?*\", ATTR{{address}}==\"{pin.Mac}\", ATTR{{type}}==\"1\", NAME=\"{pin.Name}\"";

    [GeneratedRegex("""\bNAME\s*[:+]?=\s*"([^"]+)"\s*(?:,|$)""", RegexOptions.CultureInvariant)]
    private static partial Regex NameOf();

    [GeneratedRegex("""\b(?:ATTR|SYSFS)\{address\}\s*==\s*"([^"]+)" """, RegexOptions.CultureInvariant | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Address();

    [GeneratedRegex("""\b(?:DRIVERS?|KERNELS|ID|BUS)\s*==\s*"(?:vif[^"]*|xen[^"]*)" """, RegexOptions.CultureInvariant | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex XenDriver();
}

/// <summary>systemd's .link file that gives an interface the name it always had.</summary>
public static class LinkFile
{
    /// <summary>Why.</summary>
    public const string Reason = "keeps the interface name by MAC";

    /// <summary>Path in the guest. The number puts it before every file of the distribution.</summary>
    public static string PathOf(NicPin pin) => $"/etc/systemd/network/10-x2k-{pin.Name}.link";

    /// <summary>The file's text. The driver is named so that a bridge or VLAN with the same MAC does not match.</summary>
    public static string Create(NicPin pin) =>
        $"# Written by Xen2Kvm: the interface keeps the name it had on Xen.\n[Match]\nMACAddress={pin.Mac}\n{(pin.Model == "virtio" ? "Driver=virtio_net\n" : "")}\n[Link]\nName={pin.Name}\n";
}

/// <summary>ifcfg files of Red Hat's family: the MAC beside the name, so that ifup and udev find the right card.</summary>
public sealed partial class IfcfgEdit : IGuestFileEdit
{
    /// <inheritdoc/>
    public string Reason => "ties the interface to its MAC";

    /// <inheritdoc/>
    public bool Concerns(string path) => path.StartsWith("/etc/sysconfig/network-scripts/ifcfg-", StringComparison.Ordinal);

    /// <inheritdoc/>
    public string Apply(string text, EditContext context)
    {
        var device = Regex.Match(text, @"^\s*DEVICE=[""']?([\w.:-]+)[""']?\s*$", RegexOptions.Multiline | RegexOptions.CultureInvariant).Groups[1].Value;
        var pin = context.Pins.FirstOrDefault(pin => pin.Name == device);

        // A file that names a MAC (to find or to set one) says itself which card it means; a bridge or bond has none of its own.
        return pin is null || Special().IsMatch(text) ? text : TextLines.Append(text, $"HWADDR={pin.Mac}");
    }

    [GeneratedRegex("""^\s*(HWADDR|MACADDR|LLADDR|VLAN|BONDING_OPTS|TYPE=["']?(Bridge|Bond|Vlan))""", RegexOptions.Multiline | RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Special();
}
