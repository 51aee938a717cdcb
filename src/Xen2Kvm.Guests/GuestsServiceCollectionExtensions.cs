using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Guests.Appliance;

namespace Xen2Kvm.Guests;

/// <summary>Registers guest conversion.</summary>
public static class GuestsServiceCollectionExtensions
{
    /// <summary>Adds the <see cref="IGuestConverter"/>. Register <see cref="ApplianceOptions"/> before to change its settings.</summary>
    public static IServiceCollection AddXen2KvmGuests(this IServiceCollection services)
    {
        services.TryAddSingleton(new ApplianceOptions());
        services.TryAddSingleton<IGuestConverter, GuestConverter>();
        return services;
    }
}
