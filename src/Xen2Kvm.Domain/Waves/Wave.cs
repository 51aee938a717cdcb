namespace Xen2Kvm.Domain.Waves;

/// <summary>Where a wave stands.</summary>
/// <remarks>
/// Draft → Submitted → Approved → Running ⇄ Paused → Done. A rejection, a withdrawal and anything that makes an approval void lead back to
/// Draft; runs in flight go on meanwhile, and nothing new starts. Cancelled ends a wave whose runs have come to rest.
/// </remarks>
public enum WaveState
{
    /// <summary>Being planned; nothing is approved.</summary>
    Draft,

    /// <summary>Waits for approval.</summary>
    Submitted,

    /// <summary>Approved; starts by hand, or by itself when its window opens.</summary>
    Approved,

    /// <summary>Starts its plans as windows, order and limits allow.</summary>
    Running,

    /// <summary>Starts nothing new; what runs goes on.</summary>
    Paused,

    /// <summary>Every plan has come to its end.</summary>
    Done,

    /// <summary>Given up by a person.</summary>
    Cancelled,
}

/// <summary>What happens to a plan of a wave whose run fails.</summary>
public enum FailurePolicy
{
    /// <summary>The run stays as it failed; a person resumes it or rolls it back.</summary>
    LeaveToPerson,

    /// <summary>It is rolled back when the guest had not started on KVM; after that a person decides, since what it wrote there would be lost.</summary>
    RollBackBeforeCutover,

    /// <summary>It is rolled back always: the guest runs on Xen again, without what it wrote on KVM.</summary>
    RollBack,
}

/// <summary>What happens when a window closes while a wave is not through.</summary>
public enum OverrunPolicy
{
    /// <summary>Runs in flight are finished; the rest waits for the next window.</summary>
    FinishRunning,

    /// <summary>What is not proven is rolled back; the rest waits for the next window.</summary>
    RollBackUnproven,

    /// <summary>The wave goes on to its end, once it has begun in a window.</summary>
    GoOn,
}

/// <summary>The rules under which a wave runs.</summary>
public sealed record WavePolicy
{
    /// <summary>Runs of the wave at the same time.</summary>
    public int MaxConcurrent { get; init; } = 2;

    /// <summary>Runs at the same time that leave one Xen host, those of other waves and single ones included.</summary>
    public int MaxPerSourceHost { get; init; } = 2;

    /// <summary>Runs at the same time that go to one KVM host, those of other waves and single ones included.</summary>
    public int MaxPerTargetHost { get; init; } = 2;

    /// <summary>The wave pauses when so many of its plans failed or were rolled back; 0 for never.</summary>
    public int StopAfterFailures { get; init; } = 1;

    /// <summary>What happens to a failed run.</summary>
    public FailurePolicy OnFailure { get; init; } = FailurePolicy.RollBackBeforeCutover;

    /// <summary>What happens when a window closes.</summary>
    public OverrunPolicy Overrun { get; init; } = OverrunPolicy.FinishRunning;

    /// <summary>Approvals needed: 1 or 2, by different people who did not submit the wave.</summary>
    public int ApproversNeeded { get; init; } = 1;

    /// <summary>Hours for which an approval holds.</summary>
    public int ApprovalHours { get; init; } = 168;

    /// <summary>What makes no sense, each as a sentence that says what to give instead.</summary>
    public IEnumerable<string> Problems()
    {
        if (MaxConcurrent is < 1 or > 500 || MaxPerSourceHost is < 1 or > 500 || MaxPerTargetHost is < 1 or > 500)
        {
            yield return "Give 1 to 500 runs at the same time, for the wave and for each host.";
        }

        if (StopAfterFailures is < 0 or > 5000)
        {
            yield return "Give the number of failures after which the wave pauses, or 0 for never.";
        }

        if (ApproversNeeded is not (1 or 2))
        {
            yield return "A wave needs one or two approvers.";
        }

        if (ApprovalHours is < 1 or > 2160)
        {
            yield return "Let an approval hold for 1 to 2160 hours (90 days).";
        }
    }
}

/// <summary>A plan's place in a wave.</summary>
public sealed record WaveEntry
{
    /// <summary>The plan.</summary>
    public required Guid PlanId { get; init; }

