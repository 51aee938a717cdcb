using System.Text.RegularExpressions;
using Xen2Kvm.Guests.Inspection;
using Xen2Kvm.Guests.Network;

namespace Xen2Kvm.Guests.Conversion;

/// <summary>Distribution, init system and tools of a guest, told from its files.</summary>
/// <param name="Distribution">os-release's ID, or null.</param>
/// <param name="Name">Pretty name, or null.</param>
/// <param name="Version">Version, or null.</param>
/// <param name="InitSystem">systemd, sysvinit, upstart, openrc, or null.</param>
/// <param name="InitrdTool">initramfs-tools, dracut, mkinitrd, mkinitcpio, mkinitfs, or null.</param>
internal sealed partial record OperatingSystem(string? Distribution, string? Name, string? Version, string? InitSystem, string? InitrdTool)
{
    private static readonly HashSet<string> Supported = new(StringComparer.Ordinal)
    {
        "debian", "ubuntu", "devuan", "raspbian", "linuxmint", "centos", "rhel", "fedora", "almalinux", "rocky", "ol", "scientific", "amzn",
        "sles", "sled", "sles_sap", "opensuse", "opensuse-leap", "opensuse-tumbleweed",
    };

    /// <summary>Whether conversion knows this distribution's ways.</summary>
    public bool IsSupported => Distribution is not null && Supported.Contains(Distribution);

    /// <summary>Reads it.</summary>
    public static OperatingSystem Of(InspectedGuest guest)
    {
        var (id, name, version) = Release(guest);
        return new(id, name, version, Init(guest), Tool(guest));
    }

    private static (string? Id, string? Name, string? Version) Release(InspectedGuest guest)
    {
        var release = guest.Text("/etc/os-release") is { Length: > 0 } own ? own : guest.Text("/usr/lib/os-release");
        if (release.Length > 0)
        {
            var file = KeyFiles.Parse(release);
            return (file.Value("", "ID"), file.Value("", "PRETTY_NAME"), file.Value("", "VERSION_ID"));
        }

        // Before 2012 each family had a file of its own.
        if (guest.Text("/etc/redhat-release").Trim() is { Length: > 0 } redHat)
        {
            var id = redHat.StartsWith("CentOS", StringComparison.Ordinal) ? "centos"
                : redHat.StartsWith("Fedora", StringComparison.Ordinal) ? "fedora"
                : redHat.StartsWith("Scientific", StringComparison.Ordinal) ? "scientific" : "rhel";
            return (id, redHat, Number().Match(redHat).Value);
        }

        if (guest.Text("/etc/SuSE-release") is { Length: > 0 } suse)
        {
            var first = suse.Split('\n')[0].Trim();
            return (first.Contains("openSUSE", StringComparison.OrdinalIgnoreCase) ? "opensuse" : "sles", first, Number().Match(first).Value);
        }

        if (KeyFiles.Parse(guest.Text("/etc/lsb-release")) is var lsb && lsb.Value("", "DISTRIB_ID") is { } lsbId)
        {
            return (lsbId.ToLowerInvariant(), lsb.Value("", "DISTRIB_DESCRIPTION"), lsb.Value("", "DISTRIB_RELEASE"));
        }

        var debian = guest.Text("/etc/debian_version").Trim();
        return debian.Length > 0 ? ("debian", "Debian GNU/Linux " + debian, debian) : (null, null, null);
    }

    private static string? Init(InspectedGuest guest) => guest switch
    {
        _ when guest.InitLink.Contains("systemd", StringComparison.Ordinal) => "systemd",
        _ when guest.Present.Contains("/sbin/openrc") => "openrc",
        _ when guest.Present.Contains("/sbin/initctl") && (guest.Present.Contains("/etc/init/rc.conf") || guest.Present.Contains("/etc/init/rc-sysinit.conf")) => "upstart",
        _ when guest.Present.Contains("/sbin/init") && guest.Files.ContainsKey("/etc/inittab") => "sysvinit",
        _ when guest.Present.Contains("/lib/systemd/systemd") || guest.Present.Contains("/usr/lib/systemd/systemd") => "systemd",
        _ => null,
    };

    private static string? Tool(InspectedGuest guest) => guest.Present switch
    {
        var present when present.Contains("/usr/sbin/update-initramfs") => "initramfs-tools",
        var present when present.Contains("/usr/bin/dracut") || present.Contains("/sbin/dracut") || present.Contains("/usr/sbin/dracut") => "dracut",
        var present when present.Contains("/sbin/mkinitrd") => "mkinitrd",
        var present when present.Contains("/usr/bin/mkinitcpio") => "mkinitcpio",
        var present when present.Contains("/sbin/mkinitfs") => "mkinitfs",
        _ => null,
    };

    [GeneratedRegex(@"[0-9]+(\.[0-9]+)*", RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}
