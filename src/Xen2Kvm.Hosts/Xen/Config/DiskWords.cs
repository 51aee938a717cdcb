namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>The words of disk entries (xl-disk-configuration(5), libxlu_disk_l.l; blktap types of xend's blkif.py).</summary>
internal static class DiskWords
{
    /// <summary>Prefixes that older tools needed and that say nothing.</summary>
    public static readonly HashSet<string> IgnoredPrefixes = new(StringComparer.Ordinal)
    {
        "tapdisk", "tap", "tap2", "aio", "ioemu", "file", "phy", "sync", "ram",
    };

    /// <summary>Words that stand alone.</summary>
    public static readonly HashSet<string> Flags = new(StringComparer.Ordinal)
    {
        "cdrom", "direct-io-safe", "discard", "no-discard", "colo", "no-colo", "trusted", "untrusted",
    };

    /// <summary>Keys that xl knows and that mean nothing for a move.</summary>
    public static readonly HashSet<string> KeptKeys = new(StringComparer.Ordinal)
    {
        "colo-host", "colo-port", "colo-export", "active-disk", "hidden-disk", "grant_usage",
    };

    /// <summary>The word before a colon at the start, when it looks like a deprecated prefix.</summary>
    public static string? PrefixOf(ReadOnlySpan<char> rest)
    {
        var length = 0;
        while (length < rest.Length && (char.IsAsciiLetterLower(rest[length]) || (length > 0 && char.IsAsciiDigit(rest[length]))))
        {
            length++;
        }

        return length > 0 && length < rest.Length && rest[length] == ':' ? rest[..length].ToString() : null;
    }

    /// <summary>True for what can stand before an equals sign; a path with one in it cannot.</summary>
    public static bool IsKey(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c is not ('-' or '_'))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Reads a format; nothing means raw.</summary>
    public static DiskFormat Format(string? word) => word switch
    {
        null or "" or "raw" => DiskFormat.Raw,
        "qcow" => DiskFormat.Qcow,
        "qcow2" => DiskFormat.Qcow2,
        "vhd" => DiskFormat.Vhd,
        "qed" => DiskFormat.Qed,
        "vmdk" => DiskFormat.Vmdk,
        "empty" => DiskFormat.Empty,
        _ => DiskFormat.Unknown,
    };
}
