using System.Text.RegularExpressions;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;

namespace Xen2Kvm.Hosts.Libvirt;

/// <summary>Whether a planned disk may be made at all: its path names one file or volume, below where the plan says. Pure.</summary>
internal static partial class TargetPaths
{
    /// <summary>What is wrong, in words; null when nothing is.</summary>
    public static string? Problem(TargetDisk disk)
    {
        var path = disk.Path;
        if (disk.SizeBytes < 512 || disk.SizeBytes % 512 != 0)
        {
            return $"{path} is planned with {disk.SizeBytes} bytes; a disk has a multiple of 512.";
        }

        if (!Name().IsMatch(disk.StorageName) || disk.StorageName is "." or "..")
        {
            return $"`{disk.StorageName}` is no name of a volume group or pool.";
        }

        if (!path.StartsWith('/') || path.Any(char.IsControl) || path[1..].Split('/').Any(part => part is "" or "." or ".."))
        {
            return $"`{path}` is no plain absolute path; it must not hold `.`, `..` or empty parts.";
        }

        if (disk.StorageKind == StorageKind.VolumeGroup)
        {
            var parts = path.Split('/');
            if (parts is not ["", "dev", var group, var volume] || group != disk.StorageName || !Name().IsMatch(volume))
            {
                return $"`{path}` is no volume of the group {disk.StorageName}; it must be /dev/{disk.StorageName}/NAME with letters, digits and _ + . - only.";
            }

            return disk.Format == DiskFormat.Raw ? null : $"{path} is a logical volume; its format must be raw.";
        }

        return path.StartsWith("/dev/", StringComparison.Ordinal) ? $"`{path}` lies in /dev, but is planned as a file." : null;
    }

    [GeneratedRegex("^[A-Za-z0-9_+.][A-Za-z0-9_+.-]*$")]
    private static partial Regex Name();
}
