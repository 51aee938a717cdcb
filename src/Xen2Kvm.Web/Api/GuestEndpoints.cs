using System.Globalization;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Preflight;
using Xen2Kvm.Web.Components.Pages.Guests;

namespace Xen2Kvm.Web.Api;

/// <summary>/api/v1/guests.</summary>
internal static class GuestEndpoints
{
    /// <summary>Maps the group.</summary>
    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("", ListAsync).WithSummary("All guests of all hosts, or those that pass a filter; X-Total-Count tells how many pass, whatever part of them is asked for");
        // Xen lets a guest's name hold a slash, and an encoded one is the one character that a path keeps encoded: it stays a slash.
        group.MapGet("/{host}/{**guest}", ShowAsync).WithSummary("One guest with every known fact; a slash in its name is not encoded")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IReadOnlyList<SeenGuest>> ListAsync(
        [AsParameters] GuestQuery query, InventoryService inventory, GuestReader guests, HttpResponse response, CancellationToken cancellationToken)
    {
        var filter = query.ToFilter();
        var table = await (filter.NeedsMoves ? guests.ListAsync(cancellationToken) : guests.ListSeenAsync(cancellationToken)).ConfigureAwait(false);
        if (Guid.TryParse(query.Host, out var id) && (await inventory.ListHostsAsync(cancellationToken).ConfigureAwait(false)).FirstOrDefault(known => known.Host.Id == id) is { } byId)
        {
            filter = filter with { Host = byId.Host.Name };
        }

        var passing = filter.Apply(table.Rows);
        response.Headers["X-Total-Count"] = passing.Count.ToString(CultureInfo.InvariantCulture);
        return [.. passing.Skip(Math.Max(0, query.Skip ?? 0)).Take(Math.Max(0, query.Most ?? int.MaxValue)).Select(row => SeenGuest.Of(row.Seen, table.Findings))];
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

/// <summary>Which guests, in which order: as on the guests' page and in its address.</summary>
/// <param name="Host">Name or id of a host; null for all.</param>
/// <param name="Q">Text in name, host, system or address.</param>
/// <param name="Kind">PV, PVH, HVM or KVM.</param>
/// <param name="Power">Power in a word, as the page shows it.</param>
/// <param name="Concerns">blockers, warnings or neither.</param>
/// <param name="Sort">Column to sort by, <c>-</c> in front for descending; null: host, then name.</param>
/// <param name="Skip">So many are passed over.</param>
/// <param name="Most">So many at most; null for all.</param>
internal sealed record GuestQuery(string? Host, string? Q, string? Kind, string? Power, string? Concerns, string? Sort, int? Skip, int? Most)
{
    /// <summary>The page's filter of these words.</summary>
    public GuestFilter ToFilter() => new() { Host = Host, Text = Q, Kind = Kind, Power = Power, Concerns = Concerns, Sort = Sort };
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
