using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Inventory;

/// <summary>A guest with the host it was seen on.</summary>
/// <param name="Host">The host.</param>
/// <param name="Guest">The guest as last seen.</param>
/// <param name="SeenAt">When.</param>
public sealed record GuestOnHost(Host Host, Guest Guest, DateTimeOffset SeenAt);

/// <summary>A host with its latest inventory.</summary>
/// <param name="Host">The host.</param>
/// <param name="Snapshot">What was seen last; null before the first inventory.</param>
public sealed record HostInventory(Host Host, HostSnapshot? Snapshot);

/// <summary>
/// Reads the stored inventories of all hosts. They are kept between reads, since they change every few minutes and are asked for with
/// every click: a read asks the database which have changed, whichever node changed them, and fetches only those.
/// </summary>
public sealed class InventoryService(IHostStore hosts)
{
    private volatile Known _known = new(new Dictionary<Guid, KnownHost>(), []);

    /// <summary>Every host by name, with its latest inventory.</summary>
    public async Task<IReadOnlyList<HostInventory>> ListHostsAsync(CancellationToken cancellationToken)
    {
        var (listed, _) = await ReadAsync(cancellationToken).ConfigureAwait(false);
        return [.. listed.Select(known => new HostInventory(known.Host, known.Snapshot))];
    }

    /// <summary>Every guest of every host, by host and name. As long as nothing has changed it is the very same list.</summary>
    public async Task<IReadOnlyList<GuestOnHost>> ListGuestsAsync(CancellationToken cancellationToken) =>
        (await ReadAsync(cancellationToken).ConfigureAwait(false)).Guests;

    /// <summary>One guest by host (id or name) and name, or null.</summary>
    public async Task<GuestOnHost?> FindGuestAsync(string hostIdOrName, string guest, CancellationToken cancellationToken) =>
        Find(await ListGuestsAsync(cancellationToken).ConfigureAwait(false), hostIdOrName, guest);

    /// <summary>The same among guests that were listed already.</summary>
    public static GuestOnHost? Find(IEnumerable<GuestOnHost> guests, string hostIdOrName, string guest) =>
        guests.FirstOrDefault(found => string.Equals(found.Guest.Name, guest, StringComparison.Ordinal)
            && (string.Equals(found.Host.Name, hostIdOrName, StringComparison.Ordinal)
                || string.Equals(found.Host.Id.ToString(), hostIdOrName, StringComparison.OrdinalIgnoreCase)));

    private async Task<(IReadOnlyList<KnownHost> Hosts, IReadOnlyList<GuestOnHost> Guests)> ReadAsync(CancellationToken cancellationToken)
    {
        var before = _known;

        // The versions first: a snapshot that is stored in between is then read once more the next time, instead of never.
        var versions = await hosts.ListSnapshotVersionsAsync(cancellationToken).ConfigureAwait(false);
        var listed = new List<KnownHost>();
        foreach (var host in await hosts.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            var version = versions.TryGetValue(host.Id, out var number) ? number : (long?)null;
            var known = before.Hosts.GetValueOrDefault(host.Id);
            if (known is null || version is null || known.Version != version)
            {
                known = KnownHost.Of(host, version, await hosts.GetSnapshotAsync(host.Id, cancellationToken).ConfigureAwait(false));
            }
            else if (known.Host != host)
            {
                known = KnownHost.Of(host, version, known.Snapshot);
            }

            listed.Add(known);
        }

        var isSame = listed.Count == before.Hosts.Count && listed.All(known => ReferenceEquals(before.Hosts.GetValueOrDefault(known.Host.Id), known));
        if (isSame)
        {
            return (listed, before.Guests);
        }

        IReadOnlyList<GuestOnHost> guests = [.. listed.SelectMany(known => known.Guests)];
        _known = new Known(listed.ToDictionary(known => known.Host.Id), guests);
        return (listed, guests);
    }

    private sealed record Known(IReadOnlyDictionary<Guid, KnownHost> Hosts, IReadOnlyList<GuestOnHost> Guests);

    private sealed record KnownHost(Host Host, long? Version, HostSnapshot? Snapshot, IReadOnlyList<GuestOnHost> Guests)
    {
        public static KnownHost Of(Host host, long? version, HostSnapshot? snapshot) => new(
            host, version, snapshot,
            snapshot is null ? [] : [.. snapshot.Guests.OrderBy(guest => guest.Name, StringComparer.Ordinal).Select(guest => new GuestOnHost(host, guest, snapshot.TakenAt))]);
    }
}
