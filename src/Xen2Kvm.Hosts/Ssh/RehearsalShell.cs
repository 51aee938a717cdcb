using System.Runtime.CompilerServices;
using System.Text;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Hosts.Ssh;

/// <summary>
/// A shell for rehearsals: runs what only reads, writes down everything. A command that does not say of itself that it only reads is never run.
/// </summary>
/// <param name="host">The host's real shell.</param>
/// <param name="useSudo">Its commands go through sudo.</param>
/// <param name="record">Receives every command in order.</param>
public sealed class RehearsalShell(IRemoteShell host, bool useSudo, Action<RehearsedCommand> record) : IRemoteShell
{
    private readonly List<RehearsedAnswer> _answers = [];

    /// <inheritdoc />
    public string HostName => host.HostName;

    /// <inheritdoc />
    public async Task<CommandResult> RunAsync(RemoteCommand command, CancellationToken cancellationToken)
    {
        if (Answer(command) is { } answer)
        {
            return new CommandResult(0, Encoding.UTF8.GetBytes(answer), "");
        }

        var result = await host.RunAsync(command, cancellationToken).ConfigureAwait(false);
        Record(command, result.ExitCode);
        return result;
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<OutputLine> StreamAsync(RemoteCommand command, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var result = await RunAsync(command, cancellationToken).ConfigureAwait(false);
        foreach (var line in result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            yield return new(false, line);
        }
    }

    /// <inheritdoc />
    public Task UploadAsync(Stream content, string path, string mode, CancellationToken cancellationToken)
    {
        record(new RehearsedCommand(HostName, $"write {PosixQuoting.Quote(path)} ({content.Length} bytes, mode {mode})", null, null));
        return Task.CompletedTask;
    }

    /// <summary>What is answered without asking the host; null when it is to be asked.</summary>
    private string? Answer(RemoteCommand command)
    {
        if (command.IsRead)
        {
            return _answers.FindLast(known => IsSame(known.Read, command))?.Output;
        }

        if (command.Leaves is { } leaves)
        {
            _answers.Add(leaves);
        }

        Record(command, null);
        return command.Rehearsed;
    }

    private void Record(RemoteCommand command, int? exitCode) => record(new RehearsedCommand(
        HostName, CommandText.Describe(command, useSudo && command.AsRoot, null), CommandText.Script(command), exitCode));

    private static bool IsSame(RemoteCommand one, RemoteCommand other) =>
        one.Argv.SequenceEqual(other.Argv, StringComparer.Ordinal) && one.StandardInput.Span.SequenceEqual(other.StandardInput.Span);
}
