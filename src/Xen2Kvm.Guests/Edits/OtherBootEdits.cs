using System.Text.RegularExpressions;

namespace Xen2Kvm.Guests.Edits;

/// <summary>Entries of the Boot Loader Specification (/boot/loader/entries) and the append lines of extlinux.</summary>
public sealed partial class BootEntryEdit : IGuestFileEdit
{
    /// <inheritdoc/>
    public string Reason => "boots from the new disk with the serial console, without options that only Xen knows";

    /// <inheritdoc/>
    public bool Concerns(string path) =>
        (path.StartsWith("/boot/loader/entries/", StringComparison.Ordinal) && path.EndsWith(".conf", StringComparison.Ordinal))
        || path is "/boot/extlinux.conf" or "/boot/extlinux/extlinux.conf" or "/boot/syslinux/syslinux.cfg";

    /// <inheritdoc/>
    public string Apply(string text, EditContext context) => TextLines.Rewrite(text, line =>

        // An entry that only says $kernelopts takes its options from grubenv.
        Options().Match(line) is { Success: true } match && !match.Groups["arguments"].Value.Contains("$kernelopts", StringComparison.Ordinal)
            ? match.Groups["head"].Value + KernelCommandLine.Edit(match.Groups["arguments"].Value, context, complete: true)
            : line);

    [GeneratedRegex(@"^(?<head>\s*(?:options|append|APPEND)[ \t]+)(?<arguments>\S.*)$", RegexOptions.CultureInvariant)]
    private static partial Regex Options();
}

/// <summary>/etc/kernel/cmdline: the options that kernel-install gives to new entries.</summary>
public sealed class KernelCmdlineFileEdit : IGuestFileEdit
{
    /// <inheritdoc/>
    public string Reason => "gives future boot entries the new root device and the serial console";

    /// <inheritdoc/>
    public bool Concerns(string path) => path == "/etc/kernel/cmdline";

    /// <inheritdoc/>
    public string Apply(string text, EditContext context) => TextLines.Rewrite(text, line =>
        line.TrimStart() is { Length: > 0 } content && content[0] != '#' ? KernelCommandLine.Edit(line, context, complete: true) : line);
}

/// <summary>The kernelopts of grubenv, a block of exactly 1024 bytes that GRUB writes in place.</summary>
public sealed partial class GrubEnvironmentEdit : IGuestFileEdit
{
    private const int Size = 1024;

    /// <inheritdoc/>
    public string Reason => "boots from the new disk with the serial console, without options that only Xen knows";

    /// <inheritdoc/>
    public bool Concerns(string path) => path is "/boot/grub2/grubenv" or "/boot/grub/grubenv";

    /// <inheritdoc/>
    public string Apply(string text, EditContext context)
    {
        if (text.Length != Size || !text.StartsWith("# GRUB Environment Block\n", StringComparison.Ordinal) || !text.Contains("\nkernelopts=", StringComparison.Ordinal))
        {
            return text;
        }

        var changed = TextLines.Rewrite(text, line => line.StartsWith("kernelopts=", StringComparison.Ordinal)
            ? "kernelopts=" + KernelCommandLine.Edit(line["kernelopts=".Length..], context, complete: true)
            : line).TrimEnd('#');

        // No room left: better the old block than a broken one.
        return changed == text.TrimEnd('#') || changed.Length > Size ? text : changed.PadRight(Size, '#');
    }
}

/// <summary>initramfs-tools' list of modules, for guests whose initrd holds no virtio drivers. Xen's modules stay: the way back needs them.</summary>
public sealed class InitramfsModulesEdit : IGuestFileEdit
{
    /// <summary>The drivers a guest needs to reach its disk and network on KVM.</summary>
    public static readonly IReadOnlyList<string> Drivers = ["virtio_pci", "virtio_blk", "virtio_net", "virtio_scsi"];

    /// <inheritdoc/>
    public string Reason => "puts the virtio drivers into the initrd";

    /// <inheritdoc/>
    public bool Concerns(string path) => path == "/etc/initramfs-tools/modules";

    /// <inheritdoc/>
    public string Apply(string text, EditContext context)
    {
        if (!context.AddVirtioToInitrd)
        {
            return text;
        }

        var present = TextLines.Split(text).Select(line => line.Content.Trim().Split([' ', '\t'])[0]).ToHashSet(StringComparer.Ordinal);
        var missing = Drivers.Where(driver => !present.Contains(driver)).ToList();
        return missing.Count == 0 ? text : TextLines.Append(text, missing);
    }
}

/// <summary>SUSE's INITRD_MODULES in /etc/sysconfig/kernel.</summary>
public sealed partial class SuseKernelEdit : IGuestFileEdit
{
    /// <inheritdoc/>
    public string Reason => "puts the virtio drivers into the initrd";

    /// <inheritdoc/>
    public bool Concerns(string path) => path == "/etc/sysconfig/kernel";

    /// <inheritdoc/>
    public string Apply(string text, EditContext context) => !context.AddVirtioToInitrd ? text : TextLines.Rewrite(text, line =>
    {
        if (Modules().Match(line) is not { Success: true } match)
        {
            return line;
        }

        var present = match.Groups["list"].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var missing = InitramfsModulesEdit.Drivers.Except(present, StringComparer.Ordinal).ToList();
        return missing.Count == 0 ? line : $"{match.Groups["name"].Value}=\"{string.Join(' ', [.. present, .. missing])}\"{match.Groups["tail"].Value}";
    });

    [GeneratedRegex("""^(?<name>INITRD_MODULES|DOMU_INITRD_MODULES)="(?<list>[^"]*)"(?<tail>.*)$""", RegexOptions.CultureInvariant)]
    private static partial Regex Modules();
}
