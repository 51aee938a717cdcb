using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.JSInterop;
using NSubstitute;
using Radzen;
using Xen2Kvm.Engine.Cleanups;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Limits;
using Xen2Kvm.Engine.Notifications;
using Xen2Kvm.Engine.Planning;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Preflight;
using Xen2Kvm.Engine.Records;
using Xen2Kvm.Engine.Routes;
using Xen2Kvm.Engine.Runs;
using Xen2Kvm.Engine.Waves;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Components.State;

namespace Xen2Kvm.Web.Tests.Components;

/// <summary>Draws components to markup with stores that a test fills; no browser, no circuit.</summary>
public abstract partial class PageTest : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    protected PageTest()
    {
        var services = new ServiceCollection();
        Limits.ListAsync(Arg.Any<CancellationToken>()).Returns([]);
        services.AddLogging();
        services.AddSingleton<TimeProvider>(new StandingClock());
        services.AddSingleton(Runs).AddSingleton(Plans).AddSingleton(Hosts).AddSingleton(Audit).AddSingleton(Substitute.For<IWaveStore>()).AddSingleton(Limits).AddSingleton(Groups).AddSingleton<Access>().AddSingleton(Substitute.For<IHostConnector>());
        services.AddSingleton(Substitute.For<ICleanupStore>()).AddSingleton(Substitute.For<IPeople>()).AddSingleton(Substitute.For<INotificationStore>());
        services.AddSingleton<IEnumerable<IRoute>>([]);
        services.AddSingleton<RunFeed>().AddSingleton<WaveFeed>().AddSingleton<HostService>().AddSingleton<InventoryService>().AddSingleton<PreflightService>()
            .AddSingleton<PlanService>().AddSingleton<RunService>().AddSingleton<PlanPlaces>().AddSingleton<LimitService>().AddSingleton<RunReader>().AddSingleton<AuditCheck>();
        services.AddOptions<CleanupOptions>();
        services.AddOptions<WaveOptions>();
        services.AddSingleton<CleanupFeed>().AddSingleton<HostFeed>().AddSingleton<CleanupSurvey>().AddSingleton<CleanupService>().AddSingleton<Notifier>();
        services.AddSingleton<NavigationManager, StandingNavigation>();
        services.AddSingleton(Substitute.For<IJSRuntime>());
        services.AddScoped<DialogService>().AddScoped<Ticker>().AddScoped<Viewer>();
        _services = services.BuildServiceProvider();
    }

    protected IRunStore Runs { get; } = Substitute.For<IRunStore>();

    protected IPlanStore Plans { get; } = Substitute.For<IPlanStore>();

    protected IHostStore Hosts { get; } = Substitute.For<IHostStore>();

    protected ILimitStore Limits { get; } = Substitute.For<ILimitStore>();

    protected IHostGroupStore Groups { get; } = Substitute.For<IHostGroupStore>();

    protected IAuditLog Audit { get; } = Substitute.For<IAuditLog>();

    protected Viewer Viewer => _services.GetRequiredService<Viewer>();

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>The markup of a component once it has read everything.</summary>
    protected async Task<string> DrawAsync<T>(params (string Name, object? Value)[] parameters)
        where T : IComponent
    {
        await using var renderer = new HtmlRenderer(_services, _services.GetRequiredService<ILoggerFactory>());
        return await renderer.Dispatcher.InvokeAsync(async () =>
        {
            var values = ParameterView.FromDictionary(parameters.ToDictionary(pair => pair.Name, pair => pair.Value));
            return (await renderer.RenderComponentAsync<T>(values)).ToHtmlString();
        });
    }

    /// <summary>The words of some markup, without tags.</summary>
    protected static string Words(string markup) => WebUtility.HtmlDecode(Spaces().Replace(Tags().Replace(markup, " "), " "));

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tags();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    private sealed class StandingClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Sample.Now;
    }

    private sealed class StandingNavigation : NavigationManager
    {
        public StandingNavigation() => Initialize("http://localhost/", "http://localhost/runs/1");
    }
}

/// <summary>Who looks, where a role holds for everything.</summary>
internal static class Viewers
{
    public static void Identify(this Viewer viewer, string name, bool canOperate, bool canAdminister) =>
        viewer.Identify(name, new Standing(canAdminister ? Roles.Admin : canOperate ? Roles.Operator : Roles.Viewer, []));
}
