using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Preflight;
using Xen2Kvm.Engine.Routes;

namespace Xen2Kvm.Engine.Runs;

/// <summary>What a person can do with runs. The work itself is done by <see cref="RunWorker"/>.</summary>
public sealed class RunService(
    IRunStore runs, IPlanStore plans, IHostStore hosts, IWaveStore waves, ICleanupStore cleanups, PreflightService preflight, IEnumerable<IRoute> routes, IAuditLog audit,
    RunFeed feed, TimeProvider time)
{
    /// <summary>Runs, newest first.</summary>
    public Task<IReadOnlyList<Run>> ListAsync(int most, CancellationToken cancellationToken) => runs.ListAsync(most, cancellationToken);

    /// <summary>The runs of some ids, in any order; ids that are not known are left out.</summary>
    public Task<IReadOnlyList<Run>> ListAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken) => runs.ListAsync(ids, cancellationToken);

    /// <summary>The latest run of each guest that has one, without its steps.</summary>
    public Task<IReadOnlyList<LatestRun>> ListLatestAsync(CancellationToken cancellationToken) => runs.ListLatestAsync(cancellationToken);

    /// <summary>One run, or null.</summary>
    public Task<Run?> FindAsync(Guid id, CancellationToken cancellationToken) => runs.FindAsync(id, cancellationToken);

    /// <summary>Log lines after a sequence number.</summary>
    public Task<IReadOnlyList<RunLogLine>> ReadLogAsync(Guid id, long after, int most, CancellationToken cancellationToken) =>
        runs.ReadLogAsync(id, after, most, cancellationToken);

    /// <summary>The last log lines that a query lets through, in order.</summary>
    public Task<IReadOnlyList<RunLogLine>> ReadLogBackAsync(Guid id, RunLogQuery query, CancellationToken cancellationToken) =>
        runs.ReadLogBackAsync(id, query, cancellationToken);

    /// <summary>Chart samples since a time.</summary>
    public Task<IReadOnlyList<RunSample>> ReadSamplesAsync(Guid id, DateTimeOffset since, CancellationToken cancellationToken) =>
        runs.ReadSamplesAsync(id, since, cancellationToken);

    /// <summary>Files kept as proof, without their content.</summary>
    public Task<IReadOnlyList<RunEvidence>> ListEvidenceAsync(Guid id, CancellationToken cancellationToken) =>
        runs.ListEvidenceAsync(id, withContent: false, cancellationToken);

    /// <summary>One such file, or null.</summary>
    public Task<RunEvidence?> FindEvidenceAsync(Guid id, string name, CancellationToken cancellationToken) =>
        runs.FindEvidenceAsync(id, name, cancellationToken);

    /// <summary>Starts a run of a plan on its own: fresh preflight first.</summary>
    /// <exception cref="RefusedException">A blocker, an unaccepted warning, another run of the same guest, or a wave that has the guest.</exception>
    public async Task<Run> StartAsync(Guid planId, string by, CancellationToken cancellationToken)
    {
        var plan = await plans.FindAsync(planId, cancellationToken).ConfigureAwait(false) ?? throw new RefusedException("This plan is not known.");
        if (await waves.FindOpenOfAsync(plan.SourceHostId, plan.Source.Name, cancellationToken).ConfigureAwait(false) is { } wave)
        {
            throw new RefusedException($"{plan.Source.Name} is in the wave {wave.Name} and starts with it. Take it out of the wave to start it on its own.");
        }

        var concerns = await preflight.CheckAsync(plan, cancellationToken).ConfigureAwait(false);
        var stopping = PreflightService.Stopping(plan, concerns, time.GetUtcNow());
        if (stopping.Count > 0)
        {
            throw new RefusedException("The preflight does not allow a start: "
                + string.Join(" ", stopping.Select(concern => $"[{concern.Id} {concern.Severity}] {concern.Title}"))
                + " Mend the blockers; accept the warnings by name.");
        }

        return await BeginAsync(plan, null, by, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Adds the run of a plan that has passed its preflight.</summary>
    /// <exception cref="RefusedException">Another run of the same guest has not come to its end.</exception>
    internal async Task<Run> BeginAsync(Plan plan, Guid? waveId, string by, CancellationToken cancellationToken)
    {
        var source = await hosts.FindAsync(plan.SourceHostId, cancellationToken).ConfigureAwait(false);
        var target = await hosts.FindAsync(plan.TargetHostId, cancellationToken).ConfigureAwait(false);
        var route = routes.FirstOrDefault(candidate => candidate.Id == plan.Route)
            ?? throw new RefusedException($"The route {plan.Route} of this plan is not known to this program.");
        var run = RunSetting.Draft(plan, source, target, route, waveId, by, time.GetUtcNow());
        if (!await runs.CreateAsync(run, plan.SourceHostId, cancellationToken).ConfigureAwait(false))
        {
            throw new RefusedException($"Another run of {plan.Source.Name} on {run.SourceHost} has not come to its end. Resume it or roll it back first.");
        }

        await AuditAsync(by, "run.start", run, "", cancellationToken).ConfigureAwait(false);
        feed.Changed(run.Id);
        return run;
    }

    /// <summary>Stops a run as soon as it is safe; everything is kept.</summary>
    public Task<Run> StopAsync(Guid id, string by, CancellationToken cancellationToken) =>
        IntendAsync(id, RunIntent.Stop, by, false, "run.stop", cancellationToken);

    /// <summary>Goes on with a failed or stopped run.</summary>
    public Task<Run> ResumeAsync(Guid id, string by, CancellationToken cancellationToken) =>
        IntendAsync(id, RunIntent.Forward, by, false, "run.resume", cancellationToken);

    /// <summary>Undoes a run: the guest runs on its source again. The target's disks stay unless their deletion is asked for.</summary>
    /// <exception cref="RefusedException">Its state does not allow it, or a cleanup has begun to delete what it would go back to.</exception>
    public async Task<Run> RollBackAsync(Guid id, bool deleteTarget, string by, CancellationToken cancellationToken) =>
        await cleanups.FindBegunOfAsync(id, cancellationToken).ConfigureAwait(false) is { } cleanup
            ? throw new RefusedException($"The cleanup of {cleanup.Title} has begun to delete what this run left on Xen: there is nothing to roll back to.")
            : await IntendAsync(id, RunIntent.RollBack, by, deleteTarget, "run.rollback", cancellationToken).ConfigureAwait(false);

    /// <summary>Answers the open question of a run.</summary>
    public async Task AnswerAsync(Guid id, string questionId, string value, string by, CancellationToken cancellationToken)
    {
        var run = await runs.FindAsync(id, cancellationToken).ConfigureAwait(false) ?? throw new RefusedException("This run is not known.");
        if (run.Question is not { } question || question.Id != questionId || question.Options.All(option => option.Value != value)
            || !await runs.AnswerAsync(id, questionId, value, by, cancellationToken).ConfigureAwait(false))
        {
            throw new RefusedException("This question is not open any more. Reload the page to see where the run stands.");
        }

        await AuditAsync(by, "run.answer", run, $"{questionId} = {value}", cancellationToken).ConfigureAwait(false);
        feed.Changed(id);
    }

    private async Task<Run> IntendAsync(
        Guid id, RunIntent intent, string by, bool deleteTarget, string action, CancellationToken cancellationToken)
    {
        var run = await runs.SetIntentAsync(id, intent, by, deleteTarget, cancellationToken).ConfigureAwait(false)
            ?? throw new RefusedException("The run's state does not allow this now. Reload the page to see where it stands.");
        await AuditAsync(by, action, run, deleteTarget ? "delete the target's disks" : "", cancellationToken).ConfigureAwait(false);
        feed.Changed(id);
        return run;
    }

    private Task AuditAsync(string by, string action, Run run, string detail, CancellationToken cancellationToken) =>
        audit.AppendAsync(new AuditEntry(time.GetUtcNow(), by, action, $"{run.GuestName} ({run.Id})", detail), cancellationToken);
}
