namespace Xen2Kvm.Domain.Runs;

/// <summary>Where a run stands.</summary>
/// <remarks>
/// Queued → Running ⇄ NeedsAnswer → Succeeded | Failed | Stopped. From every state but Queued and RolledBack a roll-back can be asked for:
/// RollingBack → RolledBack | Failed. Failed and Stopped go on with Running when a person resumes them; the runner probes first, so work
/// that is already true on the hosts is not repeated.
/// </remarks>
public enum RunState
{
    /// <summary>Waits for a worker.</summary>
    Queued,

    /// <summary>A worker carries out its steps.</summary>
    Running,

    /// <summary>A step asks a person something; nothing moves until the answer.</summary>
    NeedsAnswer,

    /// <summary>Every step is done.</summary>
    Succeeded,

    /// <summary>A step failed; resume or roll back.</summary>
    Failed,

    /// <summary>A person stopped it; resume or roll back.</summary>
    Stopped,

    /// <summary>Steps are being undone.</summary>
    RollingBack,

    /// <summary>Undone: the guest is back on its source host.</summary>
    RolledBack,
}

/// <summary>What a person wants from a run.</summary>
public enum RunIntent
{
    /// <summary>Go forward to the end.</summary>
    Forward,

    /// <summary>Stop as soon as it is safe; keep everything.</summary>
    Stop,

    /// <summary>Undo: back to the source host.</summary>
    RollBack,
}

/// <summary>One execution of one plan.</summary>
public sealed record Run
{
    /// <summary>Stable id.</summary>
    public required Guid Id { get; init; }

    /// <summary>The plan.</summary>
    public required Guid PlanId { get; init; }

    /// <summary>The wave it belongs to; null when it was started on its own.</summary>
    public Guid? WaveId { get; init; }

    /// <summary>Guest name, for lists.</summary>
    public required string GuestName { get; init; }

    /// <summary>Source host's name, for lists.</summary>
    public required string SourceHost { get; init; }

    /// <summary>Target host's name, for lists.</summary>
    public required string TargetHost { get; init; }

    /// <summary>Where it stands.</summary>
    public required RunState State { get; init; }

    /// <summary>What a person wants.</summary>
    public RunIntent Intent { get; init; } = RunIntent.Forward;

    /// <summary>Delete the target's disks when rolling back; recorded consent of <see cref="IntentBy"/>.</summary>
    public bool DeleteTargetOnRollBack { get; init; }

    /// <summary>Who asked for the intent.</summary>
    public string? IntentBy { get; init; }

    /// <summary>The whole pipeline from the start, pending steps included.</summary>
    public required IReadOnlyList<RunStep> Steps { get; init; }

    /// <summary>Who started it.</summary>
    public required string StartedBy { get; init; }

    /// <summary>When it was asked for.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When a worker began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended, either way.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>When the guest stopped answering on the source (shutdown asked for).</summary>
    public DateTimeOffset? DownSince { get; init; }

    /// <summary>When the guest answered again (on either host); the downtime is the difference.</summary>
    public DateTimeOffset? UpAgainAt { get; init; }

    /// <summary>The open question of a step, in <see cref="RunState.NeedsAnswer"/>.</summary>
    public RunQuestion? Question { get; init; }

    /// <summary>Answers given so far, by question id; a step reads the answer to its own question.</summary>
    public IReadOnlyDictionary<string, string> Answers { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Why it failed, with what to do next.</summary>
    public string? Error { get; init; }

    /// <summary>The step that runs, waits, failed or comes next; null when all are done.</summary>
    public RunStep? CurrentStep => Steps.FirstOrDefault(step => step.State is not (StepState.Done or StepState.Undone));

    /// <summary>The guest's downtime until <paramref name="now"/> or until it answered again; null before it went down.</summary>
    public TimeSpan? Downtime(DateTimeOffset now) => DownSince is { } since ? (UpAgainAt ?? now) - since : null;

    /// <summary>Whether a worker has something to do.</summary>
    public bool IsActive => State is RunState.Queued or RunState.Running or RunState.RollingBack;

    /// <summary>Whether it has come to an end that only a person changes.</summary>
    public bool IsEnded => State is RunState.Succeeded or RunState.Failed or RunState.Stopped or RunState.RolledBack;

    /// <summary>This run with one step replaced.</summary>
    public Run With(RunStep step) => this with { Steps = [.. Steps.Select(old => old.Id == step.Id ? step : old)] };
}

/// <summary>A question that only a person can decide.</summary>
/// <param name="Id">Stable within the run: <c>shutdown-timeout-1</c>.</param>
/// <param name="StepId">The step that asks.</param>
/// <param name="Text">The question with its facts.</param>
/// <param name="Options">The possible answers.</param>
public sealed record RunQuestion(string Id, string StepId, string Text, IReadOnlyList<RunQuestionOption> Options);

/// <summary>A possible answer.</summary>
/// <param name="Value">Stable value: <c>wait</c>.</param>
/// <param name="Label">The button's words, saying what it costs.</param>
public sealed record RunQuestionOption(string Value, string Label);

/// <summary>Where a step stands.</summary>
public enum StepState
{
    /// <summary>Not begun.</summary>
    Pending,

    /// <summary>In work.</summary>
    Running,

    /// <summary>Done; its output is recorded.</summary>
    Done,

    /// <summary>Failed; see its error.</summary>
    Failed,

    /// <summary>Undone by a roll-back.</summary>
    Undone,
}

/// <summary>One persisted stage of a run.</summary>
public sealed record RunStep
{
    /// <summary>Stable id: <c>copy</c>.</summary>
    public required string Id { get; init; }

