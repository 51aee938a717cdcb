using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence;

namespace Xen2Kvm.Web.Auth;

/// <summary>Authenticates <c>Authorization: Bearer x2k_…</c>.</summary>
internal sealed class TokenHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, IApiTokenStore tokens, UserManager<AppUser> users,
    IGrantStore grants, IProblemDetailsService problems)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    /// <summary>Name of the scheme.</summary>
    public const string SchemeName = "ApiToken";

    private const string Prefix = "Bearer ";

    /// <summary>Whether the request offers a token.</summary>
    public static bool IsOffered(HttpRequest request) =>
        request.Headers.Authorization is [{ } header] && header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!IsOffered(Request))
        {
            return AuthenticateResult.NoResult();
        }

        var plain = Request.Headers.Authorization.ToString()[Prefix.Length..].Trim();
        if (await tokens.FindAsync(plain, Context.RequestAborted).ConfigureAwait(false) is not { } token
            || await StandingNowAsync(token).ConfigureAwait(false) is not { Role: not null } standing)
        {
            return AuthenticateResult.Fail("The API token is unknown, revoked or has expired.");
        }

        var identity = new ClaimsIdentity(
            [new(ClaimTypes.Name, token.Owner), new(Actor.TokenClaim, token.Name), new(TokenScope.Claim, token.Scope), .. standing.ToClaims()], SchemeName);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }

    /// <inheritdoc/>
    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer";
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        var scope = Context.User.FindFirstValue(TokenScope.Claim)!;
        var why = TokenScope.Covers(scope, Request)
            ? $"has the role {Context.User.HighestRole()}, which may not do this"
            : $"has the scope {scope}, which does not cover {Request.Method} {Request.Path}";
        Response.StatusCode = StatusCodes.Status403Forbidden;
        return problems.WriteAsync(new ProblemDetailsContext
        {
            HttpContext = Context,
            ProblemDetails = new ProblemDetails
            {
                Status = StatusCodes.Status403Forbidden,
                Title = "This token may not do this",
                Detail = $"The API token {Context.User.FindFirstValue(Actor.TokenClaim)} {why}. Use another token, or make one under Settings.",
            },
        }).AsTask();
    }

    // A token never outlives what its owner may do: a role that was taken away is gone from the token, too.
    private async Task<Standing?> StandingNowAsync(ApiToken token)
    {
        if (token.Owner == LocalToken.Owner)
        {
            return new Standing(token.Role, []);
        }

        if (await users.FindByNameAsync(token.Owner).ConfigureAwait(false) is not { } owner
            || owner.DisabledAt is not null)
        {
            return null;
        }

        return (await users.StandingAsync(owner, grants, Context.RequestAborted).ConfigureAwait(false)).Under(token);
    }
}
