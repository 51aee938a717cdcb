using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Inventory;

namespace Xen2Kvm.Web.Api;

/// <summary>/api/v1/guests.</summary>
internal static class GuestEndpoints
{
    /// <summary>Maps the group.</summary>
    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("", ListAsync).WithSummary("All guests of all hosts, or of one host");
        group.MapGet("/{host}/{guest}", ShowAsync).WithSummary("One guest with every known fact").ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IReadOnlyList<SeenGuest>> ListAsync(
        InventoryService inventory, string? host, CancellationToken cancellationToken) =>
        [.. (await inventory.ListGuestsAsync(cancellationToken).ConfigureAwait(false)).Select(SeenGuest.Of)
            .Where(guest => host is null || guest.Host == host || string.Equals(guest.HostId.ToString(), host, StringComparison.OrdinalIgnoreCase))];

    // An encoded slash is the one character that a path keeps encoded, and Xen lets a guest's name hold one.
    private static async Task<SeenGuest> ShowAsync(string host, string guest, InventoryService inventory, CancellationToken cancellationToken) =>
        (await inventory.FindGuestAsync(host, guest, cancellationToken).ConfigureAwait(false)
            ?? await inventory.FindGuestAsync(host, guest.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase), cancellationToken).ConfigureAwait(false)) is { } found
            ? SeenGuest.Of(found)
            : throw ApiException.NotFound($"{host} has no guest {guest}. Refresh the host's inventory if it is new.");
}

/// <summary>A guest and where it was seen.</summary>
/// <param name="Host">Host name.</param>
/// <param name="HostId">Host id.</param>
/// <param name="SeenAt">When.</param>
/// <param name="Guest">The guest.</param>
internal sealed record SeenGuest(string Host, Guid HostId, DateTimeOffset SeenAt, Guest Guest)
{
    /// <summary>From the engine's view.</summary>
    public static SeenGuest Of(GuestOnHost found) => new(found.Host.Name, found.Host.Id, found.SeenAt, found.Guest);
}
