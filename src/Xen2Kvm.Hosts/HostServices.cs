using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Hosts.Ssh;

namespace Xen2Kvm.Hosts;

/// <summary>Registers the far side.</summary>
public static class HostServices
{
    /// <summary>Adds <see cref="IHostConnector"/> with its options, section <c>Ssh</c>. Needs an <see cref="IHostStore"/> that lives as long as the program.</summary>
    public static IServiceCollection AddXen2KvmHosts(this IServiceCollection services)
    {
        services.AddOptions<SshOptions>().BindConfiguration("Ssh").ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SshOptions>, SshOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<SshRuntimeDirectory>();
        services.TryAddSingleton<IHostConnector, HostConnector>();
        return services;
    }

    private sealed class SshOptionsValidator : IValidateOptions<SshOptions>
    {
        public ValidateOptionsResult Validate(string? name, SshOptions options) =>
            options.Problems().ToList() is { Count: > 0 } problems ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;
    }
}
