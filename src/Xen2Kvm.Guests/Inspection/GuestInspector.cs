using System.Text.RegularExpressions;
using Xen2Kvm.Guests.Appliance;
using Xen2Kvm.Guests.Edits;
using Xen2Kvm.Guests.Network;
using static Xen2Kvm.Guests.Appliance.GuestfishCommand;

namespace Xen2Kvm.Guests.Inspection;

/// <summary>Reads from the mounted guest all that decisions need, in a few round trips.</summary>
internal static partial class GuestInspector
{
    private const int MaxFileBytes = 1 << 20;

    private static readonly string[] Patterns =
    [
        "/etc/fstab", "/etc/crypttab", "/etc/os-release", "/usr/lib/os-release", "/etc/redhat-release", "/etc/debian_version", "/etc/SuSE-release",
        "/etc/lsb-release", "/etc/alpine-release", "/etc/inittab", "/etc/securetty", "/etc/default/grub", "/etc/default/grub.d/*.cfg",
        "/etc/kernel/cmdline", "/etc/initramfs-tools/conf.d/resume", "/etc/initramfs-tools/modules", "/etc/sysconfig/kernel", "/etc/selinux/config",
        "/etc/dracut.conf.d/x2k-virtio.conf", UpstartGetty.XenJob, UpstartGetty.SerialJob, "/boot/loader/entries/*.conf", "/boot/grub2/grubenv",
        "/boot/grub/grubenv", "/boot/grub/x2k.cfg", .. GuestPaths.Grub2Menus, .. GuestPaths.LegacyMenus, .. GuestPaths.Extlinux, .. NetworkConfiguration.Patterns,
    ];

    /// <summary>Programs and files whose presence tells the init system, the initrd tool and the manner of udev.</summary>
    private static readonly string[] Markers =
    [
        "/sbin/init", "/lib/systemd/systemd", "/usr/lib/systemd/systemd", "/sbin/initctl", "/etc/init/rc.conf", "/etc/init/rc-sysinit.conf",
        "/sbin/openrc", "/usr/sbin/update-initramfs", "/usr/bin/dracut", "/sbin/dracut", "/usr/sbin/dracut", "/sbin/mkinitrd", "/sbin/mkinitfs",
        "/usr/bin/mkinitcpio", "/lib/udev/rules.d/80-net-setup-link.rules", "/usr/lib/udev/rules.d/80-net-setup-link.rules",
        "/lib/systemd/system/serial-getty@.service", "/usr/lib/systemd/system/serial-getty@.service", "/etc/dracut.conf.d", "/etc/udev/rules.d",
        "/sbin/getty", "/sbin/agetty", "/boot/grub/i386-pc", "/etc/systemd/system/getty.target.wants/serial-getty@ttyS0.service",
    ];

    /// <summary>Reads everything. The file systems must be mounted.</summary>
    public static async Task<InspectedGuest> ReadAsync(
        GuestfishSession session, IReadOnlyList<FoundFileSystem> systems, IReadOnlyList<GuestMount> mounts, CancellationToken cancellationToken)
    {
        var replies = await session.BatchAsync(
            [
                .. Patterns.Select(pattern => Try("glob-expand", pattern)),
                Try("glob-expand", "/etc/systemd/system/*.wants/*getty@?vc0.service"),
                Try("glob-expand", "/lib/modules/*"),
                Try("readlink", "/sbin/init"),
                Try("pread-device", "/dev/sda", "17408", "0"),
                .. Markers.Select(marker => Try("exists", marker)),
            ],
            cancellationToken).ConfigureAwait(false);
        var paths = replies.Take(Patterns.Length).SelectMany(reply => reply.Lines).Where(path => Printable().IsMatch(path)).Distinct(StringComparer.Ordinal).ToList();
        var extra = replies.Skip(Patterns.Length).ToList();
        return new()
        {
            FileSystems = systems,
            Mounts = mounts,
            Files = await ReadFilesAsync(session, paths, cancellationToken).ConfigureAwait(false),
            Present = Markers.Where((_, index) => extra[index + 4].IsTrue).ToHashSet(StringComparer.Ordinal),
            InitLink = extra[2].Text,
            Kernels = await KernelFinder.FindAsync(session, cancellationToken).ConfigureAwait(false),
            ModuleReleases = [.. extra[1].Lines.Select(path => path.TrimEnd('/')).Select(path => path[(path.LastIndexOf('/') + 1)..]).Where(KernelFinder.IsRelease)],
            XenGettyLinks = [.. extra[0].Lines.Where(path => XenGetty().IsMatch(path))],
            DiskHead = extra[3].Bytes,
        };
    }

    private static async Task<Dictionary<string, GuestFile>> ReadFilesAsync(GuestfishSession session, List<string> paths, CancellationToken cancellationToken)
    {
        // Only plain files: reading a FIFO that a guest's owner put there would never end.
        var kinds = await session.BatchAsync(
            [.. paths.SelectMany(path => new[] { Try("is-file", path, "followsymlinks:true"), Try("realpath", path) })], cancellationToken).ConfigureAwait(false);
        var plain = paths.Select((path, index) => (Path: path, IsFile: kinds[index * 2].IsTrue, Real: kinds[(index * 2) + 1].Text))
            .Where(file => file.IsFile && Printable().IsMatch(file.Real)).ToList();
        var contents = await session.BatchAsync(
            [.. plain.Select(file => Try("pread", file.Real, MaxFileBytes.ToString(System.Globalization.CultureInfo.InvariantCulture), "0"))], cancellationToken).ConfigureAwait(false);
        var files = new Dictionary<string, GuestFile>(StringComparer.Ordinal);
        foreach (var (file, content) in plain.Zip(contents))
        {
            // A file this large is no configuration, and half a file must never be written back.
            if (content.Ok && content.Bytes.Length < MaxFileBytes)
            {
                files[file.Path] = GuestFile.From(file.Path, file.Real, content.Bytes.Span);
            }
        }

        return files;
    }

    [GeneratedRegex(@"^/[^\p{C}\n]+$", RegexOptions.CultureInvariant)]
    private static partial Regex Printable();

    [GeneratedRegex(@"^/etc/systemd/system/[A-Za-z0-9.@_-]+\.wants/(serial-)?getty@[hx]vc0\.service$", RegexOptions.CultureInvariant)]
    private static partial Regex XenGetty();
}
