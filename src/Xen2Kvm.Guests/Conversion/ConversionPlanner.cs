using System.Text;
using System.Text.RegularExpressions;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Guests.Edits;
using Xen2Kvm.Guests.Inspection;
using Xen2Kvm.Guests.Network;

namespace Xen2Kvm.Guests.Conversion;

/// <summary>Decides the whole conversion from what was read. Pure: the same guest gives the same decision.</summary>
internal static partial class ConversionPlanner
{
    private static readonly string DracutFile = "/etc/dracut.conf.d/x2k-virtio.conf";

    /// <summary>Decides.</summary>
    public static ConversionDecision Decide(ConversionRequest request, InspectedGuest guest, StagedKernel? staged, DeviceMap devices)
    {
        var system = OperatingSystem.Of(guest);
        var texts = guest.Files.ToDictionary(file => file.Key, file => file.Value.Text, StringComparer.Ordinal);
        var interfaces = NetworkConfiguration.Read(texts);
        var pins = NetworkConfiguration.Pin(interfaces, request.Target.Nics);
        var links = KnowsLinkFiles(guest);
        var context = new EditContext
        {
            Devices = devices,
            Root = devices.FromAppliance(guest.Root.Device),
            Pins = pins,
            KeepKernelNetworkNames = links && pins.Any(pin => KernelName().IsMatch(pin.Name)),
        };
        var boot = BootDecision.Decide(request, guest, system, staged, context);
        context = context with { AddVirtioToInitrd = boot.Rebuild.Count > 0 };

        List<GuestChange> changes = [.. Edited(guest, context), .. Names(guest, pins, texts, links), .. Getty(guest, system)];
        if (context.AddVirtioToInitrd && system.InitrdTool == "dracut" && guest.Present.Contains("/etc/dracut.conf.d"))
        {
            Add(changes, guest, DracutFile, "puts the virtio drivers into the initrd", $"# Written by Xen2Kvm.\nadd_drivers+=\" {string.Join(' ', InitramfsModulesEdit.Drivers)} \"\n");
        }

        changes.AddRange(boot.Changes);
        var inspection = Describe(guest, system, boot.Kind, interfaces);
        var judged = request.Assess(inspection);
        return new()
        {
            Inspection = inspection,
            Changes = changes,
            Rebuild = boot.Rebuild,
            Loader = boot.Loader,
            HasSelinux = SelinuxOn().IsMatch(guest.Text("/etc/selinux/config")),
            Concerns =
            [
                .. judged,

                // A missing kernel is seen by both; one Blocker is enough.
                .. boot.Concerns.Where(concern => concern.Severity != Severity.Blocker || !judged.Any(other => other.Id == concern.Id && other.Severity == Severity.Blocker)),
                .. ConcernFinder.Space(guest, boot.Changes.OfType<StageFile>().Any(file => !AlreadyThere(guest, file)) ? staged?.Bytes ?? 0 : 0),
                .. ConcernFinder.Layout(guest),
                .. ConcernFinder.Network(interfaces, pins),
                .. ConcernFinder.Distribution(system),
            ],
        };
    }

    private static GuestInspection Describe(InspectedGuest guest, OperatingSystem system, string? menu, IReadOnlyList<ConfiguredInterface> interfaces) => new()
    {
        Distribution = system.Distribution,
        OperatingSystem = system.Name,
        Version = system.Version,
        Kernels = [.. guest.Kernels.Select(kernel => kernel.Capabilities)],
        InitrdTool = system.InitrdTool,
        InitSystem = system.InitSystem,
        BootConfiguration = menu == "bls" ? "grub2" : menu,
        NetworkManners = [.. interfaces.Select(card => card.Manner).Distinct(StringComparer.Ordinal)],
        InterfaceNames = [.. interfaces.Select(card => card.Name).Where(name => name.Length > 0)],
        Addresses = [.. interfaces.SelectMany(card => card.Addresses).Distinct(StringComparer.Ordinal)],
        FileSystems =
        [
            .. guest.FileSystems.Select(system =>
            {
                var mount = guest.Mounts.FirstOrDefault(mount => mount.Device == system.Device);
                return new InspectedFileSystem(system.Device, system.Type, system.Uuid, mount?.MountPoint, mount?.Free?.Bytes, mount?.Free?.Inodes, system.Clean);
            }),
        ],
        DeviceNameUses = ConcernFinder.DeviceNameUses(guest),
    };

