using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Components;
using Xen2Kvm.Web.Hosting;

namespace Xen2Kvm.Web;

/// <summary>The dashboard as a class, so that tests build and run the very host that Program runs.</summary>
public static class DashboardHost
{
    /// <summary>Builds, starts and runs the dashboard until it is asked to stop.</summary>
    /// <returns>An <see cref="ExitCode"/>; faults are on standard error.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            await using var app = Build(args);
            await app.RunAsync().ConfigureAwait(false);
            return (int)ExitCode.Ended;
        }
        catch (Exception failure)
        {
            return (int)StartFailure.Report(failure, Console.Error);
        }
    }

    /// <summary>Builds the dashboard without starting it.</summary>
    /// <param name="args">Command line, as <c>--Urls http://127.0.0.1:5080</c>.</param>
    /// <param name="configure">Replaces services and settings; runs last.</param>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = args,
            ApplicationName = typeof(DashboardHost).Assembly.GetName().Name,
            ContentRootPath = AppContext.BaseDirectory,
        });

        // Outside the Development environment `dotnet run` does not load the manifest of referenced packages by itself.
        builder.WebHost.UseStaticWebAssets();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Services.AddDashboardOptions(builder.Configuration);
        builder.Services.AddDashboardAuth();
        builder.Services.AddPages();
        builder.Services.AddHealthChecks();
        builder.Services.AddProblemDetails();
        configure?.Invoke(builder);

        var app = builder.Build();
        app.UseSecurityHeaders();
        app.UseStatusCodePagesForApi();
        app.UseWebSocketOriginCheck();
        app.UseAuthentication();
        app.UseRateLimiter();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.MapHealthChecks("/health").AllowAnonymous();
        app.MapStaticAssets().AllowAnonymous();
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode(options => options.ContentSecurityFrameAncestorsPolicy = null);
        return app;
    }
}
