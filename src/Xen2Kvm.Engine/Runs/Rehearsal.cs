using System.Text.Json;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Runs;

/// <summary>What a run of a plan would do if it were started now.</summary>
/// <param name="PlanId">The plan.</param>
/// <param name="Guest">Guest's name on its source.</param>
/// <param name="At">When it was rehearsed.</param>
/// <param name="Steps">Its steps in order, as far as it came.</param>
public sealed record Rehearsal(Guid PlanId, string Guest, DateTimeOffset At, IReadOnlyList<RehearsedStep> Steps)
{
    /// <summary>Why a run would fail; null when nothing that can be seen now speaks against it.</summary>
    public string? Problem => Steps is [.., { Problem: { } problem }] ? problem : null;
}

/// <summary>A step of a rehearsal.</summary>
/// <param name="Id">The step's stable id.</param>
/// <param name="Title">What it does, in one line.</param>
/// <param name="Note">What no command tells; empty when there is nothing to add.</param>
/// <param name="Problem">Why a run would fail here; null when nothing speaks against it.</param>
/// <param name="Commands">Its commands in order. They hold an id that every run gets anew.</param>
public sealed record RehearsedStep(string Id, string Title, string Note, string? Problem, IReadOnlyList<RehearsedCommand> Commands);

/// <summary>Goes through all steps of a plan without changing anything: what only reads is run, what changes something is written down.</summary>
public sealed class RehearsalService(RunSettings settings, IHostConnector connector, IRunStore runs, TimeProvider time)
{
    private const int AtOnce = 4;

    /// <summary>Rehearses plans, in their order.</summary>
    /// <exception cref="RefusedException">A plan, a host or its route is gone.</exception>
    public async Task<IReadOnlyList<Rehearsal>> RehearseAsync(IReadOnlyList<Guid> plans, CancellationToken cancellationToken)
    {
        var rehearsals = new Rehearsal[plans.Count];
        await Parallel.ForEachAsync(
            plans.Index(), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (plan, token) => rehearsals[plan.Index] = await RehearseAsync(plan.Item, token).ConfigureAwait(false)).ConfigureAwait(false);
        return rehearsals;
    }

    /// <summary>Rehearses one plan, up to the first step that would fail.</summary>
    /// <exception cref="RefusedException">The plan, a host or its route is gone.</exception>
    public async Task<Rehearsal> RehearseAsync(Guid planId, CancellationToken cancellationToken)
    {
        var commands = new List<RehearsedCommand>();
        var setting = await settings.LoadAsync(planId, host => connector.Rehearse(host, commands.Add), cancellationToken).ConfigureAwait(false)
            ?? throw new RefusedException("The plan, a host or the route of it is gone. Add the host again, or make a new plan.");
        var (at, done) = (time.GetUtcNow(), new List<RehearsedStep>());
        var run = RunSetting.Draft(setting.Plan, setting.SourceHost, setting.TargetHost, setting.Route, null, "", at);
        foreach (var step in setting.Route.Steps)
        {
            var context = new StepContext(
                run, step.Id, setting.Plan, setting.SourceHost, setting.TargetHost, setting.Source, setting.Target, setting.Xen, setting.Kvm, runs, time,
                _ => { }, _ => { });
            var outcome = await OutcomeAsync(step, context, cancellationToken).ConfigureAwait(false);
            done.Add(new RehearsedStep(step.Id, step.Title(setting.Plan), outcome.Note, outcome.Problem, [.. commands]));
            commands.Clear();
            if (outcome.Problem is not null)
            {
                break;
            }

            run = run.With(run.Steps.First(record => record.Id == step.Id) with
            {
                State = StepState.Done,
                Output = outcome.Output is null ? null : JsonSerializer.Serialize(outcome.Output, RunJson.Options),
            });
        }

        return new Rehearsal(planId, setting.Plan.Source.Name, at, done);
    }

    private static async Task<StepRehearsal> OutcomeAsync(IStep step, StepContext context, CancellationToken cancellationToken)
    {
        try
        {
            return await step.RehearseAsync(context, cancellationToken).ConfigureAwait(false);
        }
        catch (RemoteException failure)
        {
            return new StepRehearsal(Problem: failure.Message);
        }
    }
}