    private static IEnumerable<GuestChange> Edited(InspectedGuest guest, EditContext context)
    {
        // grub.conf is often a link to menu.lst: one file, edited once.
        foreach (var file in guest.Files.Values.OrderBy(file => file.Path, StringComparer.Ordinal).DistinctBy(file => file.RealPath))
        {
            var aliases = guest.Files.Values.Where(other => other.RealPath == file.RealPath).Select(other => other.Path);
            var (text, reasons) = (file.Text, new List<string>());
            foreach (var path in aliases.Order(StringComparer.Ordinal))
            {
                var edited = GuestFileEdits.Apply(path, text, context);
                text = edited.Text;
                reasons.AddRange(edited.Reasons.Except(reasons));
            }

            if (reasons.Count > 0 && !string.Equals(text, file.Text, StringComparison.Ordinal))
            {
                yield return new WriteFile(file.RealPath, string.Join("; ", reasons), file.Text, text, file.Encode(text));
            }
        }
    }

    private static IEnumerable<GuestChange> Names(InspectedGuest guest, IReadOnlyList<NicPin> pins, Dictionary<string, string> texts, bool links)
    {
        var changes = new List<GuestChange>();
        var named = NetworkConfiguration.AlreadyNamed(texts);
        if (links)
        {
            foreach (var pin in pins.Where(pin => !named.Contains($"{pin.Mac} {pin.Name}")))
            {
                Add(changes, guest, LinkFile.PathOf(pin), LinkFile.Reason, LinkFile.Create(pin));
            }
        }

        var rules = guest.Files.GetValueOrDefault(PersistentNetRules.Path);
        if (pins.Count > 0 && (rules is not null || (!links && guest.Present.Contains("/etc/udev/rules.d"))))
        {
            var text = PersistentNetRules.Apply(rules?.Text ?? "", pins);
            if (text != rules?.Text)
            {
                changes.Add(new WriteFile(rules?.RealPath ?? PersistentNetRules.Path, PersistentNetRules.Reason, rules?.Text, text, rules?.Encode(text) ?? Encoding.UTF8.GetBytes(text)));
            }
        }

        return changes;
    }

    private static IEnumerable<GuestChange> Getty(InspectedGuest guest, OperatingSystem system)
    {
        const string Reason = "moves the login prompt from Xen's console to the serial port ttyS0";
        var changes = new List<GuestChange>();
        if (system.InitSystem == "systemd")
        {
            changes.AddRange(guest.XenGettyLinks.Select(link => new RemoveFile(link, Reason)));
            var unit = new[] { "/lib/systemd/system/serial-getty@.service", "/usr/lib/systemd/system/serial-getty@.service" }.FirstOrDefault(guest.Present.Contains);
            const string Link = "/etc/systemd/system/getty.target.wants/serial-getty@ttyS0.service";
            if (unit is not null && !guest.Present.Contains(Link))
            {
                changes.Add(new MakeLink(Link, unit, Reason));
            }
        }
        else if (system.InitSystem == "upstart")
        {
            var xen = guest.Files.GetValueOrDefault(UpstartGetty.XenJob);
            if (xen is not null)
            {
                changes.Add(new RemoveFile(xen.RealPath, Reason));
            }

            // Red Hat's upstart starts a prompt on every console= by itself.
            if (!guest.Files.ContainsKey(UpstartGetty.SerialJob) && (xen is not null || system.Distribution is "ubuntu" or "debian"))
            {
                Add(changes, guest, UpstartGetty.SerialJob, Reason, xen is null ? UpstartGetty.NewJob : UpstartGetty.FromXenJob(xen.Text));
            }
        }

        return changes;
    }

    private static void Add(List<GuestChange> changes, InspectedGuest guest, string path, string reason, string text)
    {
        var before = guest.Files.GetValueOrDefault(path);
        if (before?.Text != text)
        {
            changes.Add(new WriteFile(before?.RealPath ?? path, reason, before?.Text, text, Encoding.UTF8.GetBytes(text)));
        }
    }

    private static bool KnowsLinkFiles(InspectedGuest guest) =>
        guest.Present.Contains("/lib/udev/rules.d/80-net-setup-link.rules") || guest.Present.Contains("/usr/lib/udev/rules.d/80-net-setup-link.rules");

    private static bool AlreadyThere(InspectedGuest guest, StageFile file) => guest.Kernels.Any(kernel => kernel.Path == file.Path || kernel.Initrd == file.Path);

    [GeneratedRegex("^eth[0-9]+$", RegexOptions.CultureInvariant)]
    private static partial Regex KernelName();

    [GeneratedRegex("^SELINUX=(enforcing|permissive)", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex SelinuxOn();
}