    /// <summary>Guest name on Xen.</summary>
    public required string GuestName { get; init; }

    /// <summary>Host it leaves.</summary>
    public required Guid SourceHostId { get; init; }

    /// <summary>That host's name.</summary>
    public required string SourceHost { get; init; }

    /// <summary>Host it goes to.</summary>
    public required Guid TargetHostId { get; init; }

    /// <summary>That host's name.</summary>
    public required string TargetHost { get; init; }

    /// <summary>Plans of the same wave that must be proven before this one starts.</summary>
    public IReadOnlyList<Guid> DependsOn { get; init; } = [];

    /// <summary>A name for plans that belong together; null for none.</summary>
    public string? Group { get; init; }

    /// <summary>Goes first: everything that is no canary waits for its proof.</summary>
    public bool IsCanary { get; init; }

    /// <summary>A person holds it back; the wave goes on without it.</summary>
    public bool IsHeld { get; init; }

    /// <summary>A run of it that was rolled back and counts no more, since a person wants it tried again; null for none.</summary>
    public Guid? Superseded { get; init; }
}

/// <summary>An approver's word on a submitted wave, or on a proposed cleanup.</summary>
/// <param name="By">User name.</param>
/// <param name="At">When.</param>
/// <param name="Approved">Approved, or rejected.</param>
/// <param name="Reason">Why; required for a rejection.</param>
/// <param name="Fingerprint">Fingerprint of what was shown to them.</param>
public sealed record WaveDecision(string By, DateTimeOffset At, bool Approved, string Reason, string Fingerprint);

/// <summary>Plans that go together, with order, windows and limits.</summary>
public sealed record Wave
{
    /// <summary>Stable id.</summary>
    public required Guid Id { get; init; }

    /// <summary>Name, unique among waves that have not ended.</summary>
    public required string Name { get; init; }

    /// <summary>Where it stands.</summary>
    public WaveState State { get; init; }

    /// <summary>Its plans; what may start goes in this order.</summary>
    public IReadOnlyList<WaveEntry> Entries { get; init; } = [];

    /// <summary>Its rules.</summary>
    public WavePolicy Policy { get; init; } = new();

    /// <summary>When it may run; empty for any time, and then it is started by hand.</summary>
    public WaveCalendar Calendar { get; init; } = new();

    /// <summary>A person has put it off: nothing of it starts before this time, whatever its windows say. Null for not.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Who submitted it last.</summary>
    public string? SubmittedBy { get; init; }

    /// <summary>When.</summary>
    public DateTimeOffset? SubmittedAt { get; init; }

    /// <summary>SHA-256 over everything that was submitted, as lower-case hex; null in a draft.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>What approvers said of this submission, in order; a rejection stays until the wave is submitted again.</summary>
    public IReadOnlyList<WaveDecision> Decisions { get; init; } = [];

    /// <summary>Why it is where it is, when a person must know: the reason of a pause, what made its approval void.</summary>
    public string? Note { get; init; }

    /// <summary>The differences that made its approval void; empty otherwise.</summary>
    public IReadOnlyList<FactDifference> Drift { get; init; } = [];

    /// <summary>Failures that a person has seen and gone on from; only those beyond count for <see cref="WavePolicy.StopAfterFailures"/>.</summary>
    public int FailuresAccepted { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Who made it.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>When it first started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Who started it; <c>its window</c> when it started by itself.</summary>
    public string? StartedBy { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Rises with each change: who changes it names the version they saw.</summary>
    public long Version { get; init; }

    /// <summary>Not yet at an end: its guests belong to it.</summary>
    public bool IsOpen => State is not (WaveState.Done or WaveState.Cancelled);

    /// <summary>Approvals of what is submitted now, each by another person, that hold at a time.</summary>
    public IEnumerable<WaveDecision> ApprovalsAt(DateTimeOffset now) => Decisions
        .Where(decision => decision.Approved && decision.Fingerprint == Fingerprint && now < decision.At.AddHours(Policy.ApprovalHours))
        .DistinctBy(decision => decision.By, StringComparer.OrdinalIgnoreCase);
}

/// <summary>A wave does not allow what was asked; the message is for the person who asked.</summary>
public sealed class WaveException(string message) : Exception(message);
