using Microsoft.Extensions.Options;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Limits;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Routes;

namespace Xen2Kvm.Engine.Runs;

/// <summary>Resolves what a claimed run works with, and carries it out.</summary>
public sealed class RunExecutor(
    IRunStore runs, IPlanStore plans, IHostStore hosts, IHostConnector connector, IEnumerable<IRoute> routes, RunFeed feed,
    BandwidthGovernor bandwidth, IOptions<RunOptions> options, TimeProvider time)
{
    private readonly Dictionary<string, IRoute> _routes = routes.ToDictionary(route => route.Id, StringComparer.Ordinal);

    /// <summary>Works until the run ends, waits for a person, or the claim is lost.</summary>
    /// <exception cref="ClaimLostException">Another worker has taken over.</exception>
    public async Task CarryOutAsync(Run run, RunClaim claim, CancellationToken cancellationToken)
    {
        var journal = new RunJournal(time);
        if (await LoadAsync(run, journal, cancellationToken).ConfigureAwait(false) is { } setting)
        {
            await new RunExecution(run, claim, setting, journal, runs, feed, options.Value, time).CarryOutAsync(cancellationToken)
                .ConfigureAwait(false);
            return;
        }

        const string reason = "The plan, a host or the route of this run is gone. Add the host again, or make a new plan.";
        journal.Add(reason, RunLogLevel.Error);
        var failed = run with { State = RunState.Failed, Error = reason, FinishedAt = time.GetUtcNow() };
        await runs.SaveAsync(claim, failed, journal.Take(), cancellationToken).ConfigureAwait(false);
        await runs.ReleaseAsync(claim, cancellationToken).ConfigureAwait(false);
    }

    private async Task<RunSetting?> LoadAsync(Run run, RunJournal journal, CancellationToken cancellationToken)
    {
        if (await plans.FindAsync(run.PlanId, cancellationToken).ConfigureAwait(false) is not { } plan
            || await hosts.FindAsync(plan.SourceHostId, cancellationToken).ConfigureAwait(false) is not { } source
            || await hosts.FindAsync(plan.TargetHostId, cancellationToken).ConfigureAwait(false) is not { } target
            || !_routes.TryGetValue(plan.Route, out var route))
        {
            return null;
        }

        var (from, to) = (connector.Shell(source, journal), connector.Shell(target, journal));
        return new RunSetting(
            plan, source, target, from, to, connector.Xen(from), connector.Kvm(to), connector.Kvm(connector.Shell(target)), route, bandwidth);
    }
}
