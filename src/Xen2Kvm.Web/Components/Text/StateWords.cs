using Xen2Kvm.Domain.Cleanups;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Notifications;
using Host = Xen2Kvm.Domain.Inventory.Host;

namespace Xen2Kvm.Web.Components.Text;

/// <summary>How a state is shown: its word, its tone (a colour class) and its icon. All three, always.</summary>
/// <param name="Word">One or two words.</param>
/// <param name="Tone">grey, blue, amber, green, red or violet.</param>
/// <param name="Icon">Name of an icon.</param>
public sealed record ShownState(string Word, string Tone, string Icon);

/// <summary>The one place that says how each state is shown.</summary>
public static class StateWords
{
    /// <summary>State of a run.</summary>
    public static ShownState Of(RunState state) => state switch
    {
        RunState.Queued => new("Queued", "grey", "clock"),
        RunState.Running => new("Running", "blue", "play"),
        RunState.NeedsAnswer => new("Needs you", "amber", "hand"),
        RunState.Succeeded => new("Proven", "green", "check"),
        RunState.Failed => new("Failed", "red", "cross"),
        RunState.Stopped => new("Stopped", "amber", "pause"),
        RunState.RollingBack => new("Rolling back", "violet", "undo"),
        RunState.RolledBack => new("Rolled back", "violet", "undo"),
        _ => new("Unknown", "grey", "question"),
    };

    /// <summary>State of a wave.</summary>
    public static ShownState Of(WaveState state) => state switch
    {
        WaveState.Draft => new("Draft", "grey", "plans"),
        WaveState.Submitted => new("Needs approval", "amber", "hand"),
        WaveState.Approved => new("Approved", "blue", "check"),
        WaveState.Running => new("Running", "blue", "play"),
        WaveState.Paused => new("Paused", "amber", "pause"),
        WaveState.Done => new("Done", "green", "check"),
        _ => new("Given up", "grey", "cross"),
    };

    /// <summary>State of a plan within its wave.</summary>
    public static ShownState Of(EntryState state) => state switch
    {
        EntryState.Waiting => new("Waiting", "grey", "clock"),
        EntryState.Held => new("Held", "amber", "pause"),
        EntryState.Blocked => new("Cannot start", "red", "lock"),
        EntryState.Running => Of(RunState.Running),
        EntryState.NeedsYou => Of(RunState.NeedsAnswer),
        EntryState.Proven => Of(RunState.Succeeded),
        EntryState.RollingBack => Of(RunState.RollingBack),
        _ => Of(RunState.RolledBack),
    };

    /// <summary>State of a cleanup.</summary>
    public static ShownState Of(CleanupState state) => state switch
    {
        CleanupState.Proposed => new("Needs approval", "amber", "hand"),
        CleanupState.Approved => new("Approved", "blue", "check"),
        CleanupState.Deleting => new("Deleting", "blue", "play"),
        CleanupState.Done => new("Deleted", "green", "check"),
        CleanupState.Failed => new("Failed", "red", "cross"),
        _ => new("Withdrawn", "grey", "back"),
    };

    /// <summary>What became of an item of a cleanup.</summary>
    public static ShownState Of(CleanupItem item, CleanupState state) => item switch
    {
        { Outcome.Gone: true } => new("Deleted", "green", "check"),
        { Stays: not null } => new("Stays", "grey", "lock"),
        { Outcome: not null } => new("Not deleted", "red", "cross"),
        _ when state == CleanupState.Deleting => new("Waiting", "grey", "clock"),
        _ => new("Remains", "grey", "disk"),
    };

    /// <summary>What a notification tells of.</summary>
    public static ShownState Of(NotificationKind kind) => kind switch
    {
        NotificationKind.RunFailed => Of(RunState.Failed),
        NotificationKind.RunNeedsAnswer => Of(RunState.NeedsAnswer),
        NotificationKind.WaveNeedsApproval or NotificationKind.CleanupNeedsApproval => new("Needs approval", "amber", "hand"),
        NotificationKind.WaveNeedsYou or NotificationKind.CleanupNeedsYou => Of(RunState.NeedsAnswer),
        NotificationKind.WaveStartsSoon => new("Starts soon", "blue", "clock"),
        NotificationKind.RunFinished or NotificationKind.WaveFinished => new("Finished", "green", "check"),
        _ => new("Unknown", "grey", "question"),
    };

