using System.Text;
using System.Text.RegularExpressions;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Guests.Boot;
using Xen2Kvm.Guests.Edits;
using Xen2Kvm.Guests.Inspection;
using Xen2Kvm.Guests.Partitioning;

namespace Xen2Kvm.Guests.Conversion;

/// <summary>Decides which kernel boots, from which menu, and who loads it.</summary>
internal static partial class BootDecision
{
    private const string OwnMenu = "/boot/grub/grub.cfg";
    private const string SideMenu = "/boot/grub/x2k.cfg";

    /// <summary>What was decided.</summary>
    /// <param name="Kind">grub2, grub-legacy, extlinux, bls, or null: the guest's own menu.</param>
    /// <param name="Changes">Kernel, initrd and menu to add.</param>
    /// <param name="Rebuild">Kernels whose initrd lacks virtio.</param>
    /// <param name="Loader">Loader to install, or null.</param>
    /// <param name="Concerns">Blockers and warnings.</param>
    internal sealed record Result(
        string? Kind, IReadOnlyList<GuestChange> Changes, IReadOnlyList<GuestKernel> Rebuild, LoaderPlan? Loader, IReadOnlyList<Concern> Concerns);

    /// <summary>The guest's own menu: grub2, grub-legacy, extlinux, bls; null when it has none (or only one that we wrote).</summary>
    public static string? MenuKind(InspectedGuest guest) =>
        GuestPaths.Grub2Menus.Any(path => IsMenu(guest.Text(path), Grub2Kernel())) ? "grub2"
        : GuestPaths.Grub2Menus.Any(path => guest.Text(path).Contains("blscfg", StringComparison.Ordinal)) ? "bls"
        : GuestPaths.LegacyMenus.Any(path => IsMenu(guest.Text(path), LegacyKernel())) ? "grub-legacy"
        : GuestPaths.Extlinux.Any(path => IsMenu(guest.Text(path), ExtlinuxKernel())) ? "extlinux"
        : null;

    /// <summary>Decides.</summary>
    public static Result Decide(ConversionRequest request, InspectedGuest guest, OperatingSystem system, StagedKernel? staged, EditContext context)
    {
        var menu = MenuKind(guest);
        var ours = menu is null || guest.Files.ContainsKey(SideMenu);
        var own = guest.Kernels.Where(kernel => kernel.Usable && !(ours && staged is not null && kernel.Path == "/boot/" + staged.KernelName && IsOurs(guest))).ToList();
        var concerns = new List<Concern>();
        var changes = new List<GuestChange>();
        List<GuestKernel> rebuild = own.Count > 0 ? [.. NeedRebuild(guest, own, menu)] : [];
        if (rebuild.Count > 0 && system.InitrdTool is not ("initramfs-tools" or "dracut" or "mkinitrd"))
        {
            concerns.Add(new("X08", Severity.Blocker, "guest", "The guest's initrd holds no virtio drivers and nothing is there to build a new one.",
                $"{rebuild[0].Initrd ?? rebuild[0].Path}; initrd tool: {system.InitrdTool ?? "none"}",
                "Install the distribution's initrd tool in the guest, or build an initrd with virtio_pci, virtio_blk and virtio_net."));
        }

        if (own.Count == 0 && CheckStaged(guest, system, staged) is { } blocker)
        {
            return new(menu, [], [], null, [.. concerns, blocker]);
        }

        if (own.Count == 0 && !guest.ModuleReleases.Contains(staged!.Release, StringComparer.Ordinal))
        {
            concerns.Add(new("X08", Severity.Warning, "guest", $"The guest has no modules for the kernel it boots, {staged.Release}.",
                $"/lib/modules has: {Joined(guest.ModuleReleases)}",
                "It starts with the drivers of the initrd only. Install a kernel package in the guest after the move."));
        }

        if (guest.Boot.Uuid is not { } bootUuid)
        {
            concerns.Add(new("X11", Severity.Blocker, guest.Boot.Device, "The file system of /boot has no UUID by which a boot loader could find it.",
                $"{guest.Boot.Device}: {guest.Boot.Type}", "Give it a UUID (tune2fs -U random, xfs_admin -U generate) on Xen."));
            return new(menu, [], rebuild, null, concerns);
        }

        var separate = guest.At("/boot") is not null;
        string? menuPath = null;
        if (own.Count == 0)
        {
            changes.Add(new StageFile(staged!.KernelPath, "/boot/" + staged.KernelName, "puts the kernel that dom0 lent the guest into the guest"));
            if (staged.InitrdPath is not null)
            {
                changes.Add(new StageFile(staged.InitrdPath, "/boot/" + staged.InitrdName, "puts the initrd that dom0 lent the guest into the guest"));
            }

            menuPath = menu is null ? OwnMenu : SideMenu;
            AddText(guest, changes, menuPath, "lets the boot loader start this kernel", GrubMenuWriter.Menu(
                system.Name ?? request.Target.Name,
                bootUuid,
                [(staged.Release, OnBoot("/boot/" + staged.KernelName, separate), staged.InitrdName is null ? null : OnBoot("/boot/" + staged.InitrdName, separate))],
                CommandLine(request, guest, context, staged.InitrdPath is not null)));
        }
        else if (menu is null or "extlinux" or "bls" && !HasLoader(guest, request))
        {
            menuPath = menu is null ? OwnMenu : SideMenu;
            AddText(guest, changes, menuPath, "lets the boot loader start the guest's kernels", GrubMenuWriter.Menu(
                system.Name ?? request.Target.Name,
                bootUuid,
                [.. own.Select(kernel => (kernel.Capabilities.Version, OnBoot(kernel.Path, separate), kernel.Initrd is null ? null : OnBoot(kernel.Initrd, separate)))],
                CommandLine(request, guest, context, own[0].Initrd is not null)));
        }
        else if (menu == "grub-legacy")
        {
            menuPath = SideMenu;
            if (!HasLoader(guest, request))
            {
                var legacy = GuestPaths.LegacyMenus.First(path => IsMenu(guest.Text(path), LegacyKernel()));
                AddText(guest, changes, menuPath, "lets the boot loader read the guest's menu", GrubMenuWriter.LegacyChain(OnBoot(legacy, separate)));
            }
        }
        else
        {
            menuPath = GuestPaths.Grub2Menus.FirstOrDefault(path => IsMenu(guest.Text(path), Grub2Kernel()));
        }

        if (own.Count > 0 && menu is "grub2" or "grub-legacy")
        {
            concerns.AddRange(DefaultEntry(guest, own, menu));
        }

        if (request.Target.Firmware == "uefi" || (HasLoader(guest, request) && own.Count > 0) || menuPath is null)
        {
            return new(menu, changes, rebuild, null, concerns);
        }

        var area = EmbeddingArea.Of(request.Disks[0].Plan, guest.DiskHead.Span);
        if (area.Sectors < EmbeddingArea.Needed)
        {
            concerns.Add(new("X11", Severity.Blocker, request.Disks[0].Plan.Device, "There is no room for a boot loader in front of the first partition.",
                $"{area.Sectors} sectors are free, {EmbeddingArea.Needed} are needed",
                "On Xen, install the guest's own GRUB package on its disk, or move its first partition to 1 MiB (a GPT needs a BIOS boot partition)."));
        }

        return new(menu, changes, rebuild, new LoaderPlan(bootUuid, OnBoot(menuPath, separate), area), concerns);
    }

