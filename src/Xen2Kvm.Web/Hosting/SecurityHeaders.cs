using Microsoft.Extensions.Options;

namespace Xen2Kvm.Web.Hosting;

/// <summary>Headers that tell the browser what a page of ours may do, and the origin check of web sockets.</summary>
internal static class SecurityHeaders
{
    // Styles: the component library sets style attributes. Scripts come from files only; nothing is evaluated.
    private const string ContentSecurityPolicy =
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        + "connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    /// <summary>Adds the headers to every response; under https also HSTS.</summary>
    public static void UseSecurityHeaders(this IApplicationBuilder app)
    {
        app.Use(async (context, next) =>
        {
            var headers = context.Response.Headers;
            headers.ContentSecurityPolicy = ContentSecurityPolicy;
            headers.XContentTypeOptions = "nosniff";
            headers.XFrameOptions = "DENY";
            headers["Referrer-Policy"] = "same-origin";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
            if (context.Request.IsHttps)
            {
                headers.StrictTransportSecurity = "max-age=31536000";
            }

            await next(context).ConfigureAwait(false);
        });
    }

    /// <summary>
    /// Refuses web sockets that another site's page opens: browsers send cookies along with them, and no same-origin rule holds them back.
    /// Programs send no Origin and are let through to authentication.
    /// </summary>
    public static void UseWebSocketOriginCheck(this IApplicationBuilder app)
    {
        app.Use(async (context, next) =>
        {
            var options = context.RequestServices.GetRequiredService<IOptions<DashboardOptions>>().Value;
            if (IsUpgrade(context.Request) && context.Request.Headers.Origin is [{ } origin] && !IsOwn(origin, context.Request, options))
            {
                context.Response.StatusCode = StatusCodes.Status403Forbidden;
                return;
            }

            await next(context).ConfigureAwait(false);
        });
    }

    // HTTP/2 opens a web socket with CONNECT and :protocol, HTTP/1.1 with an Upgrade header.
    private static bool IsUpgrade(HttpRequest request) =>
        HttpMethods.IsConnect(request.Method)
        || request.Headers.Upgrade.Any(value => string.Equals(value, "websocket", StringComparison.OrdinalIgnoreCase));

    private static bool IsOwn(string origin, HttpRequest request, DashboardOptions options) =>
        string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase)
        || (options.PublicUrl is { } url && string.Equals(origin, url.TrimEnd('/'), StringComparison.OrdinalIgnoreCase));
}
