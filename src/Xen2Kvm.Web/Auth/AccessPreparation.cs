using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using Xen2Kvm.Web.Hosting;

namespace Xen2Kvm.Web.Auth;

/// <summary>Once the server listens: makes roles and the local token, and announces the set-up link while there is no account.</summary>
internal sealed partial class AccessPreparation(
    IServiceScopeFactory scopes, SetupLink link, LocalToken localToken, IServer server, IOptions<DashboardOptions> options,
    ILogger<AccessPreparation> logger) : IHostedLifecycleService
{
    /// <inheritdoc/>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var firstAdmin = scope.ServiceProvider.GetRequiredService<FirstAdmin>();
        await firstAdmin.EnsureRolesAsync().ConfigureAwait(false);
        if (await firstAdmin.IsNeededAsync(cancellationToken).ConfigureAwait(false))
        {
            var address = options.Value.PublicUrl ?? server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? "";
            LogSetupLink(link.Open(address.Replace("[::]", "localhost", StringComparison.Ordinal).Replace("0.0.0.0", "localhost", StringComparison.Ordinal)));
        }
        else
        {
            link.Close();
        }

        // Written last: who waits for this file finds everything else ready.
        await localToken.RenewAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(5101, LogLevel.Warning, "There is no account yet. Make the first admin with this one-time link: {Link}")]
    private partial void LogSetupLink(string link);
}