    /// <summary>State of a step.</summary>
    public static ShownState Of(StepState state) => state switch
    {
        StepState.Pending => new("Pending", "grey", "circle"),
        StepState.Running => new("Running", "blue", "play"),
        StepState.Done => new("Done", "green", "check"),
        StepState.Failed => new("Failed", "red", "cross"),
        StepState.Undone => new("Undone", "violet", "undo"),
        _ => new("Unknown", "grey", "question"),
    };

    /// <summary>State of a step within its run: a step in work does not run while the run waits for a person or was stopped.</summary>
    public static ShownState Of(RunStep step, Run run) => (step.State, run.State) switch
    {
        (StepState.Running, RunState.NeedsAnswer) => Of(RunState.NeedsAnswer),
        (StepState.Running, RunState.Stopped) => Of(RunState.Stopped),
        (StepState.Running or StepState.Done or StepState.Failed, RunState.RollingBack) when step.Id == run.Steps.LastOrDefault(known => known.State is StepState.Running or StepState.Done or StepState.Failed)?.Id =>
            new("Undoing", "violet", "undo"),
        _ => Of(step.State),
    };

    /// <summary>Power state of a guest.</summary>
    public static ShownState Of(PowerState state) => state switch
    {
        PowerState.Running => new("Running", "blue", "play"),
        PowerState.Paused => new("Paused", "amber", "pause"),
        PowerState.Off => new("Off", "grey", "stop"),
        PowerState.Crashed => new("Crashed", "red", "cross"),
        _ => new("Unknown", "grey", "question"),
    };

    /// <summary>How much a concern matters.</summary>
    public static ShownState Of(Severity severity) => severity switch
    {
        Severity.Blocker => new("Blocker", "red", "cross"),
        Severity.Warning => new("Warning", "amber", "warning"),
        _ => new("Info", "grey", "info"),
    };

    /// <summary>Severities, the heaviest first.</summary>
    public static IReadOnlyList<Severity> Severities { get; } = [Severity.Blocker, Severity.Warning, Severity.Info];

    /// <summary>A number of findings of one severity: <c>2 blockers</c>.</summary>
    public static string Count(Severity severity, int count) => Formats.Count(count, Of(severity).Word.ToLowerInvariant());

    /// <summary>Whether a host answers.</summary>
    public static ShownState Of(Host host) => host switch
    {
        { UnreachableSince: not null } => new("Unreachable", "red", "cross"),
        { LastSeenAt: null } => new("No inventory yet", "grey", "circle"),
        _ => new("Reachable", "green", "check"),
    };

    /// <summary>Result of a check; null when it was not tried.</summary>
    public static ShownState OfCheck(bool? passed) => passed switch
    {
        true => new("Passed", "green", "check"),
        false => new("Failed", "red", "cross"),
        null => new("Not tried", "grey", "circle"),
    };

    /// <summary>Level of a log line.</summary>
    public static string Level(RunLogLevel level) => level switch
    {
        RunLogLevel.Debug => "debug",
        RunLogLevel.Info => "info",
        RunLogLevel.Warning => "warning",
        _ => "error",
    };

    /// <summary>Kind of guest, as people write it.</summary>
    public static string Kind(GuestKind kind) => kind switch
    {
        GuestKind.Pv => "PV",
        GuestKind.Pvh => "PVH",
        GuestKind.Hvm => "HVM",
        _ => "KVM",
    };

    /// <summary>Kind of host, as people write it.</summary>
    public static string Kind(HostKind kind) => kind == HostKind.Xen ? "Xen" : "KVM";

    /// <summary>Where a fact was read.</summary>
    public static string Source(FactSource source) => source switch
    {
        FactSource.Config => "configuration file",
        FactSource.RunningDomain => "running domain",
        FactSource.Disk => "guest's disk",
        _ => "host",
    };
}
