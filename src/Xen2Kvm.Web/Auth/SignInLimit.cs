using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;
using Xen2Kvm.Web.Hosting;

namespace Xen2Kvm.Web.Auth;

/// <summary>Holds back whoever tries passwords or set-up links from one address.</summary>
internal static class SignInLimit
{
    /// <summary>Name of the policy.</summary>
    public const string Policy = "sign-in";

    /// <summary>Adds the limiter.</summary>
    public static void AddSignInLimit(this IServiceCollection services)
    {
        services.AddRateLimiter(_ => { });
        services.AddOptions<RateLimiterOptions>().Configure<IOptions<DashboardOptions>>((limiter, dashboard) =>
        {
            var permits = dashboard.Value.SignInAttemptsPerMinute;
            limiter.AddPolicy(Policy, context => RateLimitPartition.GetFixedWindowLimiter(
                context.Connection.RemoteIpAddress?.ToString() ?? "local",
                _ => new FixedWindowRateLimiterOptions { PermitLimit = permits, Window = TimeSpan.FromMinutes(1) }));
            limiter.OnRejected = (rejected, _) =>
            {
                rejected.HttpContext.Response.Headers.RetryAfter = 60.ToString(CultureInfo.InvariantCulture);
                rejected.HttpContext.Response.Redirect($"{rejected.HttpContext.Request.Path}?error=too-many");
                return ValueTask.CompletedTask;
            };
        });
    }
}
