using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Hosts.Ssh;

/// <summary>
/// One command as it is sent to the host's login shell, and the reading of what comes back with it. The command runs under a small fixed
/// shell script that reports, on standard error and marked with a nonce that the command does not know, its process id at the start (so
/// that it can be ended) and its exit code at the end (so that code 255 or a signal is never mistaken for a broken connection).
/// </summary>
internal sealed partial class RemoteInvocation
{
    /// <summary>Longest line the kernel hands to a shell in one piece is 128 KiB.</summary>
    private const int MostBytes = 120_000;

    private const char Mark = '\u001e';

    // The locale is fixed because the output is parsed; sbin is added for accounts whose PATH lacks it.
    private const string Wrapper =
        "LC_ALL=C; export LC_ALL; PATH=\"$PATH:/usr/local/sbin:/usr/sbin:/sbin\"; export PATH; n=$1; shift; " +
        "printf '\\036%s pid %s\\n' \"$n\" \"$$\" >&2; \"$@\"; c=$?; printf '\\036%s exit %s\\n' \"$n\" \"$c\" >&2; exit \"$c\"";

    private readonly string _nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    /// <summary>Builds the line for a command.</summary>
    /// <exception cref="ArgumentException">The command cannot be sent as it is: empty, NUL, too long, a bad variable name.</exception>
    public RemoteInvocation(RemoteCommand command, bool useSudo)
    {
        if (command.Argv.Count == 0 || command.Argv[0].Length == 0)
        {
            throw new ArgumentException("A command needs a program.", nameof(command));
        }

        if (command.Argv[0].Contains('=', StringComparison.Ordinal))
        {
            throw new ArgumentException($"`{command.Argv[0]}` would be read as a variable, not as a program.", nameof(command));
        }

        var words = new List<string> { "exec", "sh", "-c", Wrapper, "x2k", _nonce };
        UsesSudo = useSudo && command.AsRoot;
        if (UsesSudo)
        {
            words.AddRange(["sudo", "-n", "--"]);
        }

        if (command.Environment.Count > 0)
        {
            words.Add("env");
            foreach (var (name, value) in command.Environment)
            {
                if (!VariableName().IsMatch(name))
                {
                    throw new ArgumentException($"`{name}` is no name for an environment variable.", nameof(command));
                }

                words.Add($"{name}={value}");
            }
        }
        else if (command.Argv[0].StartsWith('-'))
        {
            // Neither a program nor an option of the wrapper; refuse rather than let some tool read it as an option.
            throw new ArgumentException($"`{command.Argv[0]}` is no program.", nameof(command));
        }

        words.AddRange(command.Argv);
        Line = PosixQuoting.Join(words);
        if (Encoding.UTF8.GetByteCount(Line) > MostBytes)
        {
            throw new ArgumentException(
                $"The arguments of `{command.Argv[0]}` are longer than {MostBytes} bytes; give them on standard input.", nameof(command));
        }
    }

    /// <summary>What the login shell gets.</summary>
    public string Line { get; }

    /// <summary>It runs through sudo.</summary>
    public bool UsesSudo { get; }

    /// <summary>Process id (and process group) on the host, once it began.</summary>
    public int? ProcessId { get; private set; }

    /// <summary>Its exit code, once it ended.</summary>
    public int? ExitCode { get; private set; }

    /// <summary>Takes the reports out of a line of standard error; null when nothing else was on it.</summary>
    public string? Filter(string line)
    {
        var at = line.IndexOf($"{Mark}{_nonce} ", StringComparison.Ordinal);
        if (at < 0)
        {
            return line;
        }

        var words = line[(at + 1)..].Split(' ');
        if (words.Length == 3 && int.TryParse(words[2], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            if (words[1] == "pid")
            {
                ProcessId = number;
            }
            else
            {
                ExitCode = number;
            }
        }

        return at == 0 ? null : line[..at];
    }

    /// <summary>
    /// A line that ends the process group of a command that still runs: first politely, so that scripts can tidy up, then for good.
    /// </summary>
    public static string KillLine(int processId, bool sudo)
    {
        const string script = "kill -s HUP -- \"-$1\"; (sleep 2; kill -s KILL -- \"-$1\") </dev/null >/dev/null 2>&1 &";
        List<string> words = ["sh", "-c", script, "x2k", processId.ToString(CultureInfo.InvariantCulture)];
        return PosixQuoting.Join(sudo ? ["exec", "sudo", "-n", "--", .. words] : ["exec", .. words]);
    }

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]*$")]
    private static partial Regex VariableName();
}
