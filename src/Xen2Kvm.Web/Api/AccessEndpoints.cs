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
            .Produces<CreatedToken>(StatusCodes.Status201Created);
        group.MapDelete("/tokens/{id:guid}", RevokeAsync).WithSummary("Revoke an API token")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static Identity Me(ClaimsPrincipal user) =>
        new(user.Identity?.Name ?? "", user.HighestRole() ?? "", user.FindFirstValue(Actor.TokenClaim));

    private static Task<IReadOnlyList<ApiToken>> ListAsync(IApiTokenStore tokens, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        tokens.ListAsync(user.IsInRole(Roles.Admin) ? null : user.Identity!.Name, cancellationToken);

    private static async Task<IResult> CreateAsync(
        TokenRequest request, IApiTokenStore tokens, IAuditLog audit, TimeProvider time, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        var role = user.HighestRole() ?? Roles.Viewer;
        if (string.IsNullOrWhiteSpace(request.Name) || request.Name.Length > 100)
        {
            throw ApiException.Invalid("Give the token a name of 1 to 100 characters.");
        }

        if (request.Role is not null && (Roles.Rank(request.Role) < 0 || Roles.Rank(request.Role) > Roles.Rank(role)))
        {
            throw ApiException.Invalid($"A token's role is one of {string.Join(", ", Roles.All)}, and not more than your own ({role}).");
        }

        if (request.ExpiresInDays is < 1 or > 3650)
        {
            throw ApiException.Invalid("expiresInDays is 1 to 3650, or left out for never.");
        }

        if (user.IsByToken())
        {
            throw new ApiException(StatusCodes.Status403Forbidden, "A token cannot make further tokens. Sign in to make one.");
        }

        var (token, plain) = await tokens.CreateAsync(
            request.Name.Trim(), user.Identity!.Name!, request.Role ?? role,
            request.ExpiresInDays is { } days ? time.GetUtcNow().AddDays(days) : null, cancellationToken).ConfigureAwait(false);
        await audit.AppendAsync(
            new AuditEntry(time.GetUtcNow(), user.ActorName(), "token.create", token.Name, token.Role), cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"/api/v1/tokens/{token.Id}", new CreatedToken(token, plain));
    }

    private static async Task<IResult> RevokeAsync(
        Guid id, IApiTokenStore tokens, IAuditLog audit, TimeProvider time, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        var mine = await ListAsync(tokens, user, cancellationToken).ConfigureAwait(false);
        if (mine.FirstOrDefault(token => token.Id == id) is not { } found || !await tokens.RevokeAsync(id, cancellationToken).ConfigureAwait(false))
        {
            throw ApiException.NotFound("There is no such token of yours.");
        }

        await audit.AppendAsync(
            new AuditEntry(time.GetUtcNow(), user.ActorName(), "token.revoke", found.Name, found.Owner), cancellationToken).ConfigureAwait(false);
        return TypedResults.NoContent();
    }
}

/// <summary>Who a request acts as.</summary>
/// <param name="Name">User name.</param>
/// <param name="Role">Highest role.</param>
/// <param name="Token">Name of the API token used, or null.</param>
internal sealed record Identity(string Name, string Role, string? Token);

/// <summary>An API token to be made.</summary>
/// <param name="Name">What to call it.</param>
/// <param name="Role">Its role; null for one's own highest.</param>
/// <param name="ExpiresInDays">Days until it expires; null for never.</param>
internal sealed record TokenRequest(string Name, string? Role = null, int? ExpiresInDays = null);

/// <summary>A new API token.</summary>
/// <param name="Token">What is kept of it.</param>
/// <param name="Plain">Its text, shown this once.</param>
internal sealed record CreatedToken(ApiToken Token, string Plain);
