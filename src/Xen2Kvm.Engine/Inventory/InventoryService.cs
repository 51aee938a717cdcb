using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Inventory;

/// <summary>A guest with the host it was seen on.</summary>
/// <param name="Host">The host.</param>
/// <param name="Guest">The guest as last seen.</param>
/// <param name="SeenAt">When.</param>
public sealed record GuestOnHost(Host Host, Guest Guest, DateTimeOffset SeenAt);

/// <summary>Reads the stored inventories of all hosts.</summary>
public sealed class InventoryService(IHostStore hosts)
{
    /// <summary>Every guest of every host, by host and name.</summary>
    public async Task<IReadOnlyList<GuestOnHost>> ListGuestsAsync(CancellationToken cancellationToken)
    {
        var guests = new List<GuestOnHost>();
        foreach (var host in await hosts.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            if (await hosts.GetSnapshotAsync(host.Id, cancellationToken).ConfigureAwait(false) is { } snapshot)
            {
                guests.AddRange(snapshot.Guests.OrderBy(guest => guest.Name, StringComparer.Ordinal)
                    .Select(guest => new GuestOnHost(host, guest, snapshot.TakenAt)));
            }
        }

        return guests;
    }

    /// <summary>One guest by host (id or name) and name, or null.</summary>
    public async Task<GuestOnHost?> FindGuestAsync(string hostIdOrName, string guest, CancellationToken cancellationToken) =>
        Find(await ListGuestsAsync(cancellationToken).ConfigureAwait(false), hostIdOrName, guest);

    /// <summary>The same among guests that were listed already.</summary>
    public static GuestOnHost? Find(IEnumerable<GuestOnHost> guests, string hostIdOrName, string guest) =>
        guests.FirstOrDefault(found => string.Equals(found.Guest.Name, guest, StringComparison.Ordinal)
            && (string.Equals(found.Host.Name, hostIdOrName, StringComparison.Ordinal)
                || string.Equals(found.Host.Id.ToString(), hostIdOrName, StringComparison.OrdinalIgnoreCase)));
}
