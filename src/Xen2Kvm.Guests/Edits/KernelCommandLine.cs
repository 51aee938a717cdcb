using System.Text;
using System.Text.RegularExpressions;

namespace Xen2Kvm.Guests.Edits;

/// <summary>The one place that knows how a kernel command line changes from Xen to KVM.</summary>
public static partial class KernelCommandLine
{
    /// <summary>First serial port and first virtual terminal; the last one named becomes /dev/console.</summary>
    public const string SerialConsole = "console=ttyS0,115200n8";

    /// <summary>Removes what only Xen understands, names disks anew, and adds the console when asked.</summary>
    /// <param name="arguments">Arguments without the kernel's path; blanks between untouched arguments are kept.</param>
    /// <param name="context">Devices and names.</param>
    /// <param name="complete">This is a whole command line, so consoles (and the naming switch) are added; false for one half of it.</param>
    /// <param name="hasInitrd">A kernel without initrd cannot find a root by UUID; it gets the new device name.</param>
    public static string Edit(string arguments, EditContext context, bool complete, bool hasInitrd = true)
    {
        var result = new StringBuilder();
        var tokens = new List<string>();
        foreach (Match match in Token().Matches(arguments))
        {
            var token = match.Groups[2].Value;
            if (token.Length > 0 && OnlyForXen().IsMatch(token))
            {
                continue;
            }

            var renamed = Rename(token, context, hasInitrd);
            tokens.Add(renamed);

            // The blanks before a removed first argument go with it.
            result.Append(result.Length == 0 && match.Index > 0 ? "" : match.Groups[1].Value).Append(renamed);
        }

        if (!complete)
        {
            return result.Append(arguments.AsSpan(arguments.TrimEnd().Length)).ToString();
        }

        if (!tokens.Exists(token => token.StartsWith("console=ttyS0", StringComparison.Ordinal)))
        {
            if (!tokens.Contains("console=tty0"))
            {
                Add(result, "console=tty0");
            }

            Add(result, SerialConsole);
        }

        if (context.KeepKernelNetworkNames && !tokens.Exists(token => token.StartsWith("net.ifnames=", StringComparison.Ordinal)))
        {
            Add(result, "net.ifnames=0");
        }

        return result.Append(arguments.AsSpan(arguments.TrimEnd().Length)).ToString();
    }

    private static void Add(StringBuilder result, string token)
    {
        if (result.Length > 0 && !char.IsWhiteSpace(result[^1]))
        {
            result.Append(' ');
        }

        result.Append(token);
    }

    private static string Rename(string token, EditContext context, bool hasInitrd)
    {
        var equals = token.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0 || token[..equals] is not ("root" or "resume" or "real_root"))
        {
            return token;
        }

        return context.Devices.Find(token[(equals + 1)..]) is { } device
            ? $"{token[..equals]}={(hasInitrd ? device.Reference : device.TargetName)}"
            : token;
    }

    // Blanks, then an argument that may hold blanks within double quotes; a lone quote is taken as a plain character.
    [GeneratedRegex("""(\s*)((?:"[^"]*"|\S)+)""", RegexOptions.CultureInvariant)]
    private static partial Regex Token();

    [GeneratedRegex(
        @"^(console=[hx]vc[0-9]*(,.*)?|xencons=.*|xen_emul_unplug=.*|earlyprintk=xen.*|earlycon=xen.*|clocksource=(xen|jiffies)|xen[-_](blk|net|fb|kbd)front\..*|xen_pv_.*|xen_nopv.*)$",
        RegexOptions.CultureInvariant)]
    private static partial Regex OnlyForXen();
}
