using System.Globalization;
using Xen2Kvm.Domain.Runs;

namespace Xen2Kvm.Engine.Notifications;

/// <summary>Which state of a run people are told of, and in which words.</summary>
public static class RunEvents
{
    /// <summary>The event of a run that has just come into its state; null for a state that nobody waits for.</summary>
    /// <param name="run">The run in its new state.</param>
    /// <param name="transition">Rises with each change of its state.</param>
    public static NotificationEvent? Of(Run run, long transition)
    {
        return run.State switch
        {
            RunState.Failed => Event(NotificationKind.RunFailed, $"{run.GuestName}: the run failed", run.Error ?? "The run's log says why."),
            RunState.NeedsAnswer => Event(
                NotificationKind.RunNeedsAnswer, $"{run.GuestName} needs an answer", run.Question?.Text ?? "The run waits for a person."),
            RunState.Succeeded => Event(
                NotificationKind.RunFinished, $"{run.GuestName} runs on {run.TargetHost}",
                $"Moved from {run.SourceHost} to {run.TargetHost}; every step is done.{Downtime()}"),
            RunState.RolledBack => Event(
                NotificationKind.RunFinished, $"{run.GuestName} was rolled back", $"It is on {run.SourceHost} again.{Downtime()}"),
            _ => null,
        };

        NotificationEvent Event(NotificationKind kind, string title, string text) =>
            new(kind, run.Id, transition.ToString(CultureInfo.InvariantCulture), title, text);

        string Downtime() => run is { DownSince: { } since, UpAgainAt: { } until }
            ? $" It was down for {(int)(until - since).TotalMinutes} min {(until - since).Seconds} s."
            : "";
    }
}
