using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;

namespace Xen2Kvm.Web.Auth;

/// <summary>
/// What an API token may reach at all, beneath what its role may do there: everything (<c>all</c>), everything that only reads
/// (<c>read</c>), or one area. Part of every policy, so it holds for each endpoint, those to come included; the pages are for people only.
/// </summary>
public static class TokenScope
{
    /// <summary>The whole API.</summary>
    public const string All = "all";

    /// <summary>What only reads.</summary>
    public const string Read = "read";

    /// <summary>Claim with the scope of the API token that was used.</summary>
    public const string Claim = "x2k:scope";

    // An endpoint under another word of the address is reached with "all", and read with "read".
    private static readonly Dictionary<string, string> Areas = new(StringComparer.OrdinalIgnoreCase)
    {
        ["/api/v1/hosts"] = "hosts",
        ["/api/v1/host-groups"] = "access",
        ["/api/v1/guests"] = "hosts",
        ["/api/v1/plans"] = "plans",
        ["/api/v1/runs"] = "runs",
        ["/hubs/runs"] = "runs",
        ["/api/v1/limits"] = "runs",
        ["/api/v1/waves"] = "waves",
        ["/api/v1/cleanups"] = "cleanups",
        ["/api/v1/people"] = "access",
        ["/api/v1/tokens"] = "access",
        ["/api/v1/audit"] = "access",
    };

    /// <summary>All scopes.</summary>
    public static IReadOnlyList<string> Known { get; } = [All, Read, .. Areas.Values.Distinct()];

    /// <summary>Whether a request may be made: by a person, or with a token whose scope covers it.</summary>
    public static bool Allows(AuthorizationHandlerContext context) =>
        context.User.FindFirstValue(Claim) is not { } scope || (context.Resource is HttpContext http && Covers(scope, http.Request));

    /// <summary>Whether a scope covers a request.</summary>
    public static bool Covers(string scope, HttpRequest request) => IsForTokens(request.Path) && scope switch
    {
        All => true,
        _ when request.Path.StartsWithSegments("/api/v1/me") || request.Path.StartsWithSegments("/openapi") => true,
        Read => HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || request.Path.StartsWithSegments("/hubs"),
        _ => Areas.Any(area => area.Value == scope && request.Path.StartsWithSegments(area.Key)),
    };

    private static bool IsForTokens(PathString path) =>
        path.StartsWithSegments("/api") || path.StartsWithSegments("/hubs") || path.StartsWithSegments("/openapi");
}
