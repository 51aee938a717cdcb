using System.Security.Claims;
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
        new(user.Identity?.Name ?? "", user.HighestRole() ?? "", user.FindFirstValue(Actor.TokenClaim));

    private static Task<IReadOnlyList<ApiToken>> ListAsync(OwnTokens tokens, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        tokens.ListAsync(user, cancellationToken);

    private static async Task<IResult> CreateAsync(TokenRequest request, OwnTokens tokens, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        var (token, plain) = await tokens.MakeAsync(request.Name, request.Role, request.Scope, request.ExpiresInDays, user, cancellationToken)
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
/// <param name="Role">Highest role.</param>
/// <param name="Token">Name of the API token used, or null.</param>
internal sealed record Identity(string Name, string Role, string? Token);

/// <summary>An API token to be made.</summary>
/// <param name="Name">What to call it.</param>
/// <param name="Role">Its role; null for one's own highest.</param>
/// <param name="Scope">What it may reach: all, read, or one area (hosts, plans, runs, waves, access).</param>
/// <param name="ExpiresInDays">Days until it expires; 0 for never.</param>
internal sealed record TokenRequest(string Name, string? Role = null, string Scope = TokenScope.All, int ExpiresInDays = OwnTokens.DefaultDays);

/// <summary>A new API token.</summary>
/// <param name="Token">What is kept of it.</param>
/// <param name="Plain">Its text, shown this once.</param>
internal sealed record CreatedToken(ApiToken Token, string Plain);
