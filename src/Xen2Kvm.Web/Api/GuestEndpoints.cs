using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Preflight;

namespace Xen2Kvm.Web.Api;

/// <summary>/api/v1/guests.</summary>
internal static class GuestEndpoints
{
    /// <summary>Maps the group.</summary>
    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("", ListAsync).WithSummary("All guests of all hosts, or of one host");
        // Xen lets a guest's name hold a slash, and an encoded one is the one character that a path keeps encoded: it stays a slash.
        group.MapGet("/{host}/{**guest}", ShowAsync).WithSummary("One guest with every known fact; a slash in its name is not encoded")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IReadOnlyList<SeenGuest>> ListAsync(
        InventoryService inventory, GuestConcerns concerns, string? host, CancellationToken cancellationToken)
    {
        var guests = await inventory.ListGuestsAsync(cancellationToken).ConfigureAwait(false);
        var findings = concerns.Of(guests);
        return [.. guests.Select(seen => SeenGuest.Of(seen, findings))
            .Where(guest => host is null || guest.Host == host || string.Equals(guest.HostId.ToString(), host, StringComparison.OrdinalIgnoreCase))];
    }

    private static async Task<SeenGuest> ShowAsync(
        string host, string guest, InventoryService inventory, GuestConcerns concerns, CancellationToken cancellationToken)
    {
        var guests = await inventory.ListGuestsAsync(cancellationToken).ConfigureAwait(false);
        var found = InventoryService.Find(guests, host, guest)
            ?? throw ApiException.NotFound($"{host} has no guest {guest}. Refresh the host's inventory if it is new.");
        return SeenGuest.Of(found, concerns.Of(guests));
    }
}

/// <summary>A guest and where it was seen.</summary>
/// <param name="Host">Host name.</param>
/// <param name="HostId">Host id.</param>
/// <param name="SeenAt">When.</param>
/// <param name="Guest">The guest.</param>
/// <param name="Concerns">What the rules say of it that need no plan, blockers first.</param>
internal sealed record SeenGuest(string Host, Guid HostId, DateTimeOffset SeenAt, Guest Guest, IReadOnlyList<Concern> Concerns)
{
    /// <summary>From the engine's view.</summary>
    public static SeenGuest Of(GuestOnHost seen, GuestFindings findings) => new(seen.Host.Name, seen.Host.Id, seen.SeenAt, seen.Guest, findings.Of(seen));
}
