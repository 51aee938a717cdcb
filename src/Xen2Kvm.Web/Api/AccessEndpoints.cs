using System.Security.Claims;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Auth;

namespace Xen2Kvm.Web.Api;

/// <summary>/api/v1/me and /tokens.</summary>
internal static class AccessEndpoints
{
    /// <summary>Maps them.</summary>
    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("/me", Me).WithSummary("Who this request acts as");
        group.MapGet("/tokens", ListAsync).WithSummary("One's own API tokens; an admin sees everyone's");
        group.MapPost("/tokens", CreateAsync).WithSummary("Make an API token; its text is shown this once")
            .Produces<CreatedToken>(StatusCodes.Status201Created).ProducesProblem(StatusCodes.Status409Conflict);
        group.MapDelete("/tokens/{id:guid}", RevokeAsync).WithSummary("Revoke an API token")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static Identity Me(ClaimsPrincipal user) =>
        new(user.Identity?.Name ?? "", user.HighestRole() ?? "", user.FindFirstValue(Actor.TokenClaim), Standing.Of(user).Grants);

    private static Task<IReadOnlyList<ApiToken>> ListAsync(OwnTokens tokens, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        tokens.ListAsync(user, cancellationToken);

    private static async Task<IResult> CreateAsync(
        TokenRequest request, OwnTokens tokens, HostGroupService groups, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        List<Guid>? limit = request.Groups is null ? null : [];
        foreach (var group in request.Groups ?? [])
        {
            limit!.Add((await HostGroupEndpoints.FindAsync(groups, group, cancellationToken).ConfigureAwait(false)).Id);
        }

        var (token, plain) = await tokens.MakeAsync(request.Name, request.Role, request.Scope, limit, request.ExpiresInDays, user, cancellationToken)
            .ConfigureAwait(false);
        return TypedResults.Created($"/api/v1/tokens/{token.Id}", new CreatedToken(token, plain));
    }

    private static async Task<IResult> RevokeAsync(Guid id, OwnTokens tokens, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        await tokens.RevokeAsync(id, user, cancellationToken).ConfigureAwait(false)
            ? TypedResults.NoContent()
            : throw ApiException.NotFound("There is no such token of yours.");
}

/// <summary>Who a request acts as.</summary>
/// <param name="Name">User name.</param>
/// <param name="Role">Role for everything.</param>
/// <param name="Token">Name of the API token used, or null.</param>
/// <param name="Grants">Roles on groups of hosts and on waves besides it.</param>
internal sealed record Identity(string Name, string Role, string? Token, IReadOnlyList<Grant> Grants);

/// <summary>An API token to be made.</summary>
/// <param name="Name">What to call it.</param>
/// <param name="Role">Its role, the most it may do anywhere; null for one's own highest.</param>
/// <param name="Scope">What it may reach: all, read, or one area (hosts, plans, runs, waves, access).</param>
/// <param name="ExpiresInDays">Days until it expires; 0 for never.</param>
/// <param name="Groups">Host groups, by id or name, on which alone it may act; null for wherever one may oneself.</param>
internal sealed record TokenRequest(string Name, string? Role = null, string Scope = TokenScope.All, int ExpiresInDays = OwnTokens.DefaultDays,
    IReadOnlyList<string>? Groups = null);

/// <summary>A new API token.</summary>
/// <param name="Token">What is kept of it.</param>
/// <param name="Plain">Its text, shown this once.</param>
internal sealed record CreatedToken(ApiToken Token, string Plain);
