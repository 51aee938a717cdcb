using System.Security.Claims;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Web.Auth;

namespace Xen2Kvm.Web.Api;

/// <summary>/api/v1/host-groups: groups of hosts, and which host is in which.</summary>
internal static class HostGroupEndpoints
{
    /// <summary>Maps the group.</summary>
    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("", ListAsync).WithSummary("All groups with their hosts");
        var acts = group.MapGroup("").RequireAuthorization(Roles.Admin).ProducesProblem(StatusCodes.Status409Conflict);
        acts.MapPost("", AddAsync).WithSummary("Add a group").Produces<HostGroup>(StatusCodes.Status201Created);
        acts.MapPut("/{group}", RenameAsync).WithSummary("Give a group, by id or name, another name").ProducesProblem(StatusCodes.Status404NotFound);
        acts.MapDelete("/{group}", RemoveAsync).WithSummary("Remove a group: its hosts are in none, and the roles in it end")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status404NotFound);
        acts.MapPut("/hosts/{host}", PutAsync).WithSummary("Put a host into a group, or into none").ProducesProblem(StatusCodes.Status404NotFound);
    }

    /// <summary>The group of an id or name.</summary>
    /// <exception cref="ApiException">There is none.</exception>
    public static async Task<HostGroup> FindAsync(HostGroupService groups, string idOrName, CancellationToken cancellationToken) =>
        await groups.FindAsync(idOrName, cancellationToken).ConfigureAwait(false)
        ?? throw ApiException.NotFound($"There is no host group {idOrName}. GET /api/v1/host-groups lists them.");

    private static async Task<IReadOnlyList<HostGroupDetail>> ListAsync(HostGroupService groups, CancellationToken cancellationToken)
    {
        var hosts = (await groups.ListHostsAsync(cancellationToken).ConfigureAwait(false)).ToLookup(host => host.Group?.Id, host => host.Name);
        return [.. (await groups.ListAsync(cancellationToken).ConfigureAwait(false)).Select(group => new HostGroupDetail(group.Id, group.Name, [.. hosts[group.Id]]))];
    }

    private static async Task<IResult> AddAsync(HostGroupRequest request, HostGroupService groups, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        var added = await groups.AddAsync(request.Name ?? "", user.ActorName(), cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"/api/v1/host-groups/{added.Id}", added);
    }

    private static async Task<HostGroup> RenameAsync(
        string group, HostGroupRequest request, HostGroupService groups, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        await groups.RenameAsync(await FindAsync(groups, group, cancellationToken).ConfigureAwait(false), request.Name ?? "", user.ActorName(), cancellationToken)
            .ConfigureAwait(false);

    private static async Task<IResult> RemoveAsync(string group, HostGroupService groups, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await groups.RemoveAsync(await FindAsync(groups, group, cancellationToken).ConfigureAwait(false), user.ActorName(), cancellationToken).ConfigureAwait(false);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> PutAsync(
        string host, HostPlaceRequest request, HostGroupService groups, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        var group = string.IsNullOrEmpty(request.Group) ? null : await FindAsync(groups, request.Group, cancellationToken).ConfigureAwait(false);
        var found = (await groups.ListHostsAsync(cancellationToken).ConfigureAwait(false))
            .FirstOrDefault(known => known.Name == host || string.Equals(known.Id.ToString(), host, StringComparison.OrdinalIgnoreCase))
            ?? throw ApiException.NotFound($"There is no host {host}. GET /api/v1/hosts lists them.");
        await groups.PutAsync(found, group, user.ActorName(), cancellationToken).ConfigureAwait(false);
        return TypedResults.Ok(found with { Group = group });
    }
}

/// <summary>A group of hosts.</summary>
/// <param name="Id">Stable id.</param>
/// <param name="Name">Its name.</param>
/// <param name="Hosts">Names of its hosts.</param>
internal sealed record HostGroupDetail(Guid Id, string Name, IReadOnlyList<string> Hosts);

/// <summary>What is wanted of a group.</summary>
/// <param name="Name">Its name.</param>
internal sealed record HostGroupRequest(string? Name);

/// <summary>Where a host is to be.</summary>
/// <param name="Group">Id or name of the group; null for none.</param>
internal sealed record HostPlaceRequest(string? Group);
