using System.Globalization;

namespace Xen2Kvm.Engine.Ports;

/// <summary>How large a disk of the source was at one moment, and how much had been written to it.</summary>
/// <param name="Path">Path of the device or file on the host.</param>
/// <param name="Value">
/// <c>block N</c>: 512-byte sectors written or discarded since the device was set up (the kernel's Documentation/block/stat.rst);
/// <c>file TIME</c>: time of the last change; <c>missing</c>; <c>unknown</c> where the host does not count.
/// </param>
/// <param name="SizeBytes">Size in bytes; null when unknown.</param>
public sealed record DiskMark(string Path, string Value, long? SizeBytes)
{
    private const string Block = "block ";

    /// <summary>Whether writes can be seen at all.</summary>
    public bool IsKnown => Value != "unknown";

    /// <summary>
    /// Whether nothing was written between an earlier mark and this one, and the size is the same. A device that was set up anew, as by a reboot
    /// of the host, counts from zero: as long as it stands there, nothing was written either.
    /// </summary>
    public bool IsUntouchedSince(DiskMark earlier) => SizeBytes == earlier.SizeBytes
        && (Value == earlier.Value || (Value == Block + "0" && earlier.Value.StartsWith(Block, StringComparison.Ordinal)));

    /// <summary>What changed since an earlier mark, for a message.</summary>
    public string DifferenceFrom(DiskMark earlier) =>
        Sectors(Value) is { } now && Sectors(earlier.Value) is { } then && now > then
            ? string.Create(CultureInfo.InvariantCulture, $"{Path}: {(now - then) / 2048.0:0.0} MiB written")
            : Value == "missing" ? $"{Path} is gone"
            : SizeBytes != earlier.SizeBytes ? $"{Path} had {earlier.SizeBytes} bytes, has {SizeBytes}"
            : $"{Path} was changed";

    private static long? Sectors(string value) =>
        value.StartsWith(Block, StringComparison.Ordinal) && long.TryParse(value[Block.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var sectors)
            ? sectors
            : null;
}
