namespace Xen2Kvm.Transfer.Jobs;

/// <summary>
/// The truth about a job, printed by <c>x2k-agent status JOBDIR</c>. Times are Unix milliseconds of the source host's clock, sizes bytes.
/// </summary>
public sealed record TransferStatus
{
    /// <summary>
    /// <c>absent</c> (nothing was ever started here), <c>running</c> (a runner holds the lock now), <c>interrupted</c> (a runner died or was
    /// stopped; start again to resume), <c>failed</c> (see <see cref="Error"/>; start again to resume), <c>cancelled</c>, <c>done</c>.
    /// </summary>
    public required string State { get; init; }

    /// <summary>The job's id.</summary>
    public string? JobId { get; init; }

    /// <summary>Process id of the runner, present or last; 0 when there never was one.</summary>
    public int Pid { get; init; }

    /// <summary>How many times a runner was started for this job.</summary>
    public int Attempt { get; init; }

    /// <summary>When the first runner started.</summary>
    public long StartedAt { get; init; }

    /// <summary>When this was written.</summary>
    public long UpdatedAt { get; init; }

    /// <summary>When everything was durable for the first time in this attempt, 0 before; the verification starts then.</summary>
    public long CopiedAt { get; init; }

    /// <summary>When the job ended, 0 while it has not.</summary>
    public long FinishedAt { get; init; }

    /// <summary><c>connect</c>, <c>copy</c>, <c>verify</c> or <c>done</c>.</summary>
    public string? Phase { get; init; }

    /// <summary>True while no connection to the target host is up and the runner keeps trying.</summary>
    public bool Reconnecting { get; init; }

    /// <summary>Connections that are up.</summary>
    public int Connections { get; init; }

    /// <summary>The compression in use now: 0 stores, else the zstd level.</summary>
    public int CompressionLevel { get; init; }

    /// <summary>What may be put on the wire per second now, by the job and its timetable; 0 = no limit.</summary>
    public long RateLimitBytesPerSecond { get; init; }

    /// <summary>Until when that holds by the timetable, 0 for good.</summary>
    public long RateLimitUntil { get; init; }

    /// <summary>Why it failed, or the reason of the last lost connection while <see cref="Reconnecting"/>.</summary>
    public TransferError? Error { get; init; }

    /// <summary>Per disk, in the job's order.</summary>
    public IReadOnlyList<DiskStatus> Disks { get; init; } = [];
}

/// <summary>Why a job failed.</summary>
/// <param name="Message">What happened, where, and what to do next.</param>
/// <param name="Disk">Id of the disk that it is about, if one.</param>
public sealed record TransferError(string Message, string? Disk);

/// <summary>Progress of one disk, bytes. No number falls during a run; after a resume they start from what was durable.</summary>
public sealed record DiskStatus
{
    /// <summary>The disk's id.</summary>
    public required string Id { get; init; }

    /// <summary><c>pending</c>, <c>copying</c>, <c>copied</c> (all durable), <c>verifying</c>, <c>verified</c> or <c>failed</c>.</summary>
    public required string State { get; init; }

    /// <summary>Length of the disk.</summary>
    public long TotalBytes { get; init; }

    /// <summary>Bytes found durable at the target when this attempt began; they are not read or sent again.</summary>
    public long ResumedBytes { get; init; }

    /// <summary>Source bytes processed: read, or known to be holes.</summary>
    public long ReadBytes { get; init; }

    /// <summary>Part of <see cref="ReadBytes"/> that is zero, found by extent or by page.</summary>
    public long ZeroBytes { get; init; }

    /// <summary>Part of <see cref="ReadBytes"/> that holds data.</summary>
    public long DataBytes { get; init; }

    /// <summary>Bytes put on the wire in this attempt, after compression, framing included, before SSH.</summary>
    public long SentBytes { get; init; }

    /// <summary>Disk bytes that the receiver has written (zero runs included), durable or not yet.</summary>
    public long WrittenBytes { get; init; }

    /// <summary>Disk bytes that survive a power cut of the target host and are journalled there.</summary>
    public long DurableBytes { get; init; }

    /// <summary>Disk bytes read back from the target's medium and found equal to the source.</summary>
    public long VerifiedBytes { get; init; }

    /// <summary>Disk bytes that were found different by the verification and copied again.</summary>
    public long RepairedBytes { get; init; }

    /// <summary>At the end: the hash over the region hashes, 32 hex digits, equal on both sides.</summary>
    public string? RootHash { get; init; }
}
