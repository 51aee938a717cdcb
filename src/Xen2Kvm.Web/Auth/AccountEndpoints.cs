using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Xen2Kvm.Web.Auth;

/// <summary>
/// The form posts of the account pages. The pages themselves are static components at the same addresses; a post answers with a redirect to
/// the page with <c>?error=CODE</c>, or onwards. Fields: sign-in <c>userName password returnUrl</c>; code <c>code returnUrl</c>;
/// first-admin <c>token userName password repeat</c>; invitation <c>token password repeat</c>; sign-out none. Each form holds an <c>AntiforgeryToken</c>.
/// </summary>
internal static class AccountEndpoints
{
    /// <summary>Maps the posts. They come before the pages, which answer to posts as well.</summary>
    public static void MapAccount(this IEndpointRouteBuilder endpoints)
    {
        foreach (var (name, post) in new (string, Delegate)[]
                 {
                     ("sign-in", SignInAsync), ("code", CodeAsync), ("first-admin", FirstAdminAsync), ("invitation", InvitationAsync),
                 })
        {
            endpoints.MapPost($"/account/{name}", post).AllowAnonymous().RequireRateLimiting(SignInLimit.Policy).WithOrder(-1).ExcludeFromDescription();
        }

        endpoints.MapPost("/account/sign-out", SignOutAsync).WithOrder(-1).ExcludeFromDescription();
    }

    private static async Task<IResult> SignInAsync(
        [FromForm] string? userName, [FromForm] string? password, [FromForm] string? returnUrl, SignIn signIn, HttpContext http) =>
        After(await signIn.WithPasswordAsync(http, userName, password).ConfigureAwait(false), "sign-in", Local(returnUrl));

    private static async Task<IResult> CodeAsync([FromForm] string? code, [FromForm] string? returnUrl, SignIn signIn, HttpContext http)
    {
        var outcome = await signIn.WithCodeAsync(http, code).ConfigureAwait(false);
        return After(outcome, outcome == "wrong-code" ? "code" : "sign-in", Local(returnUrl));
    }

    private static async Task<IResult> FirstAdminAsync(
        [FromForm] string? token, [FromForm] string? userName, [FromForm] string? password, [FromForm] string? repeat,
        FirstAdmin firstAdmin, SignIn signIn, HttpContext http)
    {
        var (user, error) = repeat is not null && repeat != password
            ? (null, "mismatch")
            : await firstAdmin.CreateAsync(token, userName, password, http.RequestAborted).ConfigureAwait(false);
        return user is not null ? After(await signIn.AsAsync(http, user).ConfigureAwait(false), "sign-in", "/")
            : error == "done" ? TypedResults.LocalRedirect("/account/sign-in?error=done")
            : Again("first-admin", error, token);
    }

    private static async Task<IResult> InvitationAsync(
        [FromForm] string? token, [FromForm] string? password, [FromForm] string? repeat, Invitations invitations, SignIn signIn, HttpContext http)
    {
        var (user, error) = repeat is not null && repeat != password
            ? (null, "mismatch")
            : await invitations.AcceptAsync(token, password, http.RequestAborted).ConfigureAwait(false);
        return user is null ? Again("invitation", error, token) : After(await signIn.AsAsync(http, user).ConfigureAwait(false), "sign-in", "/");
    }

    // Has no field of its own; reading the form makes the framework check the antiforgery token.
    private static async Task<IResult> SignOutAsync([FromForm] string? unused, SignIn signIn, HttpContext http)
    {
        _ = unused;
        await signIn.OutAsync(http).ConfigureAwait(false);
        return TypedResults.LocalRedirect("/account/sign-in");
    }

    // Onwards when signed in, to the code, or back to a form that says what went wrong.
    private static RedirectHttpResult After(string? outcome, string form, string next) => TypedResults.LocalRedirect(outcome switch
    {
        null => next,
        SignIn.NeedsCode => $"/account/code?returnUrl={Uri.EscapeDataString(next)}",
        _ => $"/account/{form}?error={outcome}&returnUrl={Uri.EscapeDataString(next)}",
    });

    private static RedirectHttpResult Again(string form, string? error, string? token) =>
        TypedResults.LocalRedirect($"/account/{form}?error={error}&token={Uri.EscapeDataString(token ?? "")}");

    // Only paths of this site: //host and /\host name another one.
    private static string Local(string? url) =>
        url is ['/'] || (url is ['/', var second, ..] && second is not ('/' or '\\') && !url.Any(char.IsControl)) ? url : "/";
}
