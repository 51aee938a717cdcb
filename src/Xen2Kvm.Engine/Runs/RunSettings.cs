using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Limits;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Routes;

namespace Xen2Kvm.Engine.Runs;

/// <summary>Everything one execution works with, resolved once.</summary>
internal sealed record RunSetting(
    Plan Plan, Host SourceHost, Host TargetHost, IRemoteShell Source, IRemoteShell Target, IXenHost Xen, IKvmHost Kvm, IKvmHost Watcher, IRoute Route,
    BandwidthGovernor? Bandwidth = null)
{
    /// <summary>A run of it that nothing has been done of.</summary>
    public static Run Draft(Plan plan, Host? source, Host? target, IRoute route, Guid? waveId, string by, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        PlanId = plan.Id,
        WaveId = waveId,
        GuestName = plan.Source.Name,
        SourceHost = source?.Name ?? "?",
        TargetHost = target?.Name ?? "?",
        State = RunState.Queued,
        Steps = [.. route.Steps.Select(step => new RunStep { Id = step.Id, Title = step.Title(plan), IsCutover = step.IsCutover })],
        StartedBy = by,
        CreatedAt = now,
    };
}

/// <summary>Resolves what a plan is carried out with.</summary>
public sealed class RunSettings(IPlanStore plans, IHostStore hosts, IHostConnector connector, IEnumerable<IRoute> routes)
{
    private readonly Dictionary<string, IRoute> _routes = routes.ToDictionary(route => route.Id, StringComparer.Ordinal);

    /// <summary>The setting of a plan; null when the plan, a host or the route is gone.</summary>
    /// <param name="planId">The plan.</param>
    /// <param name="shell">Makes the shells that the work goes over.</param>
    /// <param name="cancellationToken">Cancels.</param>
    internal async Task<RunSetting?> LoadAsync(Guid planId, Func<Host, IRemoteShell> shell, CancellationToken cancellationToken)
    {
        if (await plans.FindAsync(planId, cancellationToken).ConfigureAwait(false) is not { } plan
            || await hosts.FindAsync(plan.SourceHostId, cancellationToken).ConfigureAwait(false) is not { } source
            || await hosts.FindAsync(plan.TargetHostId, cancellationToken).ConfigureAwait(false) is not { } target
            || !_routes.TryGetValue(plan.Route, out var route))
        {
            return null;
        }

        var (from, to) = (shell(source), shell(target));
        return new RunSetting(
            plan, source, target, from, to, connector.Xen(from), connector.Kvm(to), connector.Kvm(connector.Shell(target)), route);
    }
}
