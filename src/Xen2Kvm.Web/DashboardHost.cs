using Microsoft.Extensions.Options;
using Xen2Kvm.Engine;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Guests;
using Xen2Kvm.Hosts;
using Xen2Kvm.Persistence;
using Xen2Kvm.Web.Api;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Components;
using Xen2Kvm.Web.Hosting;
using Xen2Kvm.Web.Hubs;

namespace Xen2Kvm.Web;

/// <summary>The dashboard as a class, so that tests build and run the very host that Program runs.</summary>
public static class DashboardHost
{
    /// <summary>
    /// Builds, starts and runs the dashboard until it is asked to stop; or with <c>recover NAME</c> before its settings gives that person's
    /// account back, beside a dashboard that runs or not, and prints the one-time link.
    /// </summary>
    /// <returns>An <see cref="ExitCode"/>; faults are on standard error.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            if (args is ["recover", var name, .. var settings])
            {
                return (int)await RecoverAsync(name, settings).ConfigureAwait(false);
            }

            await using var app = Build(args);
            await StartAsync(app, app.Lifetime.ApplicationStopping).ConfigureAwait(false);
            await app.WaitForShutdownAsync().ConfigureAwait(false);
            return (int)ExitCode.Ended;
        }
        catch (Exception failure)
        {
            return (int)StartFailure.Report(failure, Console.Error);
        }
    }

    private static async Task<ExitCode> RecoverAsync(string name, string[] settings)
    {
        await using var app = Build(settings);
        app.Services.GetService<IStartupValidator>()?.Validate();
        await app.Services.InitialiseXen2KvmDatabaseAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            var link = await app.Services.GetRequiredService<People>().RecoverAsync(name, CancellationToken.None).ConfigureAwait(false);
            var address = app.Services.GetRequiredService<IOptions<DashboardOptions>>().Value.PublicUrl?.TrimEnd('/');
            await Console.Out.WriteLineAsync($"{address}{link.Path}").ConfigureAwait(false);
            return ExitCode.Ended;
        }
        catch (RefusedException refused)
        {
            await Console.Error.WriteLineAsync(refused.Message).ConfigureAwait(false);
            return ExitCode.Refused;
        }
    }

    /// <summary>Checks the whole configuration, makes the database ready, and listens.</summary>
    /// <exception cref="OptionsValidationException">One group of settings is wrong; AggregateException for several.</exception>
    public static async Task StartAsync(WebApplication app, CancellationToken cancellationToken)
    {
        app.Services.GetService<IStartupValidator>()?.Validate();
        await app.Services.InitialiseXen2KvmDatabaseAsync(cancellationToken).ConfigureAwait(false);

        // Not before: antiforgery reads its keys from the database as soon as it is put into the pipeline.
        Map(app);
        await app.StartAsync(cancellationToken).ConfigureAwait(false);
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
        builder.Services.AddXen2KvmPersistence(builder.Configuration);
        builder.Services.AddXen2KvmEngine(builder.Configuration);
        builder.Services.AddXen2KvmHosts();
        builder.Services.AddXen2KvmGuests();
        builder.Services.AddDashboardAuth();
        builder.Services.AddDashboardApi();
        builder.Services.AddSignalR();
        builder.Services.AddHostedService<RunChangeRelay>();
        builder.Services.AddHostedService<ChangeRelay>();
        builder.Services.AddPages();
        builder.Services.AddHealthChecks().AddCheck<DatabaseHealth>("database");
        configure?.Invoke(builder);
        return builder.Build();
    }

    private static void Map(WebApplication app)
    {
        app.UseSecurityHeaders();
        app.UseExceptionHandler();
        app.UseStatusCodePagesForApi();
        app.UseWebSocketOriginCheck();
        app.UseAuthentication();
        app.UseRateLimiter();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.MapHealthChecks("/health").AllowAnonymous();
        app.MapStaticAssets().AllowAnonymous();
        app.MapAccount();
        app.MapDashboardApi();
        WaveEndpoints.MapReport(app);
        app.MapHub<RunsHub>(RunsHub.Path);
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode(options => options.ContentSecurityFrameAncestorsPolicy = null);
    }
}
