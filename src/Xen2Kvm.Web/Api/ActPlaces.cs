using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Planning;
using Xen2Kvm.Engine.Runs;
using Xen2Kvm.Engine.Waves;
using Xen2Kvm.Web.Auth;

namespace Xen2Kvm.Web.Api;

/// <summary>
/// Endpoints whose role is asked where they act: whoever has it nowhere is turned away at once, the others by <see cref="Access"/> as soon as
/// the address has named the object. An endpoint whose body names it asks there.
/// </summary>
internal static class ActPlaces
{
    /// <summary>The address names a host (<c>{host}</c>).</summary>
    public static TBuilder OnHost<TBuilder>(this TBuilder endpoints, string role)
        where TBuilder : IEndpointConventionBuilder => endpoints.Where(role, async (http, access) =>
        {
            var host = await HostEndpoints.FindAsync(Get<HostService>(http), (string)http.Request.RouteValues["host"]!, http.RequestAborted).ConfigureAwait(false);
            return await access.OfHostsAsync([host.Id], http.RequestAborted).ConfigureAwait(false);
        });

    /// <summary>The address names a plan (<c>{id}</c>).</summary>
    public static TBuilder OnPlan<TBuilder>(this TBuilder endpoints, string role)
        where TBuilder : IEndpointConventionBuilder => endpoints.Where(role, async (http, access) => await access.OfPlanAsync(
            await PlanEndpoints.FindAsync(Id(http), Get<PlanService>(http), http.RequestAborted).ConfigureAwait(false), http.RequestAborted).ConfigureAwait(false));

    /// <summary>The address names a run (<c>{id}</c>).</summary>
    public static TBuilder OnRun<TBuilder>(this TBuilder endpoints, string role)
        where TBuilder : IEndpointConventionBuilder => endpoints.Where(role, async (http, access) => await access.OfRunAsync(
            await RunEndpoints.FindAsync(Id(http), Get<RunService>(http), http.RequestAborted).ConfigureAwait(false), http.RequestAborted).ConfigureAwait(false));

    /// <summary>The address names a wave (<c>{id}</c>).</summary>
    public static TBuilder OnWave<TBuilder>(this TBuilder endpoints, string role)
        where TBuilder : IEndpointConventionBuilder => endpoints.Where(role, async (http, access) => await access.OfWaveAsync(
            await WaveEndpoints.FindAsync(Id(http), Get<WaveService>(http), http.RequestAborted).ConfigureAwait(false), http.RequestAborted).ConfigureAwait(false));

    private static TBuilder Where<TBuilder>(this TBuilder endpoints, string role, Func<HttpContext, Access, Task<Place>> place)
        where TBuilder : IEndpointConventionBuilder => endpoints.RequireAuthorization(Roles.Somewhere(role)).AddEndpointFilter(async (context, next) =>
        {
            var http = context.HttpContext;
            Access.Require(http.User, role, await place(http, Get<Access>(http)).ConfigureAwait(false));
            return await next(context).ConfigureAwait(false);
        });

    private static Guid Id(HttpContext http) => Guid.Parse((string)http.Request.RouteValues["id"]!);

    private static T Get<T>(HttpContext http)
        where T : notnull => http.RequestServices.GetRequiredService<T>();
}
