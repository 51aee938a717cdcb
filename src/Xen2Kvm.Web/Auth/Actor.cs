using System.Security.Claims;

namespace Xen2Kvm.Web.Auth;

/// <summary>Who acts, for ledgers and rules.</summary>
public static class Actor
{
    /// <summary>Claim with the name of the API token that was used.</summary>
    public const string TokenClaim = "x2k:token";

    /// <summary>The name to record with an act: the user's, with the API token where one was used.</summary>
    public static string ActorName(this ClaimsPrincipal user)
    {
        var name = user.Identity?.Name ?? "anonymous";
        return user.FindFirstValue(TokenClaim) is { } token ? $"{name} (token {token})" : name;
    }

    /// <summary>Whether the request came with an API token.</summary>
    public static bool IsByToken(this ClaimsPrincipal user) => user.HasClaim(claim => claim.Type == TokenClaim);

    /// <summary>The highest role of a user, or null.</summary>
    public static string? HighestRole(this ClaimsPrincipal user) => Roles.All.LastOrDefault(user.IsInRole);
}
