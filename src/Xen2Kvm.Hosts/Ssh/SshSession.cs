using System.Text;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Hosts.Ssh;

/// <summary>One command that runs over the shared connection. Disposal ends it, here and on the host.</summary>
internal sealed class SshSession : IAsyncDisposable
{
    private const int MostErrorCharacters = 1 << 20;
    private readonly SshConnection _connection;
    private readonly RemoteInvocation _invocation;
    private readonly RemoteCommand _command;
    private readonly ICommandLog? _log;
    private readonly long _started;
    private readonly CancellationTokenSource _stop;
    private readonly CancellationTokenSource _timeout;
    private readonly Task _feed;
    private readonly SshProcess _process;
    private readonly SshMaster _master;
    private readonly Queue<string> _early;
    private bool _ended;
    private bool _logged;

    private SshSession(
        SshConnection connection, RemoteInvocation invocation, RemoteCommand command, ICommandLog? log, SshAttempt attempt, long started,
        CancellationToken cancellationToken)
    {
        _connection = connection;
        _invocation = invocation;
        _command = command;
        _log = log;
        _process = attempt.Process;
        _master = attempt.Master;
        _early = attempt.Early;
        _feed = attempt.Feed;
        _started = started;
        _timeout = command.Timeout == Timeout.InfiniteTimeSpan ? new() : new(command.Timeout, connection.Time);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(_timeout.Token, cancellationToken);
        CommandLine = CommandText.Describe(command, invocation.UsesSudo, connection.Secret);
    }

    /// <summary>The command as logged.</summary>
    public string CommandLine { get; }

