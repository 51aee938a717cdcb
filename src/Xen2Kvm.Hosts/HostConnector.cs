using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Hosts.Checks;
using Xen2Kvm.Hosts.Cleanups;
using Xen2Kvm.Hosts.Libvirt;
using Xen2Kvm.Hosts.Ssh;
using Xen2Kvm.Hosts.Xen;

namespace Xen2Kvm.Hosts;

/// <summary>Opens hosts over SSH, one shared connection per host. A host whose address or account was changed gets a new connection.</summary>
public sealed class HostConnector : IHostConnector, IAsyncDisposable, IDisposable
{
    private readonly IHostStore _store;
    private readonly SshOptions _options;
    private readonly SshRuntimeDirectory _directory;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Dictionary<Guid, SshConnection> _connections = [];
    private readonly Lock _lock = new();
    private bool _disposed;

    /// <summary>Makes a connector; nothing is connected yet.</summary>
    public HostConnector(
        IHostStore store, IOptions<SshOptions> options, SshRuntimeDirectory directory, TimeProvider time, ILogger<HostConnector> logger)
    {
        _store = store;
        _options = options.Value;
        _directory = directory;
        _time = time;
        _logger = logger;
    }

    /// <inheritdoc />
    public IRemoteShell Shell(Host host, ICommandLog? log = null)
    {
        SshConnection? old = null;
        try
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                if (!_connections.TryGetValue(host.Id, out var connection) || connection.Host.Ssh != host.Ssh || connection.Host.Name != host.Name)
                {
                    old = connection;
                    connection = _connections[host.Id] = Connect(host);
                }

                return new SshShell(connection, log);
            }
        }
        finally
        {
            old?.Dispose();
        }
    }

    /// <inheritdoc />
    public IRemoteShell Rehearse(Host host, Action<RehearsedCommand> record) => new RehearsalShell(Shell(host), host.Ssh.UseSudo, record);

    /// <inheritdoc />
    public void Forget(Guid hostId)
    {
        SshConnection? old;
        lock (_lock)
        {
            _connections.Remove(hostId, out old);
        }

        old?.Dispose();
    }

    /// <inheritdoc />
    public IXenHost Xen(IRemoteShell shell) => new XenHost(shell, _time);

    /// <inheritdoc />
    public IKvmHost Kvm(IRemoteShell shell) => new KvmHost(shell, _time);

    /// <inheritdoc />
    public IRemains Remains(IRemoteShell shell) => new Remains(shell);

    /// <inheritdoc />
    public Task<HostKeyOffer> ScanHostKeyAsync(SshEndpoint endpoint, string? secret, CancellationToken cancellationToken) =>
        new HostKeyScanner(_options, _directory, _time).ScanAsync(endpoint, secret, cancellationToken);

    /// <inheritdoc />
    public async Task<IReadOnlyList<HostCheck>> TestAsync(Host host, CancellationToken cancellationToken)
    {
        // A connection of its own: a test that uses one that already stands would prove nothing.
        using var connection = Connect(host);
        return await new HostTester(new SshShell(connection, null), host, _time).RunAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        List<SshConnection> connections;
        lock (_lock)
        {
            _disposed = true;
            connections = [.. _connections.Values];
            _connections.Clear();
        }

        connections.ForEach(connection => connection.Dispose());
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    private SshConnection Connect(Host host) =>
        new(host, token => _store.GetSecretAsync(host.Id, token), _options, _directory, _time, _logger);
}
