using System.Globalization;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Guests.Appliance;
using Xen2Kvm.Guests.Inspection;
using Xen2Kvm.Guests.Partitioning;
using static Xen2Kvm.Guests.Appliance.GuestfishCommand;

namespace Xen2Kvm.Guests.Conversion;

/// <summary>Makes the decided changes on the disk. Every file is written beside and renamed, so that a cut-off leaves the old one or the new one.</summary>
internal sealed class ConversionApplier(IRemoteShell shell, GuestfishSession session, ApplianceOptions options, IProgress<string> progress)
{
    private const string Suffix = ".x2k-new";

    /// <summary>Applies file changes and builds initrds. The file systems must be mounted for writing.</summary>
    /// <returns>The changes that were needed: a staged file that is there already is none.</returns>
    public async Task<IReadOnlyList<FileChange>> ApplyAsync(ConversionDecision decision, CancellationToken cancellationToken)
    {
        var done = new List<FileChange>();
        var commands = new List<GuestfishCommand>();
        foreach (var change in decision.Changes)
        {
            if (change is StageFile staged && await IsThereAsync(staged, cancellationToken).ConfigureAwait(false))
            {
                continue;
            }

            commands.AddRange(await CommandsAsync(change, decision.HasSelinux, cancellationToken).ConfigureAwait(false));
            progress.Report($"{change.Path}: {change.Reason}");
            done.Add(change.Describe());
        }

        await session.BatchAsync([.. commands, Must("sync")], cancellationToken).ConfigureAwait(false);
        foreach (var kernel in decision.Rebuild)
        {
            done.Add(await RebuildAsync(kernel, decision.Inspection.InitrdTool, cancellationToken).ConfigureAwait(false));
        }

        return done;
    }

    /// <summary>Writes bytes to their places on a disk, unless they are there already.</summary>
    /// <returns>Whether anything had to be written.</returns>
    public async Task<bool> WriteAsync(string device, IReadOnlyList<DiskPiece> pieces, CancellationToken cancellationToken)
    {
        var wrote = false;
        foreach (var piece in pieces)
        {
            var offset = piece.Offset.ToString(CultureInfo.InvariantCulture);
            var there = await session.RunAsync(["pread-device", device, piece.Bytes.Length.ToString(CultureInfo.InvariantCulture), offset], cancellationToken).ConfigureAwait(false);
            if (there.Bytes.Span.SequenceEqual(piece.Bytes.Span))
            {
                continue;
            }

            var file = await StageAsync(piece.Bytes.ToArray(), cancellationToken).ConfigureAwait(false);
            await session.RunAsync(["upload-offset", file, device, offset], cancellationToken).ConfigureAwait(false);
            wrote = true;
        }

        return wrote;
    }

    private async Task<IReadOnlyList<GuestfishCommand>> CommandsAsync(GuestChange change, bool selinux, CancellationToken cancellationToken)
    {
        var parent = Parent(change.Path);
        switch (change)
        {
            case WriteFile write:
                var file = await StageAsync(write.Bytes, cancellationToken).ConfigureAwait(false);
                return
                [
                    Must("mkdir-p", parent),
                    Must("upload", file, write.Path + Suffix),
                    .. write.Before is null ? New(write.Path + Suffix, parent, selinux) : [Must("copy-attributes", write.Path, write.Path + Suffix, "all:true")],
                    Must("mv", write.Path + Suffix, write.Path),
                ];
            case StageFile stage:
                return
                [
                    Must("mkdir-p", parent),
                    Must("upload", stage.HostPath, stage.Path + Suffix),
                    .. New(stage.Path + Suffix, parent, selinux),
                    Must("mv", stage.Path + Suffix, stage.Path),
                ];
            case MakeLink link:
                return [Must("mkdir-p", parent), Must("rm-f", link.Path), Must("ln-s", link.Target, link.Path)];
            case RemoveFile remove:
                return [Must("rm-f", remove.Path)];
            default:
                throw new InvalidOperationException($"Unknown change {change.GetType().Name}.");
        }
    }