    /// <summary>The disk came whole, with a boot loader in its first sector.</summary>
    public static bool HasLoader(InspectedGuest guest, ConversionRequest request)
    {
        if (request.Disks[0].Plan.Table != PartitionTableKind.Copied || guest.DiskHead.Length < 440)
        {
            return false;
        }

        // What started from its own disk's first sector on Xen does so on KVM, whatever loader that is.
        var code = Encoding.Latin1.GetString(guest.DiskHead.Span[..440]);
        return request.Source.Boot.Method == BootMethod.Firmware
            || code.Contains("GRUB", StringComparison.Ordinal) || code.Contains("LILO", StringComparison.Ordinal) || code.Contains("SYSLINUX", StringComparison.Ordinal);
    }

    /// <summary>The command line the guest had on Xen, for KVM.</summary>
    internal static string CommandLine(ConversionRequest request, InspectedGuest guest, EditContext context, bool hasInitrd)
    {
        var old = (request.Source.Boot.CommandLine ?? "").Trim();
        var root = context.Root is { } device ? hasInitrd ? device.Reference : device.TargetName : guest.Root.Device;
        old = RootArgument().Replace(old, "").Trim();

        // Blanks or line ends of a hostile configuration must not end the menu's line.
        old = Blank().Replace(Odd().Replace(Blank().Replace(old, " "), ""), " ").Trim();
        if (!Mode().IsMatch(old))
        {
            old = ("ro " + old).Trim();
        }

        return KernelCommandLine.Edit($"root={root} {old}".Trim(), context, complete: true, hasInitrd);
    }

    private static bool IsOurs(InspectedGuest guest) =>
        guest.Text(OwnMenu).StartsWith(GrubMenuWriter.Marker, StringComparison.Ordinal) || guest.Text(SideMenu).StartsWith(GrubMenuWriter.Marker, StringComparison.Ordinal);

    private static bool IsMenu(string text, Regex kernel) => !text.StartsWith(GrubMenuWriter.Marker, StringComparison.Ordinal) && kernel.IsMatch(text);

    private static string OnBoot(string path, bool separate) => separate && path.StartsWith("/boot/", StringComparison.Ordinal) ? path["/boot".Length..] : path;

    private static void AddText(InspectedGuest guest, List<GuestChange> changes, string path, string reason, string text)
    {
        var before = guest.Files.GetValueOrDefault(path);
        if (before?.Text != text)
        {
            changes.Add(new WriteFile(before?.RealPath ?? path, reason, before?.Text, text, Encoding.UTF8.GetBytes(text)));
        }
    }

