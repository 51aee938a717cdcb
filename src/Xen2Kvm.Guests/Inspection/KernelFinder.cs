using System.Text.RegularExpressions;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Guests.Appliance;
using Xen2Kvm.Guests.Boot;
using static Xen2Kvm.Guests.Appliance.GuestfishCommand;

namespace Xen2Kvm.Guests.Inspection;

/// <summary>Finds the guest's kernels and says of each whether it can run on KVM.</summary>
internal static partial class KernelFinder
{
    /// <summary>All kernels in /boot, newest first.</summary>
    public static async Task<IReadOnlyList<GuestKernel>> FindAsync(GuestfishSession session, CancellationToken cancellationToken)
    {
        var listed = await session.BatchAsync(
            [Try("glob-expand", "/boot/vmlinu[xz]-*"), Try("glob-expand", "/boot/init*"), Try("glob-expand", "/boot/config-*")], cancellationToken).ConfigureAwait(false);
        var images = listed[1].Lines.ToHashSet(StringComparer.Ordinal);
        var configs = listed[2].Lines.ToHashSet(StringComparer.Ordinal);
        var kernels = listed[0].Lines.Select(path => (Path: path, Release: path[(path.IndexOf('-', StringComparison.Ordinal) + 1)..])).Where(kernel => IsRelease(kernel.Release)).ToList();
        var found = new List<GuestKernel>();
        foreach (var (path, release) in kernels)
        {
            var initrd = InitrdNames(release).FirstOrDefault(images.Contains);
            found.Add(new(path, initrd, await ExamineAsync(session, release, configs.Contains("/boot/config-" + release), initrd, cancellationToken).ConfigureAwait(false)));
        }

        return [.. found.OrderByDescending(kernel => SortKey(kernel.Capabilities.Version), StringComparer.Ordinal)];
    }

    /// <summary>Whether a text is a kernel release and nothing else; only such a text gets into a command.</summary>
    public static bool IsRelease(string text) => Release().IsMatch(text);

    /// <summary>Names that distributions give to the initrd of a release.</summary>
    public static IReadOnlyList<string> InitrdNames(string release) =>
        [$"/boot/initrd.img-{release}", $"/boot/initramfs-{release}.img", $"/boot/initrd-{release}.img", $"/boot/initrd-{release}", $"/boot/initramfs-{release}"];

    /// <summary>
    /// Whether an initrd holds the drivers of a virtio disk, asked from the guest's own tools inside the appliance: they know the format they
    /// made. Null when it cannot be listed.
    /// </summary>
    public static async Task<bool?> InitrdHasVirtioAsync(GuestfishSession session, string initrd, CancellationToken cancellationToken)
    {
        // The name was checked against a pattern without any character that a shell knows.
        var script = $"t=/dev/x2k-initrd; mkdir -p $t; TMPDIR=$t; export TMPDIR; f={initrd}; "
            + "{ lsinitramfs $f || lsinitrd $f || { gzip -dc $f || xz -dc $f; } | cpio -t; } 2>/dev/null >$t/list; wc -l <$t/list; "
            + "grep -c -E 'virtio[_-](blk|scsi)\\.ko' $t/list; rm -rf $t; true";
        var reply = (await session.BatchAsync([Try("sh", script)], cancellationToken).ConfigureAwait(false))[0];
        if (reply.Lines is [var all, var virtio, ..] && int.TryParse(all, out var count) && count > 10)
        {
            return virtio.Trim() != "0";
        }

        // The guest has no tool that reads it (its kernel came from elsewhere): the host's may.
        var copy = session.WorkDirectory + "/initrd.copy";
        var downloaded = (await session.BatchAsync([Try("download", initrd, copy)], cancellationToken).ConfigureAwait(false))[0];
        return downloaded.Ok ? await HostBootTools.InitrdHasVirtioAsync(session.Shell, session.WorkDirectory, copy, cancellationToken).ConfigureAwait(false) : null;
    }

    private static async Task<KernelCapabilities> ExamineAsync(GuestfishSession session, string release, bool hasConfig, string? initrd, CancellationToken cancellationToken)
    {
        var modules = $"/lib/modules/{release}";
        var replies = await session.BatchAsync(
            [
                Try("grep", "^CONFIG_\\(VIRTIO_[A-Z]*\\|X86_XEN\\|X86_64_XEN\\|XEN\\|PARAVIRT\\|XEN_PV\\)=", hasConfig ? $"/boot/config-{release}" : $"{modules}/config"),
                Try("glob-expand", $"{modules}/kernel/drivers/*/virtio*.ko*"),
                Try("grep", "virtio", $"{modules}/modules.builtin"),
            ],
            cancellationToken).ConfigureAwait(false);
        var config = replies[0].Lines.Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        var files = string.Join('\n', [.. replies[1].Lines, .. replies[2].Lines]);
        var builtIn = config.GetValueOrDefault("CONFIG_VIRTIO_BLK") == "y" || replies[2].Lines.Any(line => line.Contains("virtio_blk", StringComparison.Ordinal));

        // Drivers by config where there is one, else by the modules. virtio_pci is built in or a module; a kernel with a block driver has it.
        var virtio = config.Count > 0
            ? Has("CONFIG_VIRTIO_BLK") && Has("CONFIG_VIRTIO_NET") && Has("CONFIG_VIRTIO_PCI")
            : files.Contains("virtio_blk", StringComparison.Ordinal) && files.Contains("virtio_net", StringComparison.Ordinal);
        var xenOnly = config.ContainsKey("CONFIG_X86_XEN") || config.ContainsKey("CONFIG_X86_64_XEN")
            || (config.Count == 0 && release.Contains("xen", StringComparison.OrdinalIgnoreCase));
        bool? inInitrd = builtIn ? true
            : initrd is null || !virtio ? false
            : await InitrdHasVirtioAsync(session, initrd, cancellationToken).ConfigureAwait(false);
        return new(release, virtio, !xenOnly, inInitrd);

        bool Has(string key) => config.GetValueOrDefault(key) is "y" or "m";
    }

    /// <summary>A key that sorts 5.10 behind 5.9.</summary>
    internal static string SortKey(string release) => Digits().Replace(release, match => match.Value.PadLeft(12, '0'));

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._+~-]{0,100}$", RegexOptions.CultureInvariant)]
    private static partial Regex Release();

    [GeneratedRegex("[0-9]+", RegexOptions.CultureInvariant)]
    private static partial Regex Digits();
}
