using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Hosts.Scripts;

namespace Xen2Kvm.Hosts.Xen;

/// <summary>What the host says of a disk's place and of what is on it (a section of <c>xen-disks.sh</c>). Pure.</summary>
internal sealed record XenDiskProbe
{
    /// <summary>What lies beneath.</summary>
    public DiskBacking Backing { get; init; } = DiskBacking.Missing;

    /// <summary>Its path, which for a DRBD resource is known only by the host.</summary>
    public string? Path { get; init; }

    /// <summary>Size as the guest sees it.</summary>
    public long? SizeBytes { get; init; }

    /// <summary>File system, swap or table.</summary>
    public string? Content { get; init; }

    /// <summary>UUID of it.</summary>
    public string? Uuid { get; init; }

    /// <summary>Label of it.</summary>
    public string? Label { get; init; }

    /// <summary>State of a DRBD resource.</summary>
    public string? Drbd { get; init; }

    /// <summary>Reads a section.</summary>
    public static XenDiskProbe Parse(string body)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in body.Split('\n'))
        {
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                values.TryAdd(line[..equals], line[(equals + 1)..].Trim());
            }
        }

        // A table before a file system: blkid names both when old superblocks remain.
        var content = Get("PTTYPE") is { } table ? "partition table " + (table == "dos" ? "dos" : table) : Get("TYPE");
        var drbd = Get("drbd");
        return new()
        {
            Backing = Get("kind") switch
            {
                "lv" => drbd is null ? DiskBacking.LogicalVolume : DiskBacking.Drbd,
                "drbd" => DiskBacking.Drbd,
                "block" => drbd is null ? DiskBacking.BlockDevice : DiskBacking.Drbd,
                "file" => DiskBacking.File,
                // A resource that is down has no device, but is there.
                _ => drbd is null ? DiskBacking.Missing : DiskBacking.Drbd,
            },
            Path = Get("path"),
            SizeBytes = LinuxFacts.Long(Get("virtual") ?? Get("size") ?? ""),
            Content = content,
            Uuid = Get("UUID"),
            Label = Get("LABEL") is { } label ? Unescape(label) : null,
            Drbd = drbd,
        };

        string? Get(string name) => values.TryGetValue(name, out var value) && value.Length > 0 ? value : null;
    }

    /// <summary>blkid writes a backslash before what a shell would read.</summary>
    private static string Unescape(string text)
    {
        var result = new System.Text.StringBuilder();
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] == '\\' && at + 1 < text.Length)
            {
                at++;
            }

            result.Append(text[at]);
        }

        return result.ToString();
    }
}
