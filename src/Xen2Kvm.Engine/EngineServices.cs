using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Engine.Cleanups;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Limits;
using Xen2Kvm.Engine.Notifications;
using Xen2Kvm.Engine.Planning;
using Xen2Kvm.Engine.Preflight;
using Xen2Kvm.Engine.Records;
using Xen2Kvm.Engine.Routes;
using Xen2Kvm.Engine.Routes.BlockCopy;
using Xen2Kvm.Engine.Runs;
using Xen2Kvm.Engine.Waves;

namespace Xen2Kvm.Engine;

/// <summary>Registers the engine.</summary>
public static class EngineServices
{
    /// <summary>Adds services, routes, rules and the workers. The ports' implementations are registered by others.</summary>
    public static IServiceCollection AddXen2KvmEngine(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<RunOptions>().Bind(configuration.GetSection("Runs"))
            .Validate(options => options.MaxConcurrentRuns is > 0 and <= 100, "Runs:MaxConcurrentRuns must be 1 to 100.")
            .Validate(options => options.Lease >= 3 * options.RenewEvery, "Runs:Lease must be at least three times Runs:RenewEvery.")
            .ValidateOnStart();
        services.AddOptions<WaveOptions>().Bind(configuration.GetSection("Waves"))
            .Validate(options => options.LookEvery > TimeSpan.Zero && options.RetryAfter > TimeSpan.Zero, "Waves:LookEvery and Waves:RetryAfter must be above zero.")
            .ValidateOnStart();
        services.AddOptions<CleanupOptions>().Bind(configuration.GetSection("Cleanup"))
            .Validate(options => options.HoldPeriod >= TimeSpan.Zero && options.HoldPeriod <= TimeSpan.FromDays(3650), "Cleanup:HoldPeriod must be 0 to 3650 days (14.00:00:00 for 14 days).")
            .Validate(options => options.LookEvery > TimeSpan.Zero, "Cleanup:LookEvery must be above zero.")
            .ValidateOnStart();
        services.AddSingleton<RunFeed>();
        services.AddSingleton<WaveFeed>();
        services.AddSingleton<CleanupFeed>();
        services.AddSingleton<HostFeed>();
        services.AddSingleton<HostService>();
        services.AddSingleton<HostGroupService>();
        services.AddSingleton<InventoryService>();
        services.AddSingleton<PreflightService>();
        services.AddSingleton<GuestConcerns>();
        services.AddSingleton<PlanService>();
        services.AddSingleton<PlanPlaces>();
        services.AddSingleton<LimitService>();
        services.AddSingleton<BandwidthGovernor>();
        services.AddSingleton<RunService>();
        services.AddSingleton<RunSettings>();
        services.AddSingleton<RunExecutor>();
        services.AddSingleton<RehearsalService>();
        services.AddSingleton<WaveService>();
        services.AddSingleton<WavePlanner>();
        services.AddSingleton<WaveDispatcher>();
        services.AddSingleton<CleanupSurvey>();
        services.AddSingleton<CleanupService>();
        services.AddSingleton<CleanupExecutor>();
        services.AddSingleton<RemainsList>();
        services.AddSingleton<AuditCheck>();
        services.AddSingleton<IRoute, BlockCopyRoute>();
        foreach (var contract in new[] { typeof(IGuestRule), typeof(IPreflightRule), typeof(IDiskRule) })
        {
            foreach (var rule in contract.Assembly.GetTypes().Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(contract)))
            {
                services.AddSingleton(contract, rule);
            }
        }

        services.AddNotifications(configuration);
        services.AddHostedService<RunWorker>();
        services.AddHostedService<WaveWorker>();
        services.AddHostedService<LimitWorker>();
        services.AddHostedService<CleanupWorker>();
        services.AddHostedService<InventoryWorker>();
        return services;
    }
    /// <summary>Adds what tells people of events; a part of <see cref="AddXen2KvmEngine"/>.</summary>
    private static void AddNotifications(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<NotificationOptions>().Bind(configuration.GetSection(NotificationOptions.Section))
            .Configure(options => options.PublicUrl = configuration["Dashboard:PublicUrl"])
            .Validate(
                options => options.TryReadNetworks(out _),
                "Notifications:AllowedNetworks holds something that is neither an address nor a network like 10.20.0.0/16.")
            .ValidateOnStart();
        services.AddSingleton<AddressGuard>();
        services.AddSingleton<WebhookSender>();
        services.AddSingleton<EmailSender>();
        services.AddSingleton<Courier>();
        services.AddSingleton<NotificationFeed>();
        services.AddSingleton<Notifier>();
        services.AddSingleton<ChannelService>();
        services.AddHostedService<NotificationWorker>();
    }
}
