using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Identity;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Hosting;

namespace Xen2Kvm.Web.Auth;

/// <summary>
/// The cookie of a signed-in person. It names a session and no more: with each request the session must still be open, and the role is the
/// one that its holder has at that moment.
/// </summary>
internal static class SessionCookie
{
    /// <summary>Claim with the session's id.</summary>
    public const string IdClaim = "x2k:session";

    /// <summary>Sets the cookie's flags and where an anonymous person is sent.</summary>
    public static void Configure(CookieAuthenticationOptions cookie, DashboardOptions dashboard)
    {
        cookie.Cookie.Name = "x2k-session";
        cookie.Cookie.HttpOnly = true;
        cookie.Cookie.SameSite = SameSiteMode.Lax;
        cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        cookie.ExpireTimeSpan = dashboard.SessionIdle;
        cookie.SlidingExpiration = true;
        cookie.LoginPath = "/account/sign-in";
        cookie.AccessDeniedPath = "/account/denied";
        cookie.ReturnUrlParameter = "returnUrl";
        cookie.Events.OnRedirectToLogin = context => RedirectPeople(context, StatusCodes.Status401Unauthorized);
        cookie.Events.OnRedirectToAccessDenied = context => RedirectPeople(context, StatusCodes.Status403Forbidden);
        cookie.Events.OnValidatePrincipal = context => ReadAnewAsync(context, dashboard.SessionIdle);
    }

    /// <summary>Whether programs, not people, ask for a path: they get a status code, not a page.</summary>
    public static bool IsForPrograms(PathString path) =>
        path.StartsWithSegments("/api") || path.StartsWithSegments("/hubs") || path.StartsWithSegments("/openapi")
        || path.StartsWithSegments("/_blazor");

    /// <summary>Who a session stands for.</summary>
    public static ClaimsPrincipal PrincipalOf(Guid session, SessionHolder holder)
    {
        var claims = new List<Claim>
        {
            new(ClaimTypes.NameIdentifier, holder.UserId.ToString()), new(ClaimTypes.Name, holder.UserName), new(IdClaim, session.ToString()),
        };
        claims.AddRange(new Standing(holder.Role, holder.Grants).ToClaims());
        return new ClaimsPrincipal(new ClaimsIdentity(claims, IdentityConstants.ApplicationScheme));
    }

    /// <summary>The session of a person who has signed in; null for a token.</summary>
    public static Guid? SessionId(this ClaimsPrincipal user) => Guid.TryParse(user.FindFirstValue(IdClaim), out var id) ? id : null;

    private static async Task ReadAnewAsync(CookieValidatePrincipalContext context, TimeSpan idle)
    {
        var http = context.HttpContext;
        if (context.Principal?.SessionId() is { } id
            && await http.RequestServices.GetRequiredService<ISessionStore>().FindAsync(id, idle, http.RequestAborted).ConfigureAwait(false) is { } holder)
        {
            context.ReplacePrincipal(PrincipalOf(id, holder));
        }
        else
        {
            context.RejectPrincipal();
        }
    }

    private static Task RedirectPeople(RedirectContext<CookieAuthenticationOptions> context, int status)
    {
        if (IsForPrograms(context.Request.Path))
        {
            context.Response.StatusCode = status;
        }
        else
        {
            context.Response.Redirect(context.RedirectUri);
        }

        return Task.CompletedTask;
    }
}
