namespace Xen2Kvm.Engine.Ports;

/// <summary>A command for a remote host, as an argv: never a string that a shell would read twice.</summary>
public sealed record RemoteCommand
{
    /// <summary>A command from its argv.</summary>
    public RemoteCommand(params IReadOnlyList<string> argv) => Argv = argv;

    /// <summary>Program and arguments. Each reaches the program byte for byte, whatever characters it holds (NUL is refused).</summary>
    public IReadOnlyList<string> Argv { get; init; }

    /// <summary>Bytes for its standard input; empty closes it at once.</summary>
    public ReadOnlyMemory<byte> StandardInput { get; init; }

    /// <summary>How long it may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Run it as root (through <c>sudo -n</c> where the endpoint asks for it).</summary>
    public bool AsRoot { get; init; } = true;

    /// <summary>Environment variables set for it.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Do not write its output to the run's log (large or binary).</summary>
    public bool Quiet { get; init; }

    /// <summary>It changes nothing on the host, so that a rehearsal runs it too. Unless said so, a command is taken for one that does.</summary>
    public bool IsRead { get; init; }

    /// <summary>What a rehearsal, which does not run it, takes for its output.</summary>
    public string Rehearsed { get; init; } = "";

    /// <summary>A read that is answered otherwise once this has run; null when nothing that comes after it in a rehearsal depends on one.</summary>
    public RehearsedAnswer? Leaves { get; init; }

    /// <summary>A POSIX shell script given on standard input of <c>sh -s</c>, with its positional arguments. For fixed scripts only.</summary>
    public static RemoteCommand Script(string script, params IReadOnlyList<string> arguments) =>
        new(["sh", "-s", "--", .. arguments]) { StandardInput = System.Text.Encoding.UTF8.GetBytes(script) };
}

/// <summary>What a read will answer later.</summary>
/// <param name="Read">The read.</param>
/// <param name="Output">Its output then.</param>
public sealed record RehearsedAnswer(RemoteCommand Read, string Output);

/// <summary>A command of a rehearsal.</summary>
/// <param name="Host">The host it is for.</param>
/// <param name="CommandLine">The command as a run's log has it.</param>
/// <param name="Script">Text of the script that it hands to the shell; null when it is none.</param>
/// <param name="ExitCode">Exit code of one that only reads and was run; null for one that changes something and was not.</param>
public sealed record RehearsedCommand(string Host, string CommandLine, string? Script, int? ExitCode);

/// <summary>What a command gave back.</summary>
/// <param name="ExitCode">Its exit code (128+n when a signal ended it).</param>
/// <param name="OutputBytes">Standard output.</param>
/// <param name="StandardError">Standard error as text.</param>
public sealed record CommandResult(int ExitCode, ReadOnlyMemory<byte> OutputBytes, string StandardError)
{
    /// <summary>Standard output as UTF-8 text.</summary>
    public string Output => System.Text.Encoding.UTF8.GetString(OutputBytes.Span);

    /// <summary>It ended with 0.</summary>
    public bool Ok => ExitCode == 0;
}

/// <summary>A line that a running command printed.</summary>
/// <param name="IsError">It came on standard error.</param>
/// <param name="Text">The line without its end.</param>
public readonly record struct OutputLine(bool IsError, string Text);

/// <summary>Runs commands on one host. Implementations keep one connection per host and are safe for concurrent use.</summary>
public interface IRemoteShell
{
    /// <summary>The host's name, for messages.</summary>
    string HostName { get; }

    /// <summary>Runs a command to its end. A non-zero exit is a result, not an exception.</summary>
    /// <exception cref="RemoteException">The host could not be reached, refused, or the command exceeded its time.</exception>
    Task<CommandResult> RunAsync(RemoteCommand command, CancellationToken cancellationToken);

    /// <summary>Runs a command and yields its lines as they come; ends by throwing <see cref="RemoteException"/> on a non-zero exit.</summary>
    IAsyncEnumerable<OutputLine> StreamAsync(RemoteCommand command, CancellationToken cancellationToken);

    /// <summary>Writes a file on the host atomically (temporary name, then rename), creating its directory.</summary>
    /// <param name="content">The bytes.</param>
    /// <param name="path">Absolute path.</param>
    /// <param name="mode">Octal permission text, as 0755.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task UploadAsync(Stream content, string path, string mode, CancellationToken cancellationToken);
}

/// <summary>Why a remote operation failed.</summary>
public enum RemoteFailure
{
    /// <summary>No connection: address, port, network, time-out.</summary>
    Unreachable,

    /// <summary>The host's key is not the pinned one.</summary>
    HostKeyMismatch,

    /// <summary>The host key was not confirmed by a person yet.</summary>
    HostKeyUnknown,

    /// <summary>Key or password was refused.</summary>
    Authentication,

    /// <summary>No common algorithm; the legacy switch may help.</summary>
    Algorithms,

    /// <summary>sudo wants a password or is not allowed.</summary>
    Sudo,

    /// <summary>The command took longer than its time.</summary>
    TimedOut,

    /// <summary>The connection broke while the command ran; it may have had its effect.</summary>
    ConnectionLost,

    /// <summary>The command ended with an error where success was required.</summary>
    CommandFailed,
}

/// <summary>A remote operation failed. The message says what happened, where, and what to do next.</summary>
public sealed class RemoteException(RemoteFailure failure, string hostName, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The kind of failure.</summary>
    public RemoteFailure Failure { get; } = failure;

    /// <summary>The host.</summary>
    public string HostName { get; } = hostName;

    /// <summary>Trying again later may help.</summary>
    public bool IsTransient => Failure is RemoteFailure.Unreachable or RemoteFailure.ConnectionLost or RemoteFailure.TimedOut;
}

/// <summary>Receives every command sent to a host, for the run's log. Secrets are already removed.</summary>
public interface ICommandLog
{
    /// <summary>A command was sent.</summary>
    void Sent(string hostName, string commandLine);

    /// <summary>A command ended.</summary>
    void Ended(string hostName, string commandLine, int exitCode, TimeSpan elapsed, string outputTail);
}

/// <summary>Helpers on every shell.</summary>
public static class RemoteShellExtensions
{
    /// <summary>Runs a command that must succeed and returns its output.</summary>
    /// <exception cref="RemoteException">With <see cref="RemoteFailure.CommandFailed"/> and the last lines of standard error.</exception>
    public static async Task<string> CheckAsync(this IRemoteShell shell, RemoteCommand command, CancellationToken cancellationToken)
    {
        var result = await shell.RunAsync(command, cancellationToken).ConfigureAwait(false);
        if (result.Ok)
        {
            return result.Output;
        }

        var said = result.StandardError.Trim() is { Length: > 0 } error ? error : result.Output.Trim();
        if (said.Length > 2000)
        {
            said = "…" + said[^2000..];
        }

        throw new RemoteException(RemoteFailure.CommandFailed, shell.HostName,
            $"{shell.HostName}: `{string.Join(' ', command.Argv)}` ended with {result.ExitCode}: {said}");
    }
}
