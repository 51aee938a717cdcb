using System.Globalization;

namespace Xen2Kvm.Engine.Ports;

/// <summary>How much had been written to a disk of the source at one moment.</summary>
/// <param name="Path">Path of the device or file on the host.</param>
/// <param name="Value">
/// <c>block N</c>: 512-byte sectors written or discarded since the device was set up (the kernel's Documentation/block/stat.rst);
/// <c>file SIZE TIME</c>: size in bytes and time of the last change; <c>missing</c>; <c>unknown</c> where the host does not count.
/// </param>
public sealed record DiskMark(string Path, string Value)
{
    private const string Block = "block ";

    /// <summary>Whether writes can be seen at all.</summary>
    public bool IsKnown => Value != "unknown";

    /// <summary>
    /// Whether nothing was written between an earlier mark and this one. A device that was set up anew, as by a reboot of the host, counts
    /// from zero: as long as it stands there, nothing was written either.
    /// </summary>
    public bool IsUntouchedSince(DiskMark earlier) => Value == earlier.Value || (Value == Block + "0" && earlier.Value.StartsWith(Block, StringComparison.Ordinal));

    /// <summary>What changed since an earlier mark, for a message.</summary>
    public string DifferenceFrom(DiskMark earlier) =>
        Sectors(Value) is { } now && Sectors(earlier.Value) is { } then && now > then
            ? string.Create(CultureInfo.InvariantCulture, $"{Path}: {(now - then) / 2048.0:0.0} MiB written")
            : Value == "missing" ? $"{Path} is gone" : $"{Path} was changed";

    private static long? Sectors(string value) =>
        value.StartsWith(Block, StringComparison.Ordinal) && long.TryParse(value[Block.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var sectors)
            ? sectors
            : null;
}