    /// <summary>What it does, in one line.</summary>
    public required string Title { get; init; }

    /// <summary>Where it stands.</summary>
    public StepState State { get; init; }

    /// <summary>From here on the guest has left the source; undoing it loses what was written since.</summary>
    public bool IsCutover { get; init; }

    /// <summary>How often it was started.</summary>
    public int Attempts { get; init; }

    /// <summary>When it first began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>The durable handle its Start returned (JSON or plain text).</summary>
    public string? Handle { get; init; }

    /// <summary>Its typed output as JSON, once done.</summary>
    public string? Output { get; init; }

    /// <summary>Why it failed, with what to do next.</summary>
    public string? Error { get; init; }

    /// <summary>Latest progress; null when it has none.</summary>
    public StepProgress? Progress { get; init; }
}

/// <summary>Progress of a step at one time.</summary>
public sealed record StepProgress
{
    /// <summary>What it is doing, in a few words.</summary>
    public string Text { get; init; } = "";

    /// <summary>When this was read from the host.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Bytes of work done; null when not measured in bytes.</summary>
    public long? DoneBytes { get; init; }

    /// <summary>Bytes of work in all.</summary>
    public long? TotalBytes { get; init; }

    /// <summary>Mean rate over the last seconds in bytes per second of work done.</summary>
    public double? BytesPerSecond { get; init; }

    /// <summary>Mean rate over the last seconds at which bytes went over the network, compressed; null when nothing is sent.</summary>
    public double? SentBytesPerSecond { get; init; }

    /// <summary>Shortest likely remaining time; null while it cannot be told honestly.</summary>
    public TimeSpan? EtaLow { get; init; }

    /// <summary>Longest likely remaining time.</summary>
    public TimeSpan? EtaHigh { get; init; }

    /// <summary>What the ETA rests on: <c>rate of the last 60 s</c>.</summary>
    public string? EtaBasis { get; init; }

    /// <summary>Per disk.</summary>
    public IReadOnlyList<DiskProgress> Disks { get; init; } = [];

    /// <summary>What an agent may send, as it says itself; null where no agent is at work.</summary>
    public CopyPace? Pace { get; init; }
}

/// <summary>Progress of one disk's copy.</summary>
public sealed record DiskProgress
{
    /// <summary>Vdev of the source disk.</summary>
    public required string Disk { get; init; }

    /// <summary>Size in bytes.</summary>
    public required long TotalBytes { get; init; }

    /// <summary>Bytes of the source gone through, zeroes included.</summary>
    public long ReadBytes { get; init; }

    /// <summary>Of these, zero or not allocated.</summary>
    public long ZeroBytes { get; init; }

    /// <summary>Bytes sent over the network, compressed.</summary>
    public long SentBytes { get; init; }

    /// <summary>Bytes of the disk that are durable on the target.</summary>
    public long DurableBytes { get; init; }

    /// <summary>Bytes read again on the target and found equal to the source's hashes.</summary>
    public long VerifiedBytes { get; init; }

    /// <summary>pending, copying, copied, verifying, verified, failed.</summary>
    public string State { get; init; } = "pending";

    /// <summary>Mean rate of what happens to it now, in bytes per second; null while it cannot be told.</summary>
    public double? BytesPerSecond { get; init; }

    /// <summary>Shortest likely time until that is done.</summary>
    public TimeSpan? EtaLow { get; init; }

    /// <summary>Longest likely time until that is done.</summary>
    public TimeSpan? EtaHigh { get; init; }

    /// <summary>
    /// All of it is on the target, and it is read again there. (Regions are compared as soon as they are durable, so that the comparison
    /// begins before the copy ends; what is shown is the copy until it is complete.)
    /// </summary>
    public bool IsComparing() => TotalBytes > 0 && DurableBytes >= TotalBytes && VerifiedBytes > 0;

    /// <summary>Bytes done of what happens to it now: made durable, then compared.</summary>
    public long DoneBytes() => IsComparing() ? VerifiedBytes : DurableBytes;
}

/// <summary>One sample of the throughput chart.</summary>
/// <param name="At">When.</param>
/// <param name="ReadBytesPerSecond">Source bytes gone through per second.</param>
/// <param name="SentBytesPerSecond">Network bytes per second.</param>
/// <param name="DurableBytesPerSecond">Bytes made durable (or verified) on the target per second.</param>
/// <param name="Reachable">Whether the guest answered a ping; null when not asked.</param>
public sealed record RunSample(
    DateTimeOffset At, double ReadBytesPerSecond, double SentBytesPerSecond, double DurableBytesPerSecond, bool? Reachable = null);

/// <summary>Level of a log line.</summary>
public enum RunLogLevel
{
    /// <summary>Commands and their output.</summary>
    Debug,

    /// <summary>What happens.</summary>
    Info,

    /// <summary>Something unexpected that does not stop the run.</summary>
    Warning,

    /// <summary>What stopped it.</summary>
    Error,
}

/// <summary>One line of a run's log. The log is append-only; sequence numbers rise by run.</summary>
/// <param name="Sequence">Number within the run, from 1.</param>
/// <param name="At">When.</param>
/// <param name="StepId">The step, or null for the run itself.</param>
/// <param name="Level">Level.</param>
/// <param name="Text">The line; secrets are already removed.</param>
public sealed record RunLogLine(long Sequence, DateTimeOffset At, string? StepId, RunLogLevel Level, string Text);
