using Xen2Kvm.Domain.Waves;

namespace Xen2Kvm.Domain.Cleanups;

/// <summary>Where a cleanup stands.</summary>
/// <remarks>
/// Proposed → Approved → Deleting → Done | Failed. What differs from what was approved leads back to Proposed, or, once deletion has begun, to
/// Failed without an approval. From Failed it runs again, or is looked at anew and approved anew.
/// </remarks>
public enum CleanupState
{
    /// <summary>Waits for another person's approval.</summary>
    Proposed,

    /// <summary>Approved; a person starts it when its hold period is over.</summary>
    Approved,

    /// <summary>Its items are being deleted.</summary>
    Deleting,

    /// <summary>Everything that was to be deleted is gone.</summary>
    Done,

    /// <summary>Something could not be deleted; the rest is as recorded.</summary>
    Failed,

    /// <summary>Taken back or rejected: nothing more is deleted by it.</summary>
    Withdrawn,
}

/// <summary>Kinds of things that a moved guest leaves behind, in the order in which they are deleted: the lock goes last.</summary>
public enum RemainKind
{
    /// <summary>A logical volume of the Xen host. Its identity is its UUID and size.</summary>
    Volume,

    /// <summary>A disk in a file. Its identity is inode, size and time of change.</summary>
    Image,

    /// <summary>A kernel or initrd of dom0 that no other guest uses. Identity as of an image.</summary>
    Kernel,

    /// <summary>A disk that a rolled-back run left on the KVM host. Its identity is the mark of that run.</summary>
    TargetDisk,

    /// <summary>A run's directory on either host.</summary>
    JobFiles,

    /// <summary>The autostart file that was set aside. Its identity is its hash.</summary>
    Autostart,

    /// <summary>The note beside the locked configuration. Its identity is its hash.</summary>
    Note,

    /// <summary>The configuration, set aside by the move. Its identity is its hash.</summary>
    Config,

    /// <summary>The record of the guest's lock. Its identity is its hash.</summary>
    Lock,

    /// <summary>A disk that this program does not delete: a partition of the host, a DRBD resource, one that could not be looked at.</summary>
    OtherDisk,
}

/// <summary>What became of an item.</summary>
/// <param name="At">When.</param>
/// <param name="Gone">It is gone; else it could not be deleted.</param>
/// <param name="Text">In words: deleted, was gone already, or why not.</param>
public sealed record CleanupOutcome(DateTimeOffset At, bool Gone, string Text);

/// <summary>One thing that a moved guest left behind.</summary>
public sealed record CleanupItem
{
    /// <summary>The guest's name on Xen.</summary>
    public required string Guest { get; init; }

    /// <summary>The run that left it.</summary>
    public required Guid RunId { get; init; }

    /// <summary>Host that it lies on.</summary>
    public required Guid HostId { get; init; }

    /// <summary>That host's name.</summary>
    public required string Host { get; init; }

    /// <summary>What it is.</summary>
    public required RemainKind Kind { get; init; }

    /// <summary>Path on its host.</summary>
    public required string Path { get; init; }

    /// <summary>Space that it takes, in bytes; null when unknown.</summary>
    public long? Bytes { get; init; }

    /// <summary>What proves that it still is what was moved, in words.</summary>
    public required string Identity { get; init; }

    /// <summary>Why it is not deleted; null when it is to be.</summary>
    public string? Stays { get; init; }

    /// <summary>The command that deletes it, as for a shell; null for what stays.</summary>
    public string? Command { get; init; }

    /// <summary>What became of it; null before its turn.</summary>
    public CleanupOutcome? Outcome { get; init; }

    /// <summary>It is to be deleted, and not gone yet.</summary>
    public bool IsLeft => Stays is null && Outcome is not { Gone: true };

    /// <summary>Whether two stand for the same thing.</summary>
    public bool IsSameThing(CleanupItem other) => (HostId, Kind, Path, Guest) == (other.HostId, other.Kind, other.Path, other.Guest);

    /// <summary>It as a fact that an approval rests on.</summary>
    public ApprovedFact Fact() => new(Guest, $"{Word(Kind)} {Path} on {Host}", Stays is null ? Identity : $"{Identity}; stays: {Stays}");

    /// <summary>A kind as people say it.</summary>
    public static string Word(RemainKind kind) => kind switch
    {
        RemainKind.Volume => "volume",
        RemainKind.Image => "disk file",
        RemainKind.Kernel => "kernel file",
        RemainKind.TargetDisk => "disk of a rolled-back run",
        RemainKind.JobFiles => "directory of a run",
        RemainKind.Autostart => "autostart file",
        RemainKind.Note => "note",
        RemainKind.Config => "configuration",
        RemainKind.Lock => "lock",
        _ => "disk",
    };
}

