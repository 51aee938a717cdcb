using Microsoft.Extensions.Diagnostics.HealthChecks;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Web.Hosting;

/// <summary>The dashboard is healthy when its database answers.</summary>
internal sealed class DatabaseHealth(IAuditLog audit) : IHealthCheck
{
    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await audit.SearchAsync(new AuditQuery(), 1, cancellationToken).ConfigureAwait(false);
        return HealthCheckResult.Healthy();
    }
}
