using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Radzen;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Components.Pages.Guests;
using Xen2Kvm.Web.Components.State;

namespace Xen2Kvm.Web.Components;

/// <summary>What the pages need from the container.</summary>
public static class PagesRegistration
{
    /// <summary>Adds the services that components inject besides the engine's.</summary>
    public static IServiceCollection AddPages(this IServiceCollection services)
    {
        services.AddRazorComponents().AddInteractiveServerComponents();
        services.AddRadzenComponents();
        services.AddCascadingAuthenticationState();
        services.AddScoped<AuthenticationStateProvider, CircuitAccess>();
        services.AddHttpContextAccessor();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<RunReader>();
        services.TryAddSingleton<WaveReader>();
        services.TryAddSingleton<GuestReader>();

        // One per browser window (circuit): who looks, and the second hand.
        services.TryAddScoped<Viewer>();
        services.TryAddScoped<Ticker>();
        services.TryAddScoped<SearchIndex>();
        return services;
    }
}
