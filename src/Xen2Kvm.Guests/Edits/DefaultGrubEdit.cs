using System.Text.RegularExpressions;

namespace Xen2Kvm.Guests.Edits;

/// <summary>/etc/default/grub: what the guest's own update-grub will write from now on.</summary>
public sealed partial class DefaultGrubEdit : IGuestFileEdit
{
    /// <inheritdoc/>
    public string Reason => "gives future boot menus a serial console and no option that only Xen knows";

    /// <inheritdoc/>
    public bool Concerns(string path) => path == "/etc/default/grub" || path.StartsWith("/etc/default/grub.d/", StringComparison.Ordinal);

    /// <inheritdoc/>
    public string Apply(string text, EditContext context)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var result = TextLines.Rewrite(text, line =>
        {
            if (Assignment().Match(line) is not { Success: true } match)
            {
                return line;
            }

            var (name, quoted) = (match.Groups["name"].Value, match.Groups["value"]);
            seen.Add(name);
            var value = Unquote(quoted.Value);
            var changed = Change(name, value, context);
            return changed == value ? line : $"{line[..quoted.Index]}\"{changed}\"{line[(quoted.Index + quoted.Length)..]}";
        });

        var missing = new List<string>();
        if (seen.Overlaps(["GRUB_CMDLINE_LINUX_DEFAULT", "GRUB_TIMEOUT", "GRUB_DEFAULT"]) && !seen.Contains("GRUB_CMDLINE_LINUX"))
        {
            missing.Add($"GRUB_CMDLINE_LINUX=\"{KernelCommandLine.Edit("", context, complete: true)}\"");
            seen.Add("GRUB_CMDLINE_LINUX");
        }

        if (seen.Contains("GRUB_CMDLINE_LINUX"))
        {
            if (!seen.Overlaps(["GRUB_TERMINAL", "GRUB_TERMINAL_INPUT", "GRUB_TERMINAL_OUTPUT"]))
            {
                missing.Add("GRUB_TERMINAL=\"console serial\"");
            }

            if (!seen.Contains("GRUB_SERIAL_COMMAND"))
            {
                missing.Add("GRUB_SERIAL_COMMAND=\"serial --unit=0 --speed=115200\"");
            }
        }

        return missing.Count == 0 ? result : TextLines.Append(result, missing);
    }

    private static string Change(string name, string value, EditContext context) => name switch
    {
        "GRUB_CMDLINE_LINUX" => KernelCommandLine.Edit(value, context, complete: true),
        "GRUB_CMDLINE_LINUX_DEFAULT" or "GRUB_CMDLINE_LINUX_RECOVERY" => KernelCommandLine.Edit(value, context, complete: false),
        "GRUB_TERMINAL" when !value.Split(' ').Contains("serial") => "console serial",
        "GRUB_DISABLE_LINUX_UUID" when value == "true" => "false",
        _ => value,
    };

    private static string Unquote(string value) =>
        value.Length >= 2 && value[0] is '"' or '\'' && value[^1] == value[0] && value.Length >= 2 ? value[1..^1] : value;

    // Values with a quote inside, a backslash or a command are left to the guest's owner.
    [GeneratedRegex("""^\s*(?:export\s+)?(?<name>GRUB_[A-Z_]+)=(?<value>"[^"`$\\]*"|'[^'"]*'|[^\s"'`$\\;#]*)\s*(?:#.*)?$""", RegexOptions.CultureInvariant)]
    private static partial Regex Assignment();
}