    private static Concern? CheckStaged(InspectedGuest guest, OperatingSystem system, StagedKernel? staged)
    {
        var seen = guest.Kernels.Count == 0 ? "no kernel in /boot"
            : string.Join("; ", guest.Kernels.Select(kernel => $"{kernel.Path}: {(kernel.Capabilities.BootsOnBareMetal ? "no virtio drivers" : "for Xen only")}"));
        var why = staged is null ? "no kernel of dom0 was staged"
            : !staged.Bootable ? $"{staged.KernelName} of dom0 is no bzImage, so only Xen can start it"
            : staged.InitrdHasVirtio == false ? $"{staged.InitrdName} of dom0 holds no virtio drivers"
            : null;
        return why is null ? null : new("X08", Severity.Blocker, "guest", "No kernel that boots on KVM: the guest has none and dom0's cannot be used.", $"{seen}; {why}", $"On Xen, {Package(system)} in the guest, then plan again.");
    }

    private static string Package(OperatingSystem system) => system.Distribution switch
    {
        "debian" or "devuan" or "raspbian" => "install linux-image-amd64 (linux-image-686-pae on 32 bits; linux-image-2.6-686 before Debian 7) and grub-pc",
        "ubuntu" or "linuxmint" => "install linux-image-generic (linux-image-virtual before 14.04) and grub-pc",
        "sles" or "sled" or "sles_sap" or "opensuse" or "opensuse-leap" => "install kernel-default (kernel-pae on 32 bits)",
        "centos" or "rhel" or "scientific" or "ol" when system.Version?.StartsWith('5') == true => "install the package kernel (kernel-PAE on 32 bits), 2.6.18-128 or newer, beside kernel-xen",
        "centos" or "rhel" or "scientific" or "ol" or "fedora" or "almalinux" or "rocky" or "amzn" => "install the package kernel",
        _ => "install the distribution's standard kernel with virtio drivers",
    };

    /// <summary>The newest kernel and the one that the menu names first must find their disk.</summary>
    private static IEnumerable<GuestKernel> NeedRebuild(InspectedGuest guest, List<GuestKernel> own, string? menu)
    {
        var first = FirstInMenu(guest, menu);
        return own.Where((kernel, index) => (index == 0 || kernel.Path.EndsWith(first, StringComparison.Ordinal)) && kernel.Capabilities.InitrdHasVirtio == false)
            .Where(kernel => kernel.Initrd is not null || guest.ModuleReleases.Contains(kernel.Capabilities.Version, StringComparer.Ordinal));
    }

    private static IEnumerable<Concern> DefaultEntry(InspectedGuest guest, List<GuestKernel> own, string? menu)
    {
        var first = FirstInMenu(guest, menu);
        if (first != "\0" && !own.Exists(kernel => kernel.Path.EndsWith(first, StringComparison.Ordinal)))
        {
            yield return new("X08", Severity.Warning, "guest", "The first entry of the boot menu is a kernel that does not boot on KVM, or is not there.",
                $"{first}; kernels that boot: {Joined(own.Select(kernel => kernel.Path))}", "Make one of the other kernels the default of the menu before the move.");
        }
    }

    /// <summary>Path of the first kernel of the menu without /boot; a text that no path ends with when there is none.</summary>
    private static string FirstInMenu(InspectedGuest guest, string? menu)
    {
        var (paths, pattern) = menu == "grub-legacy" ? (GuestPaths.LegacyMenus, LegacyKernel()) : (GuestPaths.Grub2Menus, Grub2Kernel());
        var path = paths.Select(path => pattern.Match(guest.Text(path))).FirstOrDefault(match => match.Success)?.Groups[1].Value ?? "\0";
        return path.StartsWith("/boot/", StringComparison.Ordinal) ? path["/boot".Length..] : path;
    }

    private static string Joined(IEnumerable<string> values) => string.Join(", ", values) is { Length: > 0 } text ? text : "nothing";

    [GeneratedRegex(@"^\s*linux(?:16|efi)?\s+(\S+)", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Grub2Kernel();

    [GeneratedRegex(@"^\s*kernel\s+(?:--\S+\s+)*(?:\(\S+\))?(\S+)", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex LegacyKernel();

    [GeneratedRegex(@"^\s*(?:kernel|linux)\s+(\S+)", RegexOptions.Multiline | RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex ExtlinuxKernel();

    [GeneratedRegex(@"(?<=^|\s)root=\S*", RegexOptions.CultureInvariant)]
    private static partial Regex RootArgument();

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Blank();

    [GeneratedRegex(@"[^A-Za-z0-9 ._,:=/@%+-]", RegexOptions.CultureInvariant)]
    private static partial Regex Odd();

    [GeneratedRegex(@"(?<=^|\s)r[ow](?=\s|$)", RegexOptions.CultureInvariant)]
    private static partial Regex Mode();
}
