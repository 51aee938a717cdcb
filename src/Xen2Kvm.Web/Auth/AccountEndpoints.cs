using Microsoft.AspNetCore.Mvc;

namespace Xen2Kvm.Web.Auth;

/// <summary>
/// The form posts of the account pages. The pages themselves are static components at the same addresses; a post answers with a redirect to
/// the page with <c>?error=CODE</c>, or onwards. Fields: sign-in <c>userName password returnUrl</c>; first-admin <c>token userName
/// password repeat</c>; sign-out none. Each form holds an <c>AntiforgeryToken</c>.
/// </summary>
internal static class AccountEndpoints
{
    /// <summary>Maps the posts. They come before the pages, which answer to posts as well.</summary>
    public static void MapAccount(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost("/account/sign-in", SignInAsync).AllowAnonymous().RequireRateLimiting(SignInLimit.Policy).WithOrder(-1)
            .ExcludeFromDescription();
        endpoints.MapPost("/account/first-admin", FirstAdminAsync).AllowAnonymous().RequireRateLimiting(SignInLimit.Policy).WithOrder(-1)
            .ExcludeFromDescription();
        endpoints.MapPost("/account/sign-out", SignOutAsync).WithOrder(-1).ExcludeFromDescription();
    }

    private static async Task<IResult> SignInAsync(
        [FromForm] string? userName, [FromForm] string? password, [FromForm] string? returnUrl, SignIn signIn, HttpContext http,
        CancellationToken cancellationToken)
    {
        var from = http.Connection.RemoteIpAddress?.ToString() ?? "local";
        var error = await signIn.WithPasswordAsync(userName, password, from, cancellationToken).ConfigureAwait(false);
        var next = Local(returnUrl);
        return error is null
            ? TypedResults.LocalRedirect(next)
            : TypedResults.LocalRedirect($"/account/sign-in?error={error}&returnUrl={Uri.EscapeDataString(next)}");
    }

    private static async Task<IResult> FirstAdminAsync(
        [FromForm] string? token, [FromForm] string? userName, [FromForm] string? password, [FromForm] string? repeat,
        FirstAdmin firstAdmin, SignIn signIn, CancellationToken cancellationToken)
    {
        var (user, error) = repeat is not null && repeat != password
            ? (null, "mismatch")
            : await firstAdmin.CreateAsync(token, userName, password, cancellationToken).ConfigureAwait(false);
        if (user is null)
        {
            return TypedResults.LocalRedirect(error == "done"
                ? "/account/sign-in?error=done"
                : $"/account/first-admin?error={error}&token={Uri.EscapeDataString(token ?? "")}");
        }

        await signIn.AsAsync(user).ConfigureAwait(false);
        return TypedResults.LocalRedirect("/");
    }

    // Has no field of its own; reading the form makes the framework check the antiforgery token.
    private static async Task<IResult> SignOutAsync([FromForm] string? unused, SignIn signIn)
    {
        _ = unused;
        await signIn.OutAsync().ConfigureAwait(false);
        return TypedResults.LocalRedirect("/account/sign-in");
    }

    // Only paths of this site: //host and /\host name another one.
    private static string Local(string? url) =>
        url is ['/'] || (url is ['/', var second, ..] && second is not ('/' or '\\') && !url.Any(char.IsControl)) ? url : "/";
}
