using System.Globalization;
using System.Text.RegularExpressions;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Guests.Edits;
using Xen2Kvm.Guests.Inspection;
using Xen2Kvm.Guests.Network;

namespace Xen2Kvm.Guests.Conversion;

/// <summary>What only the disk could tell, as concerns.</summary>
internal static partial class ConcernFinder
{
    private const long MiB = 1 << 20;
    private const long MinInodes = 100;

    private static readonly string[] FilesWithDevices =
    [
        "/etc/fstab", "/etc/crypttab", "/etc/initramfs-tools/conf.d/resume", "/etc/kernel/cmdline", .. GuestPaths.Grub2Menus, .. GuestPaths.LegacyMenus, .. GuestPaths.Extlinux,
    ];

    /// <summary>Too little room for the changes (X10). The limits are virt-v2v's; a staged kernel comes on top.</summary>
    public static IEnumerable<Concern> Space(InspectedGuest guest, long staged)
    {
        var hasBoot = guest.Mounts.Any(mount => mount.MountPoint == "/boot");
        foreach (var mount in guest.Mounts)
        {
            if (mount.Free is not { } free || guest.FileSystems.FirstOrDefault(system => system.Device == mount.Device)?.Type == "vfat")
            {
                continue;
            }

            var kernel = mount.MountPoint == (hasBoot ? "/boot" : "/") ? staged : 0;
            var needed = kernel + (mount.MountPoint switch { "/" => 100 * MiB, "/boot" => 50 * MiB, _ => 10 * MiB });
            if (free.Bytes < needed || free.Inodes < MinInodes)
            {
                yield return new("X10", Severity.Blocker, mount.MountPoint, $"Too little free space on {mount.MountPoint} to convert the guest.",
                    $"{mount.Device}: {free.Bytes / MiB} MiB free of {needed / MiB} needed, {free.Inodes?.ToString(CultureInfo.InvariantCulture) ?? "any number of"} free inodes of {MinInodes} needed",
                    "Free some space in the guest or enlarge the file system on Xen, then run again.");
            }
        }
    }

    /// <summary>Layouts with more than a plain partition between boot loader and kernel (X11).</summary>
    public static IEnumerable<Concern> Layout(InspectedGuest guest)
    {
        foreach (var (place, system) in new[] { ("/", guest.Root), ("/boot", guest.Boot) }.DistinctBy(pair => pair.Item2.Device))
        {
            var plain = BlockName.TryParse(system.Device, out _);
            if (!plain || system.Type is "btrfs")
            {
                yield return new("X11", Severity.Warning, place, $"{place} is on {(plain ? system.Type : "LVM, RAID or an encrypted device")}.",
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

    /// <summary>Device names in use (X12).</summary>
    public static IEnumerable<Concern> Names(IReadOnlyList<string> uses)
    {
        if (uses.Count > 0)
        {
            yield return new("X12", Severity.Info, "guest", $"{uses.Count} lines name disks by device name; they are rewritten to UUIDs.", string.Join("\n", uses.Take(20)), "Nothing to do; the changes are shown as a diff.");
        }
    }

    /// <summary>Interface names that would change on KVM (X13).</summary>
    public static IEnumerable<Concern> Network(IReadOnlyList<ConfiguredInterface> interfaces, IReadOnlyList<NicPin> pins)
    {
        foreach (var card in interfaces.Where(card => card.Name.Length > 0))
        {
            var address = card.Addresses.Count > 0 ? $" with {string.Join(", ", card.Addresses)}" : "";
            yield return pins.FirstOrDefault(pin => pin.Name == card.Name) is { } pin
                ? new("X13", Severity.Info, card.Name, $"{card.Name} would get another name on KVM; it keeps this one by its MAC {pin.Mac}.", $"{card.Source}{address}", "Nothing to do.")
                : new("X13", card.Addresses.Count > 0 ? Severity.Warning : Severity.Info, card.Name, $"{card.Name} is configured, but no virtual NIC is left for it.", $"{card.Source}{address}", "Check on Xen whether the guest still has this card.");
        }
    }

    /// <summary>Distributions whose ways are not known (X20).</summary>
    public static IEnumerable<Concern> Distribution(OperatingSystem system)
    {
        if (!system.IsSupported)
        {
            yield return new("X20", Severity.Warning, "guest", $"Conversion does not know this operating system: {system.Name ?? "no release file"}.",
                $"ID={system.Distribution ?? "?"}, init {system.InitSystem ?? "unknown"}", "What it has in common with known ones is converted. Prove the boot on a test clone first.");
        }
    }

    /// <summary>File systems that were not cleanly unmounted (X24).</summary>
    public static IEnumerable<Concern> Dirty(IEnumerable<FoundFileSystem> systems) => systems.Where(system => system.Clean == false).Select(system =>
        new Concern("X24", Severity.Warning, system.Device, "A file system was not cleanly unmounted.", $"{system.Device} ({system.Type}): its journal was not empty", "Its journal is replayed at the first mount. Shut the guest down cleanly before the copy if you can."));

    [GeneratedRegex(@"/dev/(xvd|sd|hd)[a-z]{1,2}[0-9]*\b|/dev/disk/by-path/|root=\(?(xvd|sd|hd)[a-z]", RegexOptions.CultureInvariant)]
    private static partial Regex DeviceName();
}