/// <summary>A moved guest whose remains are to be deleted.</summary>
/// <param name="Name">Its name on Xen.</param>
/// <param name="SourceHostId">The Xen host.</param>
/// <param name="SourceHost">That host's name.</param>
/// <param name="TargetHost">Name of the KVM host where it runs.</param>
/// <param name="TargetName">Its name there.</param>
/// <param name="RunId">The run that moved it.</param>
/// <param name="ProvenAt">When that run proved it.</param>
public sealed record CleanupGuest(string Name, Guid SourceHostId, string SourceHost, string TargetHost, string TargetName, Guid RunId, DateTimeOffset ProvenAt);

/// <summary>A proposal to delete what moved guests left behind, and what became of it.</summary>
public sealed record Cleanup
{
    /// <summary>Guests in one cleanup at most.</summary>
    public const int MostGuests = 100;

    /// <summary>Stable id.</summary>
    public required Guid Id { get; init; }

    /// <summary>Where it stands.</summary>
    public CleanupState State { get; init; }

    /// <summary>The guests.</summary>
    public required IReadOnlyList<CleanupGuest> Guests { get; init; }

    /// <summary>What they left behind, in the order of deletion.</summary>
    public required IReadOnlyList<CleanupItem> Items { get; init; }

    /// <summary>How long a guest must have been proven before anything of it is deleted.</summary>
    public required TimeSpan Hold { get; init; }

    /// <summary>Who proposed the items as they are now.</summary>
    public required string ProposedBy { get; init; }

    /// <summary>When they were looked at.</summary>
    public required DateTimeOffset ProposedAt { get; init; }

    /// <summary>An approver's word on what is proposed now; null before it.</summary>
    public WaveDecision? Decision { get; init; }

    /// <summary>Why it is where it is, when a person must know; null otherwise.</summary>
    public string? Note { get; init; }

    /// <summary>The differences that made its approval void; empty otherwise. While there are any, it must be looked at anew.</summary>
    public IReadOnlyList<FactDifference> Drift { get; init; } = [];

    /// <summary>When it was first proposed.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Who started the deletion.</summary>
    public string? StartedBy { get; init; }

    /// <summary>When.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended, either way.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Rises with each change.</summary>
    public long Version { get; init; }

    /// <summary>Not yet at an end: its guests belong to it.</summary>
    public bool IsOpen => State is not (CleanupState.Done or CleanupState.Withdrawn);

    /// <summary>Something of its guests was deleted, or may have been: their runs cannot be rolled back any more.</summary>
    public bool HasBegun => StartedAt is not null;

    /// <summary>Bytes that are still to be freed.</summary>
    public long BytesLeft => Items.Where(item => item.IsLeft).Sum(item => item.Bytes ?? 0);

    /// <summary>Bytes that were freed.</summary>
    public long BytesFreed => Items.Where(item => item.Outcome is { Gone: true }).Sum(item => item.Bytes ?? 0);

    /// <summary>Its guests' names, as a title.</summary>
    public string Title => Guests.Count <= 3 ? string.Join(", ", Guests.Select(guest => guest.Name)) : $"{Guests[0].Name}, {Guests[1].Name} and {Guests.Count - 2} more";

    /// <summary>From when on it may be started: each guest has been proven for its own hold period, and at least for the one that is set now.</summary>
    public DateTimeOffset MayRunFrom(TimeSpan leastHold) => Guests.Max(guest => guest.ProvenAt) + (Hold > leastHold ? Hold : leastHold);

    /// <summary>Everything that an approval rests on.</summary>
    public IReadOnlyList<ApprovedFact> Facts() =>
    [
        .. Guests.Select(guest => new ApprovedFact(
            guest.Name, "moved", $"from {guest.SourceHost} to {guest.TargetHost} as {guest.TargetName} by run {guest.RunId}, proven {guest.ProvenAt.UtcDateTime:O}")),
        new("hold period", "", Hold.ToString()),
        .. Items.Select(item => item.Fact()),
    ];

    /// <summary>SHA-256 over all of <see cref="Facts"/>, as lower-case hex.</summary>
    public string Fingerprint() => ApprovedFact.Fingerprint(Facts());

    /// <summary>
    /// How what is found now differs from what was approved. What is gone meanwhile is no difference, and neither is what stays anyway; what is
    /// new and would be deleted with the rest is one.
    /// </summary>
    public IReadOnlyList<FactDifference> DifferencesTo(IReadOnlyList<CleanupItem> found)
    {
        var approved = Items.Where(item => item.IsLeft && found.Any(item.IsSameThing)).Select(item => item.Fact());
        var now = found.Where(item => !Items.Any(known => known.IsSameThing(item) && known.Stays is not null) && (item.Stays is null || Items.Any(item.IsSameThing)));
        return WaveDossier.Differences([.. approved], [.. now.Select(item => item.Fact())]);
    }
}
