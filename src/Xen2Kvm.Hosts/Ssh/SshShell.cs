using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Hosts.Ssh;

/// <summary>A shell on a host over the host's shared connection.</summary>
internal sealed partial class SshShell(SshConnection connection, ICommandLog? log) : IRemoteShell
{
    private const string UploadScript = """
        set -e
        case $1 in */*) mkdir -p -- "${1%/*}/" ;; esac
        if [ -d "$1" ]; then echo "$1 is a directory" >&2; exit 1; fi
        umask 077
        t=$1.x2k-$3
        trap 'rm -f -- "$t"' EXIT
        cat >"$t"
        [ "$(wc -c <"$t")" -eq "$4" ] || { echo "only a part of the file arrived" >&2; exit 1; }
        chmod "$2" "$t"
        mv -f -- "$t" "$1"
        """;

    /// <inheritdoc />
    public string HostName => connection.Host.Name;

    /// <inheritdoc />
    public async Task<CommandResult> RunAsync(RemoteCommand command, CancellationToken cancellationToken)
    {
        await using var session = await SshSession.StartAsync(connection, command, log, cancellationToken).ConfigureAwait(false);
        try
        {
            var output = new MemoryStream();
            var errors = new StringBuilder();
            await Task.WhenAll(
                session.CopyOutputAsync(output),
                session.ReadErrorsAsync(line =>
                {
                    errors.AppendLine(line);
                    return ValueTask.CompletedTask;
                })).ConfigureAwait(false);
            var exitCode = await session.EndAsync(errors.ToString()).ConfigureAwait(false);
            var result = new CommandResult(exitCode, output.GetBuffer().AsMemory(0, (int)output.Length), errors.ToString());
            session.LogEnd(exitCode, command.Quiet ? "" : result.Output + result.StandardError);
            return result;
        }
        catch (Exception error)
        {
            throw await session.FailAsync(error, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<OutputLine> StreamAsync(RemoteCommand command, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var session = await SshSession.StartAsync(connection, command, log, cancellationToken).ConfigureAwait(false);

        // Bounded: a reader that is slow slows the command down, instead of its output filling the memory.
        var lines = System.Threading.Channels.Channel.CreateBounded<OutputLine>(256);
        var errors = new Queue<string>();
        var work = Task.Run(
            async () =>
            {
                try
                {
                    await Task.WhenAll(
                        session.ReadOutputAsync(line => lines.Writer.WriteAsync(new(false, line), session.Token)),
                        session.ReadErrorsAsync(line =>
                        {
                            errors.Enqueue(line);
                            if (errors.Count > 20)
                            {
                                errors.Dequeue();
                            }

                            return lines.Writer.WriteAsync(new(true, line), session.Token);
                        })).ConfigureAwait(false);
                    var said = string.Join('\n', errors);
                    var exitCode = await session.EndAsync(said).ConfigureAwait(false);
                    session.LogEnd(exitCode, command.Quiet ? "" : said);
                    lines.Writer.Complete(exitCode == 0 ? null : new RemoteException(RemoteFailure.CommandFailed, HostName,
                        $"{HostName}: `{session.CommandLine}` ended with {exitCode}: {said}"));
                }
                catch (Exception error)
                {
                    lines.Writer.Complete(await session.FailAsync(error, cancellationToken).ConfigureAwait(false));
                }
            },
            CancellationToken.None);
        try
        {
            await foreach (var line in lines.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
            {
                yield return line;
            }
        }
        finally
        {
            // A reader that went away early ends the command.
            session.Abandon();
            await work.ConfigureAwait(false);
        }
    }

    /// <inheritdoc />
    public async Task UploadAsync(Stream content, string path, string mode, CancellationToken cancellationToken)
    {
        if (!path.StartsWith('/') || path.EndsWith('/'))
        {
            throw new ArgumentException($"`{path}` is no absolute path of a file.", nameof(path));
        }

        if (!Mode().IsMatch(mode))
        {
            throw new ArgumentException($"`{mode}` is no permission text as 0755.", nameof(mode));
        }

        // Its length is sent along, so that a cut-off file never takes the place of the whole one.
        var bytes = new MemoryStream();
        await content.CopyToAsync(bytes, cancellationToken).ConfigureAwait(false);
        var length = bytes.Length.ToString(System.Globalization.CultureInfo.InvariantCulture);
        await this.CheckAsync(
            new RemoteCommand("sh", "-c", UploadScript, "x2k-upload", path, mode, Guid.NewGuid().ToString("N")[..8], length)
            {
                StandardInput = bytes.GetBuffer().AsMemory(0, (int)bytes.Length),
                Timeout = TimeSpan.FromMinutes(10),
            },
            cancellationToken).ConfigureAwait(false);
    }

    [GeneratedRegex("^[0-7]{3,4}$")]
    private static partial Regex Mode();
}
