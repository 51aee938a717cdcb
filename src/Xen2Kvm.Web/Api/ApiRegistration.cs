using System.Text.Json.Serialization;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Reports;

namespace Xen2Kvm.Web.Api;

/// <summary>Registers and maps the REST API.</summary>
internal static class ApiRegistration
{
    /// <summary>Adds JSON settings, problem documents and the OpenAPI document.</summary>
    public static void AddDashboardApi(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.Converters.Add(new JsonStringEnumConverter()));
        services.AddProblemDetails(problem => problem.CustomizeProblemDetails = context =>
            context.ProblemDetails.Extensions.TryAdd("traceId", context.HttpContext.TraceIdentifier));
        services.AddExceptionHandler<ProblemHandler>();
        services.AddSingleton<WaveReporter>();

        // A body that cannot be read then reaches ProblemHandler, which says where it is wrong.
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.AddOpenApi("v1", options => options.AddDocumentTransformer<ApiDocument>());
    }

    /// <summary>Maps everything under /api/v1 and the OpenAPI document.</summary>
    public static void MapDashboardApi(this IEndpointRouteBuilder endpoints)
    {
        var api = endpoints.MapGroup("/api/v1").RequireAuthorization(Roles.Viewer).AddEndpointFilter<CookieNeedsAntiforgery>()
            .ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status403Forbidden);
        HostEndpoints.Map(api.MapGroup("/hosts").WithTags("Hosts"));
        HostGroupEndpoints.Map(api.MapGroup("/host-groups").WithTags("Hosts"));
        GuestEndpoints.Map(api.MapGroup("/guests").WithTags("Guests"));
        PlanEndpoints.Map(api.MapGroup("/plans").WithTags("Plans"));
        RunEndpoints.Map(api.MapGroup("/runs").WithTags("Runs"));
        EvidenceEndpoints.Map(api.MapGroup("/runs").WithTags("Runs"));
        WaveEndpoints.Map(api.MapGroup("/waves").WithTags("Waves"));
        LimitEndpoints.Map(api.MapGroup("/limits").WithTags("Limits"));
        CleanupEndpoints.Map(api.MapGroup("/cleanups").WithTags("Cleanups"));
        PeopleEndpoints.Map(api.MapGroup("/people").WithTags("Access"));
        AuditEndpoints.Map(api.MapGroup("/audit").WithTags("Audit"));
        AccessEndpoints.Map(api.WithTags("Access"));
        endpoints.MapOpenApi("/openapi/{documentName}.json").RequireAuthorization(Roles.Viewer);
    }
}
