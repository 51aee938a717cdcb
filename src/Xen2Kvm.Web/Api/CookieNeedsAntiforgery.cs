using Microsoft.AspNetCore.Antiforgery;
using Xen2Kvm.Web.Auth;

namespace Xen2Kvm.Web.Api;

/// <summary>
/// A browser sends the session cookie along with requests that another site makes. A changing call that rests on the cookie must therefore
/// carry the antiforgery token as well; one with an API token need not, since no browser adds that by itself.
/// </summary>
internal sealed class CookieNeedsAntiforgery(IAntiforgery antiforgery) : IEndpointFilter
{
    /// <inheritdoc/>
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var safe = HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method) || HttpMethods.IsOptions(http.Request.Method);
        if (!safe && !http.User.IsByToken())
        {
            try
            {
                await antiforgery.ValidateRequestAsync(http).ConfigureAwait(false);
            }
            catch (AntiforgeryValidationException)
            {
                throw ApiException.Invalid(
                    "A changing call with the session cookie needs the antiforgery token in the header RequestVerificationToken. Programs use an API token instead.");
            }
        }

        return await next(context).ConfigureAwait(false);
    }
}
