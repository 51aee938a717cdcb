using System.Security.Claims;
using Microsoft.Extensions.Options;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Hosting;

namespace Xen2Kvm.Web.Api;

/// <summary>/api/v1/people, for admins.</summary>
internal static class PeopleEndpoints
{
    /// <summary>Maps the group.</summary>
    public static void Map(RouteGroupBuilder group)
    {
        group.RequireAuthorization(Roles.Admin);
        group.MapGet("", (People people, CancellationToken cancellationToken) => people.ListAsync(cancellationToken)).WithSummary("All people");
        group.MapPost("", InviteAsync).WithSummary("Make an account; its one-time link is shown this once")
            .Produces<InvitationLink>(StatusCodes.Status201Created).ProducesProblem(StatusCodes.Status409Conflict);
        Act("/role", HttpMethods.Put, SetRoleAsync, "Give a person another role");
        Act("/grants", HttpMethods.Put, SetGrantAsync, "Give a person a role on a group of hosts or on a wave, or take it away");
        Act("/disable", HttpMethods.Post, DisableAsync, "Shut an account and end its sessions");
        Act("/enable", HttpMethods.Post, EnableAsync, "Open a disabled account again");
        Act("/unlock", HttpMethods.Post, UnlockAsync, "End a lock-out after wrong passwords or codes");
        Act("/reset-password", HttpMethods.Post, ResetPasswordAsync, "Take the password away; the one-time link for another is shown this once");
        Act("/second-factor", HttpMethods.Delete, ResetSecondFactorAsync, "Take the second factor away and end the person's sessions");

        void Act(string path, string method, Delegate act, string summary) => group.MapMethods("/{userName}" + path, [method], act).WithSummary(summary)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<IResult> InviteAsync(
        InvitationRequest request, People people, HttpContext http, IOptions<DashboardOptions> options)
    {
        var made = await people.InviteAsync(request.UserName, request.DisplayName, request.Role, http.User, http.RequestAborted).ConfigureAwait(false);
        return TypedResults.Created($"/api/v1/people/{made.UserName}", InvitationLink.Of(made, http.Request, options.Value));
    }

    private static async Task<Person> SetRoleAsync(
        string userName, RoleRequest request, People people, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await FindAsync(userName, people, cancellationToken).ConfigureAwait(false);
        await people.SetRoleAsync(userName, request.Role, user, cancellationToken).ConfigureAwait(false);
        return await FindAsync(userName, people, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<Person> SetGrantAsync(
        string userName, GrantRequest request, People people, Grants grants, HostGroupService groups, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await FindAsync(userName, people, cancellationToken).ConfigureAwait(false);
        switch (request)
        {
            case { Group: { } group, Wave: null }:
                var found = await HostGroupEndpoints.FindAsync(groups, group, cancellationToken).ConfigureAwait(false);
                await grants.SetOnGroupAsync(userName, found.Id, request.Role, user, cancellationToken).ConfigureAwait(false);
                break;
            case { Group: null, Wave: { } wave }:
                await grants.SetOnWaveAsync(userName, wave, request.Role, user, cancellationToken).ConfigureAwait(false);
                break;
            default:
                throw ApiException.Invalid("Name either a group of hosts or a wave.");
        }

        return await FindAsync(userName, people, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<Person> DisableAsync(string userName, People people, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await FindAsync(userName, people, cancellationToken).ConfigureAwait(false);
        await people.DisableAsync(userName, user, cancellationToken).ConfigureAwait(false);
        return await FindAsync(userName, people, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<Person> EnableAsync(string userName, People people, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await FindAsync(userName, people, cancellationToken).ConfigureAwait(false);
        await people.EnableAsync(userName, user, cancellationToken).ConfigureAwait(false);
        return await FindAsync(userName, people, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<Person> UnlockAsync(string userName, People people, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await FindAsync(userName, people, cancellationToken).ConfigureAwait(false);
        await people.UnlockAsync(userName, user, cancellationToken).ConfigureAwait(false);
        return await FindAsync(userName, people, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<InvitationLink> ResetPasswordAsync(string userName, People people, HttpContext http, IOptions<DashboardOptions> options)
    {
        await FindAsync(userName, people, http.RequestAborted).ConfigureAwait(false);
        var made = await people.ResetPasswordAsync(userName, http.User, http.RequestAborted).ConfigureAwait(false);
        return InvitationLink.Of(made, http.Request, options.Value);
    }

    private static async Task<Person> ResetSecondFactorAsync(string userName, People people, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await FindAsync(userName, people, cancellationToken).ConfigureAwait(false);
        await people.ResetSecondFactorAsync(userName, user, cancellationToken).ConfigureAwait(false);
        return await FindAsync(userName, people, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<Person> FindAsync(string userName, People people, CancellationToken cancellationToken) =>
        await people.FindAsync(userName, cancellationToken).ConfigureAwait(false) ?? throw ApiException.NotFound($"There is no person {userName}.");
}

/// <summary>An account to be made.</summary>
/// <param name="UserName">The name to sign in with.</param>
/// <param name="Role">Viewer, Operator, Approver or Admin.</param>
/// <param name="DisplayName">The full name; null for the name to sign in with.</param>
internal sealed record InvitationRequest(string UserName, string Role, string? DisplayName = null);

/// <summary>Another role.</summary>
/// <param name="Role">Viewer, Operator, Approver or Admin.</param>
internal sealed record RoleRequest(string Role);

/// <summary>A role in one place.</summary>
/// <param name="Role">Operator or Approver; null takes it away.</param>
/// <param name="Group">Id or name of a group of hosts.</param>
/// <param name="Wave">Id of a wave.</param>
internal sealed record GrantRequest(string? Role, string? Group = null, Guid? Wave = null);

/// <summary>A one-time link, to be handed to the person.</summary>
/// <param name="UserName">Whose it is.</param>
/// <param name="Link">The link, shown this once.</param>
/// <param name="Until">Until when it works.</param>
internal sealed record InvitationLink(string UserName, string Link, DateTimeOffset Until)
{
    /// <summary>From the invitation, at the address under which people open the dashboard.</summary>
    public static InvitationLink Of(Invitation made, HttpRequest request, DashboardOptions options) =>
        new(made.UserName, (options.PublicUrl?.TrimEnd('/') ?? $"{request.Scheme}://{request.Host}") + made.Path, made.Until);
}
