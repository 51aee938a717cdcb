using System.Collections.Immutable;
using Xen2Kvm.Domain.Runs;

namespace Xen2Kvm.Persistence.Stores;

/// <summary>What a person's act makes of a run. Pure: null stands for "its state does not allow it".</summary>
/// <remarks>
/// While a worker runs it (Running, RollingBack) only the intent is recorded; the worker sees it at its next renewal. In every other
/// state nothing moves on the hosts, so the state changes at once.
/// </remarks>
internal static class RunRules
{
    /// <summary>The run after a person said what they want.</summary>
    public static Run? WithIntent(Run run, RunIntent intent, string by, bool deleteTarget, DateTimeOffset now)
    {
        // Consent to deletion belongs to the roll-back it was given with; any other wish takes it back.
        var wanted = run with { Intent = intent, IntentBy = by, DeleteTargetOnRollBack = intent == RunIntent.RollBack && deleteTarget };
        return (intent, run.State) switch
        {
            (RunIntent.Forward, RunState.Failed or RunState.Stopped) => wanted with
            {
                State = RunState.Queued,
                Error = null,
                FinishedAt = null,
                Steps = [.. run.Steps.Select(ToDoAgain)],
            },
            (RunIntent.Stop, RunState.Queued or RunState.NeedsAnswer) => wanted with
            {
                State = RunState.Stopped,
                Question = null,
                FinishedAt = now,
            },
            (RunIntent.Stop, RunState.Running) => wanted,
            (RunIntent.RollBack, RunState.Running or RunState.RollingBack) => wanted,
            (RunIntent.RollBack, RunState.NeedsAnswer or RunState.Failed or RunState.Stopped or RunState.Succeeded) => wanted with
            {
                State = RunState.RollingBack,
                Question = null,
                FinishedAt = null,
            },
            _ => null,
        };
    }

    /// <summary>The run after a person's answer; null when that question is not open.</summary>
    /// <exception cref="ArgumentException">The question offers no such answer.</exception>
    public static Run? WithAnswer(Run run, string questionId, string value)
    {
        if (run.State != RunState.NeedsAnswer || run.Question is not { } question || question.Id != questionId)
        {
            return null;
        }

        if (question.Options.All(option => option.Value != value))
        {
            throw new ArgumentException(
                $"“{value}” is no answer to {questionId}; choose one of {string.Join(", ", question.Options.Select(option => option.Value))}.",
                nameof(value));
        }

        return run with
        {
            State = RunState.Queued,
            Question = null,
            Answers = run.Answers.ToImmutableDictionary(StringComparer.Ordinal).SetItem(questionId, value),
        };
    }

    /// <summary>
    /// The run when its worker lets go of it: a wish that was recorded while the worker held it, too late for the worker to see, takes
    /// effect now. A failed run stays failed, since the roll-back itself may be what failed.
    /// </summary>
    public static Run AtRelease(Run run, DateTimeOffset now) => (run.Intent, run.State) switch
    {
        (RunIntent.RollBack, RunState.NeedsAnswer or RunState.Stopped or RunState.Succeeded) or (RunIntent.Stop, RunState.NeedsAnswer) =>
            WithIntent(run, run.Intent, run.IntentBy ?? "", run.DeleteTargetOnRollBack, now) ?? run,
        _ => run,
    };

    /// <summary>
    /// A failed step is tried again with the handle it has. A step that a roll-back has undone begins anew: were it left as it is, the
    /// run would pass over it.
    /// </summary>
    private static RunStep ToDoAgain(RunStep step) => step.State switch
    {
        StepState.Failed => step with { State = StepState.Pending, Error = null, FinishedAt = null },
        StepState.Undone => new RunStep { Id = step.Id, Title = step.Title, IsCutover = step.IsCutover, Attempts = step.Attempts },
        _ => step,
    };
}
