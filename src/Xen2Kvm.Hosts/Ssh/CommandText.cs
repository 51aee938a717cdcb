using System.Text;
using System.Text.RegularExpressions;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Hosts.Ssh;

/// <summary>Commands and their output as a person reads them in a log: secrets removed, length bounded.</summary>
internal static partial class CommandText
{
    private const int MostTail = 2000;

    /// <summary>The command line for the log.</summary>
    public static string Describe(RemoteCommand command, bool sudo, string? secret)
    {
        var text = new StringBuilder();
        if (sudo)
        {
            text.Append("sudo ");
        }

        foreach (var (name, value) in command.Environment)
        {
            text.Append(name).Append('=').Append(SecretName().IsMatch(name) ? "[removed]" : PosixQuoting.Quote(value)).Append(' ');
        }

        text.AppendJoin(' ', command.Argv.Select(PosixQuoting.Quote));
        if (command.StandardInput.Length > 0)
        {
            text.Append(IsScript(command)
                ? $" <<script ({Title(command.StandardInput.Span)})"
                : $" <{command.StandardInput.Length} bytes");
        }

        return Redact(text.ToString(), secret);
    }

    /// <summary>Text of the script that a command hands to the shell; null when it is none.</summary>
    public static string? Script(RemoteCommand command) => IsScript(command) ? Encoding.UTF8.GetString(command.StandardInput.Span) : null;

    /// <summary>The last part of an output.</summary>
    public static string Tail(string output, string? secret)
    {
        var text = Redact(output.TrimEnd(), secret);
        return text.Length > MostTail ? "…" + text[^MostTail..] : text;
    }

    /// <summary>Removes a secret, whole and by line (a private key has many).</summary>
    public static string Redact(string text, string? secret)
    {
        if (string.IsNullOrEmpty(secret))
        {
            return text;
        }

        text = text.Replace(secret, "[removed]", StringComparison.Ordinal);
        if (secret.Contains('\n', StringComparison.Ordinal))
        {
            foreach (var line in secret.Split('\n', StringSplitOptions.TrimEntries).Where(line => line.Length >= 16))
            {
                text = text.Replace(line, "[removed]", StringComparison.Ordinal);
            }
        }

        return text;
    }

    private static bool IsScript(RemoteCommand command) => command.Argv is ["sh", "-s", ..];

    /// <summary>A fixed script says in its first comment what it does.</summary>
    private static string Title(ReadOnlySpan<byte> script)
    {
        var end = script.IndexOf((byte)'\n');
        var first = Encoding.UTF8.GetString(end < 0 ? script : script[..end]).Trim();
        return first.StartsWith("# ", StringComparison.Ordinal) ? first[2..] : $"{script.Length} bytes";
    }

    [GeneratedRegex("PASS|SECRET|TOKEN|KEY|CREDENTIAL", RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();
}
