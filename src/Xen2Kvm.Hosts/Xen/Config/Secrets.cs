using System.Text.RegularExpressions;

namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>Keeps passwords of configs (vncpasswd, spicepasswd) out of anything that is shown, and long text short.</summary>
internal static partial class Secrets
{
    private const int MaxShown = 200;
    private const string Mask = "***";

    /// <summary>True for a key whose value is a password.</summary>
    public static bool IsSecretKey(string key) =>
        key.Contains("passwd", StringComparison.OrdinalIgnoreCase)
        || key.Contains("password", StringComparison.OrdinalIgnoreCase)
        || key.Contains("secret", StringComparison.OrdinalIgnoreCase);

    /// <summary>Text as it may be shown: passwords masked, control characters gone, at most 200 characters.</summary>
    public static string Show(string text)
    {
        var masked = PasswordAssignment().Replace(text.Length > 4 * MaxShown ? text[..(4 * MaxShown)] : text, "$1" + Mask);
        masked = masked.Replace("\r", "", StringComparison.Ordinal).Replace('\n', ' ').Replace('\t', ' ').Trim();
        if (masked.Any(char.IsControl))
        {
            masked = new string([.. masked.Select(c => char.IsControl(c) ? '\uFFFD' : c)]);
        }

        return masked.Length <= MaxShown ? masked : masked[..MaxShown] + "…";
    }

    /// <summary>The value of a setting as it may be shown.</summary>
    public static string Show(string key, string value) => IsSecretKey(key) ? Mask : Show(value);

    // key = 'x' + y, vnc=1,key=x, (key x), "key": "x": whatever follows on the line may be a part of it.
    [GeneratedRegex("""((?:passw(?:or)?d|secret)['"]?\s*[=: ]).*""", RegexOptions.IgnoreCase)]
    private static partial Regex PasswordAssignment();
}
