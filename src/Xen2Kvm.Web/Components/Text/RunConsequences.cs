using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;

namespace Xen2Kvm.Web.Components.Text;

/// <summary>Which acts a run allows now, and what each will do, in exact words. Pure.</summary>
public static class RunConsequences
{
    /// <summary>It can be stopped.</summary>
    public static bool CanStop(Run run) =>
        run.State is RunState.Queued or RunState.Running or RunState.NeedsAnswer && run.Intent == RunIntent.Forward;

    /// <summary>It can go on.</summary>
    public static bool CanResume(Run run) => run.State is RunState.Failed or RunState.Stopped;

    /// <summary>It can be rolled back.</summary>
    public static bool CanRollBack(Run run) => run.State is not (RunState.Queued or RunState.RollingBack or RunState.RolledBack);

    /// <summary>What stopping does.</summary>
    public static IReadOnlyList<string> OfStop(Run run) =>
    [
        run.CurrentStep is { } step && run.State == RunState.Running
            ? $"The step “{step.Title}” ends at the next safe point; what is done is kept, and is not done again on a resume."
            : "Nothing more is begun; what is done is kept.",
        IsDown(run)
            ? $"{run.GuestName} stays down meanwhile: it is off on {run.SourceHost} and does not run on {run.TargetHost}. Roll back to bring it up on {run.SourceHost}."
            : RunText.IsPastCutover(run) ? $"{run.GuestName} keeps running on {run.TargetHost}." : $"{run.GuestName} keeps running on {run.SourceHost}.",
        "You can resume or roll back later, from any browser.",
    ];

    /// <summary>What resuming does.</summary>
    public static IReadOnlyList<string> OfResume(Run run) =>
    [
        "Both hosts are looked at first: work that is already true there is not repeated.",
        run.CurrentStep is { } step ? $"It goes on with “{step.Title}”." : "It goes on where it was.",
        IsDown(run) || RunText.IsPastCutover(run)
            ? "The downtime goes on counting until the guest answers."
            : $"{run.GuestName} will be shut down on {run.SourceHost} when its turn comes.",
    ];

    /// <summary>What rolling back does; <paramref name="cutoverAt"/> is the time of the cutover as text, when there was one.</summary>
    public static IReadOnlyList<string> OfRollBack(Run run, string? cutoverAt)
    {
        var lines = new List<string>();
        if (RunText.IsPastCutover(run))
        {
            lines.Add($"{run.GuestName} is switched off on {run.TargetHost} and its definition there is removed.");
            lines.Add($"What it has written on {run.TargetHost} since the cutover{(cutoverAt is null ? "" : $" ({cutoverAt})")} is lost: {run.SourceHost} has its disks as they were before.");
        }
        else
        {
            lines.Add("The steps done so far are undone, the last one first. Nothing is lost: the guest has not run anywhere else.");
        }

        lines.Add(run.DownSince is null
            ? $"{run.GuestName} was not shut down by this run and keeps its state on {run.SourceHost}."
            : $"{run.GuestName} is unlocked on {run.SourceHost}, and started there if it ran when the run began.");
        return lines;
    }

    /// <summary>The further consent of a roll-back; null when nothing was made on the target.</summary>
    public static string? DeleteOption(Run run, Plan? plan) => plan is null || plan.Target.Disks.Count == 0
        ? null
        : $"Also delete the target's disks on {run.TargetHost} ({Formats.Size(plan.Target.Disks.Sum(disk => disk.SizeBytes))} in {string.Join(", ", plan.Target.Disks.Select(disk => disk.Path))}). Otherwise they stay, and take their room.";

    /// <summary>The step of the cutover.</summary>
    public static RunStep? Cutover(Run run) => run.Steps.FirstOrDefault(step => step.IsCutover);

    private static bool IsDown(Run run) => run is { DownSince: not null, UpAgainAt: null } && !RunText.IsPastCutover(run);
}
