using Xen2Kvm.Web.Auth;

namespace Xen2Kvm.Web.Hosting;

/// <summary>Gives programs a problem document where a bare status code would be sent.</summary>
internal static class ApiStatusPages
{
    /// <summary>Answers 401, 403, 404 … under /api with ProblemDetails.</summary>
    public static void UseStatusCodePagesForApi(this IApplicationBuilder app) =>
        app.UseWhen(context => SessionCookie.IsForPrograms(context.Request.Path), branch => branch.UseStatusCodePages());
}
