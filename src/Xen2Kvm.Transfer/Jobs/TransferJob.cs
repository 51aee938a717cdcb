namespace Xen2Kvm.Transfer.Jobs;

/// <summary>
/// One copy of the disks of a stopped guest: the content of <c>job.json</c> in a job directory, written by the engine, read by <c>x2k-agent start</c>.
/// All sizes and offsets are bytes. The file holds a secret (the hash seed): write it with mode 0600.
/// </summary>
/// <remarks>Optional members are settable, not init-only: the JSON generator would replace the default of a missing init-only member by zero.</remarks>
public sealed record TransferJob
{
    /// <summary>Unique name of the job, such as the run's id. The receiver's state directory is bound to it.</summary>
    public required string Id { get; init; }

    /// <summary>
    /// The command that reaches <c>x2k-agent receive STATEDIR</c> on the target host, as argv, such as
    /// <c>["ssh", "-i", "key", "root@10.77.0.20", "/path/x2k-agent", "receive", "/path/state"]</c>. It is started once per connection, found through
    /// PATH, and speaks the protocol on its standard input and output. No shell is involved on this host; ssh hands the words after the
    /// address to a shell on the other, so quote those.
    /// </summary>
    public required IReadOnlyList<string> Transport { get; init; }

    /// <summary>
    /// How many transport processes carry data, 1 to <see cref="MaxConnections"/>. Left out: two, or one where the source host has a single
    /// processor, which two would only share.
    /// </summary>
    public int? Connections { get; set; }

    /// <summary>Seed of all hashes: 16 hex digits, random per job, so that no guest can prepare colliding content.</summary>
    public required string HashSeed { get; init; }

    /// <summary><c>auto</c> (adapts to the bottleneck), <c>none</c>, or a fixed zstd level <c>1</c> to <c>19</c>.</summary>
    public string Compression { get; set; } = "auto";

    /// <summary>
    /// Upper bound for bytes on the wire per second, all connections together; 0 = no limit. A <see cref="RateTimetable"/> may bound it further.
    /// </summary>
    public long RateLimitBytesPerSecond { get; set; }

    /// <summary>The copy round. 0 = full copy. Later rounds (changes since the last one) are refused until they are built.</summary>
    public uint Round { get; set; }

    /// <summary>Data is made durable and journalled at the latest after this many bytes per connection, or 5 seconds.</summary>
    public long FlushBytes { get; set; } = 128L * 1024 * 1024;

    /// <summary>How long to keep trying to reach a lost far side before the job fails, in seconds.</summary>
    public int ReconnectSeconds { get; set; } = 600;

    /// <summary>The disks; copied in parallel.</summary>
    public required IReadOnlyList<TransferDisk> Disks { get; init; }

    /// <summary>Most connections of a job.</summary>
    public const int MaxConnections = 4;
}

/// <summary>One source and where it lands.</summary>
public sealed record TransferDisk
{
    /// <summary>Name in status and messages, unique in the job, such as <c>xvda1</c>.</summary>
    public required string Id { get; init; }

    /// <summary>Block device or image file (raw) on the source host. Opened for reading only.</summary>
    public required string Source { get; init; }

    /// <summary>First byte to copy.</summary>
    public long SourceOffset { get; set; }

    /// <summary>Bytes to copy; need not be a multiple of anything.</summary>
    public required long Length { get; init; }

    /// <summary>Where it goes.</summary>
    public required TransferTarget Target { get; init; }
}

/// <summary>A place on the target host. It must exist and be long enough; the agent creates and grows nothing.</summary>
public sealed record TransferTarget
{
    /// <summary>
    /// <c>file</c> (raw image), <c>block</c> (device), <c>qcow2</c> (image file; the receiver starts <c>qemu-nbd</c> for it) or
    /// <c>nbd</c> (unix socket of an NBD server with one unnamed export).
    /// </summary>
    public required string Kind { get; init; }

    /// <summary>Absolute path of the file, device or socket.</summary>
    public required string Path { get; init; }

    /// <summary>Where the disk's first byte lands, bytes. Several disks may share one target in ranges that do not overlap.</summary>
    public long Offset { get; set; }

    /// <summary><c>skip</c>: the range is known to read as zero (fresh sparse file), zero runs need no write. <c>write</c>: it may hold old data.</summary>
    public string Zeroes { get; set; } = "write";
}
