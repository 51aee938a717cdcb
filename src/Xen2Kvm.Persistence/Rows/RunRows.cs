using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;

namespace Xen2Kvm.Persistence.Rows;

/// <summary>A plan: the document, and the columns that lists and joins need.</summary>
internal sealed class PlanRow
{
    public Guid Id { get; set; }

    public Guid SourceHostId { get; set; }

    public Guid TargetHostId { get; set; }

    public string GuestName { get; set; } = "";

    public DateTimeOffset CreatedAt { get; set; }

    public string CreatedBy { get; set; } = "";

    /// <summary>The <see cref="Plan"/> as JSON.</summary>
    public string Document { get; set; } = "{}";
}

/// <summary>A run of the ledger, with the claim on it.</summary>
internal sealed class RunRow
{
    public Guid Id { get; set; }

    public Guid PlanId { get; set; }

    public Guid? WaveId { get; set; }

    /// <summary>Source host's id; with <see cref="GuestName"/> the thing that only one unfinished run may move.</summary>
    public Guid SourceHostId { get; set; }

    public string GuestName { get; set; } = "";

    public string SourceHost { get; set; } = "";

    public string TargetHost { get; set; } = "";

    public RunState State { get; set; }

    public RunIntent Intent { get; set; }

    public string? IntentBy { get; set; }

    public bool DeleteTargetOnRollBack { get; set; }

    public string StartedBy { get; set; } = "";

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset? StartedAt { get; set; }

    public DateTimeOffset? FinishedAt { get; set; }

    public DateTimeOffset? DownSince { get; set; }

    public DateTimeOffset? UpAgainAt { get; set; }

    public string? Error { get; set; }

    /// <summary>The steps with their progress, as JSON.</summary>
    public string Steps { get; set; } = "[]";

    /// <summary>The open question as JSON, or null.</summary>
    public string? Question { get; set; }

    /// <summary>Answers by question id, as JSON.</summary>
    public string Answers { get; set; } = "{}";

    /// <summary>Rises with each claim, and when a person's act takes the run away from its worker: the fence.</summary>
    public long Epoch { get; set; }

    /// <summary>The worker that holds the claim; null when none does.</summary>
    public string? Worker { get; set; }

    /// <summary>Until when the claim is not taken over; null when none is held.</summary>
    public DateTimeOffset? LeaseUntil { get; set; }

    /// <summary>Number of the last log line; 0 before the first.</summary>
    public long LastSequence { get; set; }
}

/// <summary>One line of a run's log.</summary>
internal sealed class RunLogRow
{
    public Guid RunId { get; set; }

    public long Sequence { get; set; }

    public DateTimeOffset At { get; set; }

    public string? StepId { get; set; }

    public RunLogLevel Level { get; set; }

    public string Text { get; set; } = "";
}

/// <summary>One sample of a run's chart.</summary>
internal sealed class RunSampleRow
{
    public long Id { get; set; }

    public Guid RunId { get; set; }

    public DateTimeOffset At { get; set; }

    public double ReadBytesPerSecond { get; set; }

    public double SentBytesPerSecond { get; set; }

    public double DurableBytesPerSecond { get; set; }

    public bool? Reachable { get; set; }
}

/// <summary>A file kept as proof with a run.</summary>
internal sealed class RunEvidenceRow
{
    public Guid RunId { get; set; }

    public string Name { get; set; } = "";

    public string MediaType { get; set; } = "";

    public byte[] Content { get; set; } = [];

    public DateTimeOffset At { get; set; }
}
