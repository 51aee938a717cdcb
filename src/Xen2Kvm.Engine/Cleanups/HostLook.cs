using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Cleanups;

/// <summary>The hosts that one look at moved guests asks: each is opened once, and its inventory taken once and afresh.</summary>
internal sealed class HostLook(IHostStore hosts, IHostConnector connector)
{
    private readonly Dictionary<Guid, HostSide> _open = [];

    /// <summary>A host.</summary>
    /// <exception cref="RefusedException">It is not known any more.</exception>
    public async Task<HostSide> OfAsync(Guid id, CancellationToken cancellationToken)
    {
        if (!_open.TryGetValue(id, out var side))
        {
            var host = await hosts.FindAsync(id, cancellationToken).ConfigureAwait(false)
                ?? throw new RefusedException("A host of this guest was removed from the dashboard. Add it again, so that it can be looked at.");
            _open[id] = side = new HostSide(host, connector, connector.Shell(host));
        }

        return side;
    }
}

/// <summary>One host during one look.</summary>
internal sealed class HostSide(Host host, IHostConnector connector, IRemoteShell shell)
{
    private HostSnapshot? _inventory;

    /// <summary>The host.</summary>
    public Host Host => host;

    /// <summary>Its Xen side.</summary>
    public IXenHost Xen { get; } = connector.Xen(shell);

    /// <summary>Its KVM side.</summary>
    public IKvmHost Kvm { get; } = connector.Kvm(shell);

    /// <summary>What moves have left on it.</summary>
    public IRemains Remains { get; } = connector.Remains(shell);

    /// <summary>Its inventory, taken when it is first asked for.</summary>
    public async Task<HostSnapshot> InventoryAsync(CancellationToken cancellationToken) => _inventory ??= host.Kind == HostKind.Xen
        ? await Xen.TakeInventoryAsync(cancellationToken).ConfigureAwait(false)
        : await Kvm.TakeInventoryAsync(cancellationToken).ConfigureAwait(false);
}
