using System.Globalization;
using Xen2Kvm.Domain.Inventory;

namespace Xen2Kvm.Hosts.Scripts;

/// <summary>Reads what both inventories print of a Linux machine (sections of <c>host-facts.sh</c>). Pure.</summary>
internal static class LinuxFacts
{
    /// <summary>PRETTY_NAME of os-release, or the first line of an old release file.</summary>
    public static string? OperatingSystem(string text)
    {
        foreach (var line in text.Split('\n'))
        {
            if (line.StartsWith("PRETTY_NAME=", StringComparison.Ordinal))
            {
                return line["PRETTY_NAME=".Length..].Trim().Trim('"', '\'');
            }
        }

        return text.Split('\n')[0].Trim() is { Length: > 0 } first && !first.Contains('=', StringComparison.Ordinal) ? first : null;
    }

    /// <summary>The value of a <c>name : value</c> line, as in /proc/cpuinfo, xl info and virsh's tables.</summary>
    public static string? Field(string text, string name)
    {
        foreach (var line in text.Split('\n'))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0 && line.AsSpan(0, colon).Trim().SequenceEqual(name))
            {
                return line[(colon + 1)..].Trim();
            }
        }

        return null;
    }

    /// <summary>A field as a number; 0 when it is not there.</summary>
    public static long Number(string text, string name) =>
        Field(text, name)?.Split(' ')[0] is { } word && long.TryParse(word, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <summary>A number in the invariant culture, or null.</summary>
    public static long? Long(string text) => long.TryParse(text.Trim(), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Bridges from lines <c>name mtu</c> and the addresses of <c>ip -o addr</c>.</summary>
    public static IReadOnlyList<Bridge> Bridges(IEnumerable<string> lines, IEnumerable<string> addresses)
    {
        var byInterface = addresses
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length > 3 && words[2] is "inet" or "inet6" && !words[3].StartsWith("fe80:", StringComparison.OrdinalIgnoreCase))
            .ToLookup(words => words[1], words => words[3], StringComparer.Ordinal);
        return [.. lines.Select(line => line.Split(' ')).Where(words => words.Length == 2)
            .Select(words => new Bridge(words[0], (int)(Long(words[1]) ?? 1500), [.. byInterface[words[0]]]))
            .OrderBy(bridge => bridge.Name, StringComparer.Ordinal)];
    }

    /// <summary>Volume groups from <c>name|size|free</c>.</summary>
    public static IEnumerable<StorageSpace> VolumeGroups(IEnumerable<string> lines) =>
        from line in lines
        let words = line.Split('|', StringSplitOptions.TrimEntries)
        where words.Length == 3 && Long(words[1]) is not null
        select new StorageSpace(StorageKind.VolumeGroup, words[0], "/dev/" + words[0], Long(words[1]) ?? 0, Long(words[2]) ?? 0);

    /// <summary>Tools from <c>name version-line</c>.</summary>
    public static IReadOnlyDictionary<string, string> Tools(IEnumerable<string> lines)
    {
        var tools = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in lines)
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            if (space > 0)
            {
                tools[line[..space]] = Version(line[(space + 1)..]);
            }
            else
            {
                tools[line] = "";
            }
        }

        return tools;
    }

    /// <summary>Addresses by MAC from <c>ip neigh</c>.</summary>
    public static ILookup<string, string> Neighbours(IEnumerable<string> lines) => lines
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Where(words => words.Length > 4 && words.Contains("lladdr") && !words.Contains("FAILED") && !words[0].StartsWith("fe80:", StringComparison.OrdinalIgnoreCase))
        .ToLookup(words => words[Array.IndexOf(words, "lladdr") + 1].ToLowerInvariant(), words => words[0], StringComparer.Ordinal);

    /// <summary>The first word of a tool's version line that looks like a version; else the line.</summary>
    public static string Version(string line)
    {
        var word = line.Split([' ', ',', '(', ')'], StringSplitOptions.RemoveEmptyEntries)
            .FirstOrDefault(word => word.TrimStart('v') is [>= '0' and <= '9', ..] && word.Contains('.', StringComparison.Ordinal));
        return word?.TrimStart('v') ?? line.Trim();
    }
}
