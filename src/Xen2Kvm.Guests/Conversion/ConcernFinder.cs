using System.Globalization;
using System.Text.RegularExpressions;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Guests.Edits;
using Xen2Kvm.Guests.Inspection;
using Xen2Kvm.Guests.Network;

namespace Xen2Kvm.Guests.Conversion;

/// <summary>Concerns that come out of conversion itself. What follows from the inspection alone is judged by the engine's rules.</summary>
internal static partial class ConcernFinder
{
    private const long MiB = 1 << 20;
    private const long Reserve = 20 * MiB;

    private static readonly string[] FilesWithDevices =
    [
        "/etc/fstab", "/etc/crypttab", "/etc/initramfs-tools/conf.d/resume", "/etc/kernel/cmdline", .. GuestPaths.Grub2Menus, .. GuestPaths.LegacyMenus, .. GuestPaths.Extlinux,
    ];

    /// <summary>No room for the kernel that dom0 lent (X10); the general limits are the engine's rule.</summary>
    public static IEnumerable<Concern> Space(InspectedGuest guest, long staged)
    {
        var place = guest.Mounts.FirstOrDefault(mount => mount.MountPoint == "/boot") ?? guest.Mounts[0];
        if (staged > 0 && place.Free is { } free && free.Bytes < staged + Reserve)
        {
            yield return new("X10", Severity.Blocker, place.MountPoint, $"{place.MountPoint} of the guest has no room for the kernel that dom0 lent it.",
                $"{place.Device}: {free.Bytes / MiB} MiB free, {(staged + Reserve) / MiB} MiB needed", "Make room in the guest while it runs on Xen, then try again.");
        }
    }

    /// <summary>Layouts with more than a plain partition between boot loader and kernel (X11); the engine's rule looks at the file system only.</summary>
    public static IEnumerable<Concern> Layout(InspectedGuest guest)
    {
        foreach (var (place, system) in new[] { ("/", guest.Root), ("/boot", guest.Boot) }.DistinctBy(pair => pair.Item2.Device))
        {
            if (system.Type != "btrfs" && !BlockName.TryParse(system.Device, out _))
            {
                yield return new("X11", Severity.Warning, place, $"{place} is on LVM, RAID or an encrypted device.",
                    $"{system.Device}: {system.Type}", "The boot loader made for it reads this; prove the boot with a test clone if the guest matters much.");
            }
        }

        foreach (var system in guest.FileSystems.Where(system => system.Type == "crypto_LUKS"))
        {
            yield return new("X11", Severity.Warning, system.Device, "An encrypted device that cannot be looked into.", $"{system.Device}: LUKS", "Nothing inside is converted; its owner must enter the key on the new console.");
        }
    }

    /// <summary>Lines that name disks by device (X12), as <c>file:line: text</c>.</summary>
    public static IReadOnlyList<string> DeviceNameUses(InspectedGuest guest) =>
    [
        .. FilesWithDevices.Where(guest.Files.ContainsKey).SelectMany(path => guest.Text(path).Split('\n')
            .Select((line, index) => (Line: line.Trim(), Number: index + 1))
            .Where(line => line.Line.Length > 0 && line.Line[0] != '#' && DeviceName().IsMatch(line.Line))
            .Select(line => string.Create(CultureInfo.InvariantCulture, $"{path}:{line.Number}: {line.Line}"))),
    ];

    /// <summary>Interfaces with an address that no NIC is left for (X13).</summary>
    public static IEnumerable<Concern> Network(IReadOnlyList<ConfiguredInterface> interfaces, IReadOnlyList<NicPin> pins) => interfaces
        .Where(card => card.Name.Length > 0 && card.Addresses.Count > 0 && !pins.Any(pin => pin.Name == card.Name))
        .Select(card => new Concern("X13", Severity.Warning, card.Name, $"{card.Name} is configured, but no virtual NIC is left for it.",
            $"{card.Source}: {string.Join(", ", card.Addresses)}", "Check on Xen whether the guest still has this card."));

    /// <summary>Distributions whose ways are not known (X20).</summary>
    public static IEnumerable<Concern> Distribution(OperatingSystem system)
    {
        if (!system.IsSupported)
        {
            yield return new("X20", Severity.Warning, "guest", $"Conversion does not know this operating system: {system.Name ?? "no release file"}.",
                $"ID={system.Distribution ?? "?"}, init {system.InitSystem ?? "unknown"}", "What it has in common with known ones is converted. Prove the boot on a test clone first.");
        }
    }

    [GeneratedRegex(@"/dev/(xvd|sd|hd)[a-z]{1,2}[0-9]*\b|/dev/disk/by-path/|root=\(?(xvd|sd|hd)[a-z]", RegexOptions.CultureInvariant)]
    private static partial Regex DeviceName();
}