    /// <summary>Ends with the command's time, the caller's wish or <see cref="Abandon"/>.</summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>
    /// Sends a command. Where the connection turns out to be dead before the command was sent, it is made anew; a host that refuses another
    /// session is asked again for a while.
    /// </summary>
    public static async Task<SshSession> StartAsync(
        SshConnection connection, RemoteCommand command, ICommandLog? log, CancellationToken cancellationToken)
    {
        var invocation = new RemoteInvocation(command, connection.Host.Ssh.UseSudo);
        await connection.Sessions.WaitAsync(cancellationToken).ConfigureAwait(false);
        connection.Enter();
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                var master = await connection.ConnectAsync(cancellationToken).ConfigureAwait(false);
                var started = connection.Time.GetTimestamp();
                var made = await SshAttempt.BeginAsync(connection, invocation, command, master, cancellationToken).ConfigureAwait(false);
                if (made.Refusal is not { } refusal)
                {
                    var session = new SshSession(connection, invocation, command, log, made, started, cancellationToken);
                    log?.Sent(connection.Host.Name, session.CommandLine);
                    return session;
                }

                made.Process.Dispose();
                var busy = refusal.Contains("refused", StringComparison.OrdinalIgnoreCase) && master.IsAlive;
                if (attempt >= (busy ? 40 : 3))
                {
                    throw new RemoteException(busy ? RemoteFailure.Unreachable : RemoteFailure.ConnectionLost, connection.Host.Name, busy
                        ? $"{connection.Host.Name} refuses another session on the connection. Raise MaxSessions in its /etc/ssh/sshd_config, or lower Ssh:SessionsPerHost."
                        : $"The connection to {connection.Host.Name} ends as soon as it is made ({refusal.Trim()}). Look at the log of its sshd.");
                }

                if (busy)
                {
                    SshLog.SessionRefused(connection.Logger, connection.Host.Name);
                    await Task.Delay(TimeSpan.FromMilliseconds(250), connection.Time, cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    connection.Forget(master);
                }
            }
        }
        catch
        {
            connection.Leave();
            connection.Sessions.Release();
            throw;
        }
    }

    /// <summary>Reads standard output to its end.</summary>
    public async Task CopyOutputAsync(MemoryStream into)
    {
        var buffer = new byte[81920];
        int read;
        while ((read = await _process.Output.ReadAsync(buffer, Token).ConfigureAwait(false)) > 0)
        {
            into.Write(buffer, 0, read);
            if (into.Length > _connection.Options.MostOutputBytes)
            {
                // The reader of standard error must not wait for an end that never comes.
                Abandon();
                throw new RemoteException(RemoteFailure.CommandFailed, _connection.Host.Name,
                    $"{_connection.Host.Name}: `{CommandLine}` printed more than {_connection.Options.MostOutputBytes >> 20} MiB; it was ended.");
            }
        }
    }

    /// <summary>Reads standard output by lines.</summary>
    public async Task ReadOutputAsync(Func<string, ValueTask> take)
    {
        using var reader = new StreamReader(_process.Output, Encoding.UTF8, false, 4096, leaveOpen: true);
        while (await reader.ReadLineAsync(Token).ConfigureAwait(false) is { } line)
        {
            await take(line).ConfigureAwait(false);
        }
    }

    /// <summary>Reads standard error by lines, without the reports of the wrapper; beyond a limit it is read but dropped.</summary>
    public async Task ReadErrorsAsync(Func<string, ValueTask> take)
    {
        var characters = 0;
        while ((_early.TryDequeue(out var early) ? early : await _process.Error.ReadLineAsync(Token).ConfigureAwait(false)) is { } raw)
        {
            if (_invocation.Filter(raw) is { } line && (characters += line.Length + 1) < MostErrorCharacters)
            {
                await take(line).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Waits for the end and tells the command's exit code.</summary>
    /// <exception cref="RemoteException">The connection broke, or sudo refused.</exception>
    public async Task<int> EndAsync(string standardError)
    {
        await _feed.WaitAsync(Token).ConfigureAwait(false);
        await _process.WaitAsync(Token).ConfigureAwait(false);
        if (_invocation.ExitCode is not { } exitCode)
        {
            if (!_master.IsAlive)
            {
                _connection.Forget(_master);
            }

            _ended = true;
            throw SshFailures.Lost(_connection.Host, CommandLine, standardError.Trim());
        }

        _ended = true;
        if (_invocation.UsesSudo && exitCode != 0 && SshFailures.Sudo(_connection.Host, exitCode, standardError) is { } refused)
        {
            throw refused;
        }

        return exitCode;
    }

    /// <summary>Ends the command because nobody reads it any more.</summary>
    public void Abandon()
    {
        if (!_ended)
        {
            _stop.Cancel();
        }
    }

    /// <summary>What to throw for a failure: a time-out in words, the caller's own cancellation as it is.</summary>
    public async Task<Exception> FailAsync(Exception error, CancellationToken cancellationToken)
    {
        if (error is IOException)
        {
            error = SshFailures.Lost(_connection.Host, CommandLine, error.Message);
        }

        if (error is OperationCanceledException && !cancellationToken.IsCancellationRequested && _timeout.IsCancellationRequested)
        {
            error = new RemoteException(RemoteFailure.TimedOut, _connection.Host.Name,
                $"{_connection.Host.Name}: `{CommandLine}` took longer than {_command.Timeout.TotalSeconds:0.#} seconds and was ended. " +
                "Look at the host's load; trying again later may help.");
        }

        await KillAsync().ConfigureAwait(false);
        LogEnd(-1, error is OperationCanceledException ? "cancelled" : error.Message);
        return error is OperationCanceledException ? new OperationCanceledException(error.Message, error, cancellationToken) : error;
    }

    /// <summary>Writes the end to the run's log, once.</summary>
    public void LogEnd(int exitCode, string output)
    {
        if (!_logged)
        {
            _logged = true;
            _log?.Ended(_connection.Host.Name, CommandLine, exitCode, _connection.Time.GetElapsedTime(_started), CommandText.Tail(output, _connection.Secret));
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await KillAsync().ConfigureAwait(false);
        _process.Dispose();
        await _feed.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _timeout.Dispose();
        _connection.Leave();
        _connection.Sessions.Release();
    }

    /// <summary>Ends the command on the host, then the client here.</summary>
    private async Task KillAsync()
    {
        if (_ended)
        {
            return;
        }

        _ended = true;
        if (_invocation is { ProcessId: { } processId, ExitCode: null } && _master.IsAlive)
        {
            try
            {
                using var kill = SshProcess.Start(_connection.Host.Name, _connection.Options.Program,
                    SshArguments.Client(_master.ControlPath, RemoteInvocation.KillLine(processId, _invocation.UsesSudo)));
                using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15), _connection.Time);
                kill.CloseInput();
                await kill.WaitAsync(limit.Token).ConfigureAwait(false);
                SshLog.Killed(_connection.Logger, processId, _connection.Host.Name);
            }
            catch (Exception error) when (error is OperationCanceledException or RemoteException)
            {
                // The host does not answer; the broken pipe ends the command when it next writes.
            }
        }

        _process.Kill();
        await _stop.CancelAsync().ConfigureAwait(false);
    }
}
