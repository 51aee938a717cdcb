using Microsoft.Extensions.Logging;
using Xen2Kvm.Domain.Inventory;

namespace Xen2Kvm.Hosts.Ssh;

/// <summary>
/// The way to one host: connects when first needed, again when the connection died, and closes it when idle. All callers that wait for a
/// connection share one attempt and its failure.
/// </summary>
internal sealed class SshConnection : IDisposable
{
    private readonly Func<CancellationToken, Task<string?>> _readSecret;
    private readonly SshRuntimeDirectory _directory;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _closed = new();
    private readonly ITimer _idle;
    private Task<SshMaster>? _master;
    private int _users;

    public SshConnection(
        Host host, Func<CancellationToken, Task<string?>> readSecret, SshOptions options, SshRuntimeDirectory directory, TimeProvider time, ILogger logger)
    {
        Host = host;
        Options = options;
        Time = time;
        Logger = logger;
        _readSecret = readSecret;
        _directory = directory;
        Sessions = new(options.SessionsPerHost, options.SessionsPerHost);
        _idle = time.CreateTimer(_ => CloseIfIdle(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The host.</summary>
    public Host Host { get; }

    /// <summary>Settings.</summary>
    public SshOptions Options { get; }

    /// <summary>Clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>Log.</summary>
    public ILogger Logger { get; }

    /// <summary>Bounds the commands that run at a time.</summary>
    public SemaphoreSlim Sessions { get; }

    /// <summary>The secret, once it was read; for redaction.</summary>
    public string? Secret { get; private set; }

    /// <summary>The connection if there is one that stands.</summary>
    public SshMaster? Current
    {
        get
        {
            lock (_lock)
            {
                return _master is { IsCompletedSuccessfully: true } ready && ready.Result.IsAlive ? ready.Result : null;
            }
        }
    }

    /// <summary>A connection that stands.</summary>
    /// <exception cref="Engine.Ports.RemoteException">It could not be made.</exception>
    public Task<SshMaster> ConnectAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed.IsCancellationRequested, this);
            if (_master is { IsCompleted: true } old && !(old.IsCompletedSuccessfully && old.Result.IsAlive))
            {
                if (old.IsCompletedSuccessfully)
                {
                    SshLog.Lost(Logger, Host.Name);
                    old.Result.Dispose();
                }

                _master = null;
            }

            _master ??= Task.Run(OpenAsync, CancellationToken.None);
            return _master.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Drops a connection that no longer takes sessions, so that the next command makes a new one.</summary>
    public void Forget(SshMaster master)
    {
        lock (_lock)
        {
            if (_master is { IsCompletedSuccessfully: true } current && ReferenceEquals(current.Result, master))
            {
                _master = null;
                master.Dispose();
            }
        }
    }

    /// <summary>Counts a command in.</summary>
    public void Enter()
    {
        lock (_lock)
        {
            _users++;
            _idle.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Counts a command out.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            _users--;
            if (_users == 0 && !_closed.IsCancellationRequested)
            {
                _idle.Change(Options.IdleTimeout, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_lock)
        {
            if (_closed.IsCancellationRequested)
            {
                return;
            }

            _closed.Cancel();
            _idle.Dispose();
            DropMaster();
        }
    }

    private async Task<SshMaster> OpenAsync()
    {
        Secret = await _readSecret(_closed.Token).ConfigureAwait(false);
        return await SshMaster.ConnectAsync(Host, Secret, Options, _directory, Time, Logger, _closed.Token).ConfigureAwait(false);
    }

    private void CloseIfIdle()
    {
        lock (_lock)
        {
            if (_users == 0)
            {
                DropMaster();
            }
        }
    }

    private void DropMaster()
    {
        // One that is still being made is disposed of when it is ready.
        _master?.ContinueWith(made => made.Result.Dispose(), CancellationToken.None,
            TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        _master = null;
    }
}
