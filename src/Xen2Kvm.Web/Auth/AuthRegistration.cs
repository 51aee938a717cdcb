using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;
using Xen2Kvm.Web.Hosting;

namespace Xen2Kvm.Web.Auth;

/// <summary>Registers who may come in and what they may do.</summary>
internal static class AuthRegistration
{
    /// <summary>Name of the rate limit of sign-in and set-up.</summary>
    public const string SignInLimit = "sign-in";

    /// <summary>Adds authentication, the policies, antiforgery and the limit on sign-in attempts.</summary>
    public static void AddDashboardAuth(this IServiceCollection services)
    {
        services.AddAuthentication(IdentityConstants.ApplicationScheme).AddCookie(IdentityConstants.ApplicationScheme);
        services.AddOptions<Microsoft.AspNetCore.Authentication.Cookies.CookieAuthenticationOptions>(IdentityConstants.ApplicationScheme)
            .Configure<IOptions<DashboardOptions>>((cookie, dashboard) => Session.Configure(cookie, dashboard.Value));
        services.AddAuthorizationBuilder().AddRolePolicies();
        services.AddAntiforgery(options =>
        {
            options.Cookie.Name = "x2k-antiforgery";
            options.Cookie.HttpOnly = true;
            options.Cookie.SameSite = SameSiteMode.Strict;
            options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        });
        services.AddRateLimiter(limiter => { });
        services.AddOptions<RateLimiterOptions>().Configure<IOptions<DashboardOptions>>((limiter, dashboard) =>
        {
            var permits = dashboard.Value.SignInAttemptsPerMinute;
            limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            limiter.AddPolicy(SignInLimit, context => RateLimitPartition.GetFixedWindowLimiter(
                context.Connection.RemoteIpAddress?.ToString() ?? "local",
                _ => new FixedWindowRateLimiterOptions { PermitLimit = permits, Window = TimeSpan.FromMinutes(1) }));
            limiter.OnRejected = (rejected, _) =>
            {
                rejected.HttpContext.Response.Headers.RetryAfter = 60.ToString(CultureInfo.InvariantCulture);
                if (rejected.HttpContext.Request.Path.StartsWithSegments("/account"))
                {
                    rejected.HttpContext.Response.Redirect($"{rejected.HttpContext.Request.Path}?error=too-many");
                }

                return ValueTask.CompletedTask;
            };
        });
    }

    private static void AddRolePolicies(this AuthorizationBuilder authorization)
    {
        foreach (var role in Roles.All)
        {
            authorization.AddPolicy(role, policy => policy.RequireRole(Roles.AtLeast(role)));
        }

        var anyRole = new AuthorizationPolicyBuilder().RequireAuthenticatedUser().RequireRole(Roles.All).Build();
        authorization.SetDefaultPolicy(anyRole).SetFallbackPolicy(anyRole);
    }
}
