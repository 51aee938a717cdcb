using System.Text.RegularExpressions;
using Xen2Kvm.Guests.Edits;

namespace Xen2Kvm.Guests.Inspection;

/// <summary>A line of fstab.</summary>
/// <param name="Device">Device, UUID= or LABEL=.</param>
/// <param name="MountPoint">Where, or none for swap.</param>
/// <param name="Type">File system type.</param>
/// <param name="Options">Mount options.</param>
internal sealed partial record FstabEntry(string Device, string MountPoint, string Type, string Options)
{
    /// <summary>Reads all entries.</summary>
    public static IReadOnlyList<FstabEntry> Parse(string text)
    {
        var entries = new List<FstabEntry>();
        foreach (var line in text.Split('\n'))
        {
            var words = line.Trim().Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length >= 3 && words[0][0] != '#')
            {
                entries.Add(new(words[0], Octal().Replace(words[1], match => ((char)Convert.ToInt32(match.Groups[1].Value, 8)).ToString()), words[2], words.Length > 3 ? words[3] : ""));
            }
        }

        return entries;
    }

    /// <summary>The file system this entry means; null when it is none of the disk's.</summary>
    public FoundFileSystem? Resolve(IReadOnlyList<FoundFileSystem> systems, DeviceMap devices)
    {
        var value = Device[(Device.IndexOf('=', StringComparison.Ordinal) + 1)..].Trim('"');
        if (Device.StartsWith("UUID=", StringComparison.OrdinalIgnoreCase) || Device.StartsWith("/dev/disk/by-uuid/", StringComparison.Ordinal))
        {
            value = value[(value.LastIndexOf('/') + 1)..];
            return systems.FirstOrDefault(system => string.Equals(system.Uuid, value, StringComparison.OrdinalIgnoreCase));
        }

        if (Device.StartsWith("LABEL=", StringComparison.OrdinalIgnoreCase) || Device.StartsWith("/dev/disk/by-label/", StringComparison.Ordinal))
        {
            value = Device[0] == '/' ? value[(value.LastIndexOf('/') + 1)..] : value;
            return systems.FirstOrDefault(system => system.Label == value);
        }

        // /dev/vdaN is what a conversion before this one may have written.
        var name = devices.Find(Device)?.ApplianceName
            ?? (BlockName.TryParse(Device, out var block) && block.Prefix == "vd" ? Regex.Replace(Device, "^/dev/vd", "/dev/sd", RegexOptions.CultureInvariant) : LogicalVolume(Device));
        return systems.FirstOrDefault(system => system.Device == name);
    }

    /// <summary>The value of btrfs' subvol option with its key, or empty.</summary>
    public string SubvolumeOption => Subvolume().Match(Options).Value;

    /// <summary>/dev/mapper/vg-lv as libguestfs names it, /dev/vg/lv; a doubled dash is a dash of the name.</summary>
    private static string LogicalVolume(string device) => Mapper().Match(device) is { Success: true } match
        ? $"/dev/{match.Groups[1].Value.Replace("--", "-", StringComparison.Ordinal)}/{match.Groups[2].Value.Replace("--", "-", StringComparison.Ordinal)}"
        : device;

    [GeneratedRegex(@"\\([0-3][0-7]{2})", RegexOptions.CultureInvariant)]
    private static partial Regex Octal();

    [GeneratedRegex("(?<=^|,)subvol(?:id)?=[^,]+", RegexOptions.CultureInvariant)]
    private static partial Regex Subvolume();

    [GeneratedRegex("^/dev/mapper/((?:[^-]|--)+)-((?:[^-]|--)+)$", RegexOptions.CultureInvariant)]
    private static partial Regex Mapper();
}
