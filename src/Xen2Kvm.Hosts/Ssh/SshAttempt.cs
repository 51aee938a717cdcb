using System.Text;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Hosts.Ssh;

/// <summary>One try to send a command over the shared connection.</summary>
/// <param name="Process">The client.</param>
/// <param name="Master">The connection it used.</param>
/// <param name="Early">Lines of standard error that came before the command began.</param>
/// <param name="Feed">Ends when standard input is written.</param>
/// <param name="Refusal">What ssh said when the command was not sent; null when it was.</param>
internal sealed record SshAttempt(SshProcess Process, SshMaster Master, Queue<string> Early, Task Feed, string? Refusal)
{
    /// <summary>Starts the client and waits until the command has begun or was not sent at all.</summary>
    /// <exception cref="RemoteException">The open connection does not answer any more.</exception>
    public static async Task<SshAttempt> BeginAsync(
        SshConnection connection, RemoteInvocation invocation, RemoteCommand command, SshMaster master, CancellationToken cancellationToken)
    {
        var process = SshProcess.Start(connection.Host.Name, connection.Options.Program, SshArguments.Client(master.ControlPath, invocation.Line));
        try
        {
            var early = new Queue<string>();
            var refusal = new StringBuilder();
            using var limit = new CancellationTokenSource(connection.Options.AnswerTimeout, connection.Time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            while (await ReadAsync(both.Token).ConfigureAwait(false) is { } line)
            {
                if (line.Contains(SshArguments.NoMaster, StringComparison.Ordinal))
                {
                    return new(process, master, early, Task.CompletedTask, refusal.Append(' ').ToString());
                }

                refusal.AppendLine(line);
                if (invocation.Filter(line) is { } other)
                {
                    early.Enqueue(other);
                }

                if (invocation.ProcessId is not null)
                {
                    break;
                }
            }

            // Standard input is fed only now: a command that was never sent must not have eaten it.
            return new(process, master, early, process.FeedAsync(command.StandardInput, CancellationToken.None), null);

            async ValueTask<string?> ReadAsync(CancellationToken token)
            {
                try
                {
                    return await process.Error.ReadLineAsync(token).ConfigureAwait(false);
                }
                catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
                {
                    // The connection is left alone: other commands may run on it, and ssh itself notices when the host is gone.
                    throw new RemoteException(RemoteFailure.ConnectionLost, connection.Host.Name,
                        $"{connection.Host.Name} did not begin a command within {connection.Options.AnswerTimeout.TotalSeconds:0} seconds; it may still do so. Look at the host's load.");
                }
            }
        }
        catch
        {
            process.Dispose();
            throw;
        }
    }
}
