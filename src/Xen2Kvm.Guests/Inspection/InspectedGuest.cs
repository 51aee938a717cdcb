using System.Text;
using Xen2Kvm.Domain.Preflight;

namespace Xen2Kvm.Guests.Inspection;

/// <summary>Everything that was read from the guest's disk; all decisions are made from it, without another look.</summary>
internal sealed record InspectedGuest
{
    /// <summary>All file systems, swap areas and encrypted devices.</summary>
    public required IReadOnlyList<FoundFileSystem> FileSystems { get; init; }

    /// <summary>What is mounted where, root first.</summary>
    public required IReadOnlyList<GuestMount> Mounts { get; init; }

    /// <summary>Text files by the path they were asked for.</summary>
    public required IReadOnlyDictionary<string, GuestFile> Files { get; init; }

    /// <summary>Paths that exist, of those that were asked for (programs, unit files, links).</summary>
    public required IReadOnlySet<string> Present { get; init; }

    /// <summary>What /sbin/init points to; empty when it is a plain file.</summary>
    public required string InitLink { get; init; }

    /// <summary>Kernels in /boot.</summary>
    public required IReadOnlyList<GuestKernel> Kernels { get; init; }

    /// <summary>Releases that have a directory in /lib/modules.</summary>
    public required IReadOnlyList<string> ModuleReleases { get; init; }

    /// <summary>Links of systemd that start a login prompt on Xen's console.</summary>
    public required IReadOnlyList<string> XenGettyLinks { get; init; }

    /// <summary>First 34 sectors of the first disk: boot code and partition table, a GPT's included.</summary>
    public required ReadOnlyMemory<byte> DiskHead { get; init; }

    /// <summary>The root file system.</summary>
    public FoundFileSystem Root => At("/") ?? throw new InvalidOperationException("A guest without a root file system is not inspected.");

    /// <summary>The file system that holds /boot.</summary>
    public FoundFileSystem Boot => At("/boot") ?? Root;

    /// <summary>Text of a file; empty when the guest does not have it.</summary>
    public string Text(string path) => Files.TryGetValue(path, out var file) ? file.Text : "";

    /// <summary>The file system mounted at a place; null when none is.</summary>
    public FoundFileSystem? At(string mountPoint) =>
        Mounts.FirstOrDefault(mount => mount.MountPoint == mountPoint) is { } found ? FileSystems.FirstOrDefault(system => system.Device == found.Device) : null;
}

/// <summary>A file system, swap area or encrypted device.</summary>
/// <param name="Device">As libguestfs names it: /dev/sda1, /dev/vg/lv.</param>
/// <param name="Type">ext4, xfs, swap, crypto_LUKS, unknown.</param>
/// <param name="Uuid">UUID, or null.</param>
/// <param name="Label">Label, or null.</param>
/// <param name="Clean">Cleanly unmounted; null when that cannot be told.</param>
internal sealed record FoundFileSystem(string Device, string Type, string? Uuid, string? Label, bool? Clean)
{
    /// <summary>It can be mounted.</summary>
    public bool Mountable => Type is "ext2" or "ext3" or "ext4" or "xfs" or "btrfs" or "reiserfs" or "jfs" or "vfat";
}

/// <summary>A mounted file system.</summary>
/// <param name="Device">Device.</param>
/// <param name="MountPoint">Where.</param>
/// <param name="Options">Extra mount options (a btrfs subvolume), or empty.</param>
internal sealed record GuestMount(string Device, string MountPoint, string Options)
{
    /// <summary>Free bytes and inodes; null when not read, or when the file system does not count inodes.</summary>
    public (long Bytes, long? Inodes)? Free { get; init; }
}

/// <summary>A text file of the guest.</summary>
/// <param name="Path">The path it was asked for.</param>
/// <param name="RealPath">Where it really is, links followed.</param>
/// <param name="Text">Its text.</param>
/// <param name="Utf8">It is UTF-8; otherwise every byte became one character and goes back as one.</param>
internal sealed record GuestFile(string Path, string RealPath, string Text, bool Utf8)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>From its bytes.</summary>
    public static GuestFile From(string path, string realPath, ReadOnlySpan<byte> bytes)
    {
        try
        {
            return new(path, realPath, Strict.GetString(bytes), true);
        }
        catch (DecoderFallbackException)
        {
            return new(path, realPath, Encoding.Latin1.GetString(bytes), false);
        }
    }

    /// <summary>The bytes of a new text for this file.</summary>
    public byte[] Encode(string text) => (Utf8 ? Strict : Encoding.Latin1).GetBytes(text);
}

/// <summary>A kernel in the guest's /boot.</summary>
/// <param name="Path">/boot/vmlinuz-….</param>
/// <param name="Initrd">Its initrd, or null.</param>
/// <param name="Capabilities">What it can do.</param>
internal sealed record GuestKernel(string Path, string? Initrd, KernelCapabilities Capabilities)
{
    /// <summary>It can drive KVM's devices and is no Xen-only kernel.</summary>
    public bool Usable => Capabilities is { HasVirtio: true, BootsOnBareMetal: true };
}
