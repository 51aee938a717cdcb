using System.Globalization;
using System.Text;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Guests.Conversion;
using Xen2Kvm.Guests.Partitioning;

namespace Xen2Kvm.Guests.Boot;

/// <summary>What the KVM host itself does for the boot: it makes GRUB's images and looks at a staged kernel. It mounts nothing.</summary>
internal static class HostBootTools
{
    // Everything a distribution's menu may ask for, so that its insmod lines find their module in the core and nothing is loaded from the guest,
    // whose modules may be another version's.
    private const string Modules =
        "biosdisk part_msdos part_gpt ext2 xfs btrfs reiserfs jfs fat lvm mdraid09 mdraid1x diskfilter linux linux16 normal configfile legacycfg "
        + "search search_fs_uuid search_fs_file search_label serial terminal terminfo echo test true gzio xzio lzopio zstd boot minicmd ls cat sleep "
        + "halt reboot loadenv regexp probe all_video vbe vga video gfxterm font extcmd chain cpuid keystatus crypto gcry_sha512 gcry_sha256 "
        + "password_pbkdf2 gfxmenu png blocklist date datetime";

    private const string MakeImages = """
        set -eu
        w=$1 prefix=$2; shift 2
        tool=
        for name in grub-mkimage grub2-mkimage; do
          if command -v "$name" >/dev/null 2>&1; then tool=$name; break; fi
        done
        for dir in /usr/lib/grub/i386-pc /usr/share/grub2/i386-pc none; do [ -e "$dir/boot.img" ] && break; done
        if [ -z "$tool" ] || [ "$dir" = none ]; then
          echo "GRUB's BIOS images are missing: install grub-pc-bin and grub-common (Debian, Ubuntu) or grub2-pc-modules and grub2-tools-extra (Red Hat) on this host" >&2
          exit 1
        fi
        modules=
        for module in "$@"; do [ -e "$dir/$module.mod" ] && modules="$modules $module"; done
        "$tool" -O i386-pc -d "$dir" -p "$prefix" -c "$w/early.cfg" -o "$w/core.img" $modules
        cat "$dir/boot.img" "$w/core.img"
        """;

    // Prints: kernel size, initrd size, 1 when the kernel has a bzImage's header, entries of the initrd, virtio disk drivers among them.
    private const string LookAtKernel = """
        w=$1 kernel=$2 initrd=$3
        umask 077; mkdir -p "$w"
        printf '%s ' "$(($(wc -c <"$kernel")))" || exit 1
        if [ -n "$initrd" ]; then printf '%s ' "$(($(wc -c <"$initrd")))" || exit 1; else printf '0 '; fi
        magic=$(dd if="$kernel" bs=1 skip=514 count=4 2>/dev/null)
        if [ "$magic" = HdrS ]; then printf '1 '; else printf '0 '; fi
        : >"$w/initrd.list"
        if [ -n "$initrd" ]; then
          { lsinitramfs "$initrd" || lsinitrd "$initrd" || { gzip -dc "$initrd" || xz -dc "$initrd" || zstd -dc "$initrd"; } | cpio -t; } >"$w/initrd.list" 2>/dev/null
        fi
        printf '%s ' "$(($(wc -l <"$w/initrd.list")))"
        grep -c -E 'virtio[_-](blk|scsi)\.ko' "$w/initrd.list"
        exit 0
        """;

    /// <summary>Makes boot.img and core.img and places them.</summary>
    /// <exception cref="RemoteException">The host has no GRUB images, or they do not fit.</exception>
    public static async Task<IReadOnlyList<DiskPiece>> MakeLoaderAsync(IRemoteShell shell, string workDirectory, LoaderPlan plan, CancellationToken cancellationToken)
    {
        await shell.UploadAsync(new MemoryStream(Encoding.UTF8.GetBytes(plan.EarlyConfiguration)), workDirectory + "/early.cfg", "0600", cancellationToken).ConfigureAwait(false);
        var made = await shell.RunAsync(
            RemoteCommand.Script(MakeImages, [workDirectory, plan.Prefix, .. Modules.Split(' ')]) with { Quiet = true }, cancellationToken).ConfigureAwait(false);
        if (!made.Ok)
        {
            throw new RemoteException(RemoteFailure.CommandFailed, shell.HostName, $"{shell.HostName}: the boot loader could not be made: {made.StandardError.Trim()}");
        }

        try
        {
            return GrubImage.Place(made.OutputBytes.Span[..PartitionTable.Sector], made.OutputBytes.Span[PartitionTable.Sector..], plan.Area);
        }
        catch (ArgumentException e)
        {
            throw new RemoteException(RemoteFailure.CommandFailed, shell.HostName, $"{shell.HostName}: {e.Message}", e);
        }
    }

    /// <summary>Whether an initrd that lies on the host holds a virtio disk driver; null when it cannot be listed.</summary>
    public static async Task<bool?> InitrdHasVirtioAsync(IRemoteShell shell, string workDirectory, string initrd, CancellationToken cancellationToken) =>
        InitrdHasVirtio(await LookAsync(shell, workDirectory, initrd, initrd, cancellationToken).ConfigureAwait(false));

    /// <summary>Looks at the kernel that was staged from dom0; null when none was.</summary>
    public static async Task<StagedKernel?> LookAtStagedAsync(IRemoteShell shell, ConversionRequest request, CancellationToken cancellationToken)
    {
        if (request.StagedKernel is not { } kernel)
        {
            return null;
        }

        var seen = await LookAsync(shell, request.WorkDirectory, kernel, request.StagedInitrd ?? "", cancellationToken).ConfigureAwait(false);
        return new(kernel, request.StagedInitrd, Name(request.KernelFileName, "vmlinuz-x2k"), request.StagedInitrd is null ? null : Name(request.InitrdFileName, "initrd.img-x2k"),
            seen[2] == 1, request.StagedInitrd is null ? null : InitrdHasVirtio(seen), seen[0] + seen[1]);
    }

    private static async Task<IReadOnlyList<long>> LookAsync(IRemoteShell shell, string workDirectory, string kernel, string initrd, CancellationToken cancellationToken)
    {
        var printed = await shell.CheckAsync(
            RemoteCommand.Script(LookAtKernel, workDirectory, kernel, initrd) with { Timeout = TimeSpan.FromMinutes(3) }, cancellationToken).ConfigureAwait(false);
        var values = printed.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        return values.Length == 5 && values.All(value => long.TryParse(value, out _))
            ? [.. values.Select(value => long.Parse(value, CultureInfo.InvariantCulture))]
            : throw new RemoteException(RemoteFailure.CommandFailed, shell.HostName, $"{shell.HostName}: cannot read {kernel}: {printed.Trim()}");
    }

    // A list of a few names only is what a tool prints that did not understand the format.
    private static bool? InitrdHasVirtio(IReadOnlyList<long> seen) => seen[3] > 10 ? seen[4] > 0 : null;

    private static string Name(string? wanted, string otherwise) =>
        wanted is not null && wanted.Contains('-', StringComparison.Ordinal) && Inspection.KernelFinder.IsRelease(wanted) ? wanted : otherwise;
}
