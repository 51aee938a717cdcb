using System.Text.RegularExpressions;

namespace Xen2Kvm.Guests.Edits;

/// <summary>/etc/fstab: file systems by UUID, so that the disk's new name does not matter; xenfs out.</summary>
public sealed partial class FstabEdit : IGuestFileEdit
{
    /// <inheritdoc/>
    public string Reason => "names file systems by UUID, because disks have other names on KVM";

    /// <inheritdoc/>
    public bool Concerns(string path) => path == "/etc/fstab";

    /// <inheritdoc/>
    public string Apply(string text, EditContext context) => TextLines.Rewrite(text, line =>
    {
        if (Entry().Match(line) is not { Success: true } entry)
        {
            return line;
        }

        if (entry.Groups["type"].Value == "xenfs")
        {
            return "#xen2kvm# " + line;
        }

        var device = entry.Groups["device"];
        return device.Value.StartsWith("/dev/", StringComparison.Ordinal) && context.Devices.Find(device.Value) is { } found
            ? string.Concat(line.AsSpan(0, device.Index), found.Reference, line.AsSpan(device.Index + device.Length))
            : line;
    });

    [GeneratedRegex(@"^\s*(?<device>[^#\s]\S*)\s+\S+\s+(?<type>\S+)", RegexOptions.CultureInvariant)]
    private static partial Regex Entry();
}

/// <summary>/etc/crypttab: encrypted devices by UUID.</summary>
public sealed partial class CrypttabEdit : IGuestFileEdit
{
    /// <inheritdoc/>
    public string Reason => "names encrypted devices by UUID, because disks have other names on KVM";

    /// <inheritdoc/>
    public bool Concerns(string path) => path == "/etc/crypttab";

    /// <inheritdoc/>
    public string Apply(string text, EditContext context) => TextLines.Rewrite(text, line =>
    {
        var entry = Entry().Match(line);
        var device = entry.Groups["device"];
        return entry.Success && context.Devices.Find(device.Value) is { } found
            ? string.Concat(line.AsSpan(0, device.Index), found.Reference, line.AsSpan(device.Index + device.Length))
            : line;
    });

    [GeneratedRegex(@"^\s*[^#\s]\S*\s+(?<device>/dev/\S+)", RegexOptions.CultureInvariant)]
    private static partial Regex Entry();
}

/// <summary>initramfs-tools' conf.d/resume: the swap area by UUID, else the first boot waits for a disk that is not there.</summary>
public sealed partial class ResumeEdit : IGuestFileEdit
{
    /// <inheritdoc/>
    public string Reason => "names the swap area to resume from by UUID; the old name would make the boot wait";

    /// <inheritdoc/>
    public bool Concerns(string path) => path == "/etc/initramfs-tools/conf.d/resume";

    /// <inheritdoc/>
    public string Apply(string text, EditContext context) => TextLines.Rewrite(text, line =>
    {
        var device = Entry().Match(line).Groups["device"];
        return device.Success && context.Devices.Find(device.Value) is { } found
            ? string.Concat(line.AsSpan(0, device.Index), found.Reference, line.AsSpan(device.Index + device.Length))
            : line;
    });

    [GeneratedRegex("""^\s*RESUME=["']?(?<device>/dev/[^\s"']+)""", RegexOptions.CultureInvariant)]
    private static partial Regex Entry();
}
