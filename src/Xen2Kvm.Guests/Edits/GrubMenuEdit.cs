using System.Text.RegularExpressions;

namespace Xen2Kvm.Guests.Edits;

/// <summary>The menu of GRUB 2 (grub.cfg), of which the first boot on KVM needs every line to be right.</summary>
public sealed partial class GrubMenuEdit : IGuestFileEdit
{
    private const string Serial = "serial --unit=0 --speed=115200";

    /// <inheritdoc/>
    public string Reason => "boots from the new disk with the serial console, without options that only Xen knows";

    /// <inheritdoc/>
    public bool Concerns(string path) => GuestPaths.Grub2Menus.Contains(path);

    /// <inheritdoc/>
    public string Apply(string text, EditContext context)
    {
        var hasInitrd = InitrdLine().IsMatch(text);
        var hasSerial = SerialLine().IsMatch(text);
        return TextLines.Rewrite(text, line =>
        {
            if (KernelLine().Match(line) is { Success: true } kernel)
            {
                return kernel.Groups["head"].Value + KernelCommandLine.Edit(kernel.Groups["arguments"].Value, context, complete: true, hasInitrd);
            }

            if (RootLine().Match(line) is { Success: true } root)
            {
                return Device(root.Groups["device"].Value, context) is { } device
                    ? $"{root.Groups["head"].Value}'{device}'{root.Groups["tail"].Value}"
                    : line;
            }

            if (TerminalLine().IsMatch(line))
            {
                var first = hasSerial ? "" : Serial + "\n";
                hasSerial = true;
                return first + line.TrimEnd() + " serial";
            }

            return line;
        });
    }

    /// <summary>A disk as GRUB names it on Xen, by its name on KVM; null when it stays.</summary>
    private static string? Device(string name, EditContext context)
    {
        var match = GrubDevice().Match(name);
        if (!match.Success)
        {
            return null;
        }

        if (match.Groups["xen"].Success)
        {
            var partition = match.Groups["inner"].Success ? match.Groups["inner"].Value : "";
            return context.Devices.Find(match.Groups["xen"].Value + partition)?.GrubName;
        }

        // (hd0) with nothing inside: the disk was the file system, and it is a partition now.
        return match.Groups["disk"].Value == "0" && context.Root is { Disk: 0, Partition: > 0 } root ? root.GrubName : null;
    }

    [GeneratedRegex(@"^(?<head>\s*linux(?:16|efi)?\s+\S+[ \t]+)(?<arguments>\S.*)$", RegexOptions.CultureInvariant)]
    private static partial Regex KernelLine();

    [GeneratedRegex(@"^\s*initrd(?:16|efi)?\s", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex InitrdLine();

    [GeneratedRegex(@"^\s*serial\s", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex SerialLine();

    [GeneratedRegex(@"^\s*terminal_(?:input|output)\s+console\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex TerminalLine();

    [GeneratedRegex(@"^(?<head>\s*set\s+root=)['""]?(?<device>\(?[\w/,]+\)?)['""]?(?<tail>\s*)$", RegexOptions.CultureInvariant)]
    private static partial Regex RootLine();

    [GeneratedRegex(@"^\(?(?:xen/(?<xen>xvd[a-z]+[0-9]*)(?:,(?:msdos|gpt)?(?<inner>[0-9]+))?|hd(?<disk>[0-9]+))\)?$", RegexOptions.CultureInvariant)]
    private static partial Regex GrubDevice();
}

/// <summary>The menu of GRUB 0.97 (menu.lst, grub.conf), and of pygrub and pv-grub in its form.</summary>
public sealed partial class LegacyMenuEdit : IGuestFileEdit
{
    /// <inheritdoc/>
    public string Reason => "boots from the partition with the serial console, without options that only Xen knows";

    /// <inheritdoc/>
    public bool Concerns(string path) => GuestPaths.LegacyMenus.Contains(path);

    /// <inheritdoc/>
    public string Apply(string text, EditContext context)
    {
        var hasInitrd = Regex.IsMatch(text, @"^\s*initrd\s", RegexOptions.Multiline | RegexOptions.CultureInvariant);
        return TextLines.Rewrite(text, line =>
        {
            if (KernelLine().Match(line) is { Success: true } kernel)
            {
                return kernel.Groups["head"].Value + KernelCommandLine.Edit(kernel.Groups["arguments"].Value, context, complete: true, hasInitrd);
            }

            // update-grub of Debian reads its settings from comments: the root in kopt, further options in defoptions.
            if (Setting().Match(line) is { Success: true } setting)
            {
                var complete = setting.Groups["name"].Value == "kopt";
                return setting.Groups["head"].Value + KernelCommandLine.Edit(setting.Groups["arguments"].Value, context, complete, hasInitrd);
            }

            return WholeDisk().Match(line) is { Success: true } root && context.Root is { Disk: 0, Partition: > 0 } partition
                ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{root.Groups["head"].Value}(hd0,{partition.Partition - 1})")
                : line;
        });
    }

    [GeneratedRegex(@"^(?<head>\s*kernel\s+(?:--\S+\s+)*\S+[ \t]+)(?<arguments>\S.*)$", RegexOptions.CultureInvariant)]
    private static partial Regex KernelLine();

    [GeneratedRegex(@"^(?<head># (?<name>kopt|defoptions)=)(?<arguments>.*)$", RegexOptions.CultureInvariant)]
    private static partial Regex Setting();

    [GeneratedRegex(@"^(?<head>(?:\s*root(?:noverify)?\s+|# groot=))\(hd0\)\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex WholeDisk();
}
