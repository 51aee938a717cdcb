using System.Globalization;
using System.Text.RegularExpressions;

namespace Xen2Kvm.Guests.Edits;

/// <summary>A Linux block device name taken apart.</summary>
/// <param name="Prefix">xvd, sd, hd or vd.</param>
/// <param name="Disk">Disk number, 0 for a.</param>
/// <param name="Partition">Partition number; 0 for the disk.</param>
public readonly partial record struct BlockName(string Prefix, int Disk, int Partition)
{
    /// <summary>Takes a name apart: <c>/dev/xvda1</c>, <c>sda</c>, <c>/dev/disk/by-path/xen-vbd-51713</c>.</summary>
    public static bool TryParse(string text, out BlockName name)
    {
        name = default;
        if (Plain().Match(text) is { Success: true } plain)
        {
            var partition = plain.Groups[3].Length == 0 ? 0 : int.Parse(plain.Groups[3].ValueSpan, CultureInfo.InvariantCulture);
            name = new(plain.Groups[1].Value, Number(plain.Groups[2].ValueSpan), partition);
            return true;
        }

        if (ByPath().Match(text) is { Success: true } path && TryParseVbd(path.Groups[1].ValueSpan, out var disk, out var inside))
        {
            var suffix = path.Groups[2].Length == 0 ? inside : int.Parse(path.Groups[2].ValueSpan, CultureInfo.InvariantCulture);
            name = new("xvd", disk, suffix);
            return true;
        }

        return false;
    }

    /// <summary>Letters of a disk number: 0 is a, 26 is aa.</summary>
    public static string Letters(int disk)
    {
        var letters = "";
        for (var rest = disk; rest >= 0; rest = (rest / 26) - 1)
        {
            letters = (char)('a' + (rest % 26)) + letters;
        }

        return letters;
    }

    private static int Number(ReadOnlySpan<char> letters)
    {
        var number = 0;
        foreach (var letter in letters)
        {
            number = (number * 26) + (letter - 'a' + 1);
        }

        return number - 1;
    }

    /// <summary>Xen's virtual device number: major 202 with 16 minors a disk, bit 28 for the long form, and the numbers of IDE and SCSI disks.</summary>
    private static bool TryParseVbd(ReadOnlySpan<char> text, out int disk, out int partition)
    {
        (disk, partition) = (0, 0);
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        (disk, partition) = number switch
        {
            _ when (number & (1 << 28)) != 0 => ((number >> 8) & 0xFFFFF, number & 0xFF),
            _ when number >> 8 == 202 => ((number >> 4) & 0xF, number & 0xF),
            _ when number >> 8 == 8 => ((number >> 4) & 0xF, number & 0xF),
            _ when number >> 8 == 3 => ((number >> 6) & 0x3, number & 0x3F),
            _ when number >> 8 == 22 => (2 + ((number >> 6) & 0x3), number & 0x3F),
            _ => (-1, 0),
        };
        return disk >= 0;
    }

    [GeneratedRegex(@"^(?:/dev/)?(xvd|sd|hd|vd)([a-z]{1,2})([1-9][0-9]{0,2})?$", RegexOptions.CultureInvariant)]
    private static partial Regex Plain();

    [GeneratedRegex(@"^/dev/disk/by-path/(?:xen-)?vbd-([0-9]+)(?:-part([0-9]{1,3}))?$", RegexOptions.CultureInvariant)]
    private static partial Regex ByPath();
}
