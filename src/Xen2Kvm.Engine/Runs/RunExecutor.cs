using Microsoft.Extensions.Options;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Limits;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Runs;

/// <summary>Resolves what a claimed run works with, and carries it out.</summary>
public sealed class RunExecutor(
    IRunStore runs, RunSettings settings, IHostConnector connector, RunFeed feed, BandwidthGovernor bandwidth, IOptions<RunOptions> options, TimeProvider time)
{
    /// <summary>Works until the run ends, waits for a person, or the claim is lost.</summary>
    /// <exception cref="ClaimLostException">Another worker has taken over.</exception>
    public async Task CarryOutAsync(Run run, RunClaim claim, CancellationToken cancellationToken)
    {
        var journal = new RunJournal(time);
        if (await settings.LoadAsync(run.PlanId, host => connector.Shell(host, journal), cancellationToken).ConfigureAwait(false) is { } setting)
        {
            await new RunExecution(run, claim, setting with { Bandwidth = bandwidth }, journal, runs, feed, options.Value, time).CarryOutAsync(cancellationToken)
                .ConfigureAwait(false);
            return;
        }

        const string reason = "The plan, a host or the route of this run is gone. Add the host again, or make a new plan.";
        journal.Add(reason, RunLogLevel.Error);
        var failed = run with { State = RunState.Failed, Error = reason, FinishedAt = time.GetUtcNow() };
        await runs.SaveAsync(claim, failed, journal.Take(), cancellationToken).ConfigureAwait(false);
        await runs.ReleaseAsync(claim, cancellationToken).ConfigureAwait(false);
    }
}
