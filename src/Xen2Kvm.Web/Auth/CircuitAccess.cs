using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.Extensions.Options;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Hosting;

namespace Xen2Kvm.Web.Auth;

/// <summary>
/// Who stands before an open page. A page makes no further request that could be refused, so it looks again every few seconds: when the
/// session has ended, or its holder has another role, the page loses all rights and loads itself anew.
/// </summary>
internal sealed partial class CircuitAccess(
    ISessionStore sessions, IOptions<DashboardOptions> options, ILoggerFactory loggers, ILogger<CircuitAccess> logger)
    : RevalidatingServerAuthenticationStateProvider(loggers)
{
    /// <inheritdoc/>
    protected override TimeSpan RevalidationInterval => TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override async Task<bool> ValidateAuthenticationStateAsync(AuthenticationState authenticationState, CancellationToken cancellationToken)
    {
        var user = authenticationState.User;
        try
        {
            return user.SessionId() is { } session
                && await sessions.FindAsync(session, options.Value.SessionIdle, cancellationToken).ConfigureAwait(false) is { } holder
                && new Standing(holder.Role, holder.Grants).IsSame(Standing.Of(user));
        }
        catch (ObjectDisposedException)
        {
            // The program ends, and the page with it.
            return false;
        }
        catch (Exception failure) when (failure is not (OperationCanceledException or OutOfMemoryException))
        {
            // Without the database nobody can do anything; the page stays, and looks again.
            LogFailed(failure);
            return true;
        }
    }

    [LoggerMessage(5102, LogLevel.Warning, "Whether an open page may go on could not be read; it is tried again")]
    private partial void LogFailed(Exception failure);
}