    /// <summary>A new file belongs to root; with SELinux it gets its directory's label, as the kernel would give it.</summary>
    private static IEnumerable<GuestfishCommand> New(string path, string parent, bool selinux) =>
        selinux ? [Must("chmod", "0644", path), Try("copy-attributes", parent, path, "xattributes:true")] : [Must("chmod", "0644", path)];

    private async Task<bool> IsThereAsync(StageFile file, CancellationToken cancellationToken)
    {
        var inside = (await session.BatchAsync([Try("checksum", "sha256", file.Path)], cancellationToken).ConfigureAwait(false))[0];
        if (!inside.Ok)
        {
            return false;
        }

        var outside = await shell.CheckAsync(new RemoteCommand("sha256sum", "--", file.HostPath), cancellationToken).ConfigureAwait(false);
        return outside.TrimStart('\\').StartsWith(inside.Text.Trim(), StringComparison.OrdinalIgnoreCase);
    }

    private async Task<FileChange> RebuildAsync(GuestKernel kernel, string? tool, CancellationToken cancellationToken)
    {
        var release = kernel.Capabilities.Version;
        var initrd = kernel.Initrd ?? (tool == "initramfs-tools" ? $"/boot/initrd.img-{release}" : $"/boot/initramfs-{release}.img");
        progress.Report($"{initrd}: the guest's own {tool} builds it anew with virtio drivers");
        var drivers = string.Join(' ', Edits.InitramfsModulesEdit.Drivers);

        // Release and path were checked against a pattern without any character that a shell knows.
        var script = tool switch
        {
            "initramfs-tools" => $"update-initramfs -{(kernel.Initrd is null ? "c" : "u")} -k {release}",
            "dracut" => $"dracut --force --add-drivers '{drivers} xen-blkfront xen-netfront' {initrd} {release} || dracut --force --add-drivers '{drivers}' {initrd} {release}",
            _ => $"if [ -e /etc/SuSE-release ]; then mkinitrd -k vmlinuz-{release} -i {initrd["/boot/".Length..]}; "
                + $"else mkinitrd -f {string.Join(' ', Edits.InitramfsModulesEdit.Drivers.Take(3).Select(driver => "--with=" + driver))} {initrd} {release}; fi",
        };
        var kept = await session.BatchAsync(
            [Try("exists", initrd + ".pre-x2k"), Try("exists", initrd)], cancellationToken).ConfigureAwait(false);
        if (!kept[0].IsTrue && kept[1].IsTrue)
        {
            await session.RunAsync(["cp-a", initrd, initrd + ".pre-x2k"], cancellationToken).ConfigureAwait(false);
        }

        await session.RunAsync(["sh", $"PATH=/usr/sbin:/usr/bin:/sbin:/bin; export PATH; {{ {script}; }} 2>&1"], cancellationToken, options.InitrdTimeout).ConfigureAwait(false);
        if (await KernelFinder.InitrdHasVirtioAsync(session, initrd, cancellationToken).ConfigureAwait(false) == false)
        {
            throw new RemoteException(RemoteFailure.CommandFailed, shell.HostName,
                $"{initrd}: the guest's {tool} built it without virtio drivers. On Xen, add virtio_pci, virtio_blk and virtio_net to its modules, build it there and run again.");
        }

        return new(initrd, $"built anew by the guest's own {tool} with virtio drivers; the old one is kept as {initrd}.pre-x2k", "");
    }

    private async Task<string> StageAsync(byte[] bytes, CancellationToken cancellationToken)
    {
        // Named by content: no two changes share a name, and a repeated run leaves no heap of files.
        var name = $"{session.WorkDirectory}/in-{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes))[..24]}";
        using var content = new MemoryStream(bytes);
        await shell.UploadAsync(content, name, "0600", cancellationToken).ConfigureAwait(false);
        return name;
    }

    private static string Parent(string path) => path.LastIndexOf('/') is > 0 and var slash ? path[..slash] : "/";
}
