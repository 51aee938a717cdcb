using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;

namespace Xen2Kvm.Engine.Ports;

/// <summary>Hosts and their inventories.</summary>
public interface IHostStore
{
    /// <summary>All hosts by name.</summary>
    Task<IReadOnlyList<Host>> ListAsync(CancellationToken cancellationToken);

    /// <summary>One host, or null.</summary>
    Task<Host?> FindAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Adds or replaces a host; name and id are unique.</summary>
    Task SaveAsync(Host host, CancellationToken cancellationToken);

    /// <summary>An inventory succeeded: the host is reachable. Nothing else of it is touched, so a change by a person meanwhile stays.</summary>
    Task SetSeenAsync(Guid id, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>A contact failed: unreachable since then, unless it was before, and why.</summary>
    Task SetUnreachableAsync(Guid id, DateTimeOffset at, string error, CancellationToken cancellationToken);

    /// <summary>Removes a host with its secret and inventory.</summary>
    Task RemoveAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>The secret of a host (private key text or password), decrypted; null when it has none.</summary>
    Task<string?> GetSecretAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Stores the secret of a host, encrypted.</summary>
    Task SetSecretAsync(Guid id, string? secret, CancellationToken cancellationToken);

    /// <summary>The latest snapshot, or null.</summary>
    Task<HostSnapshot?> GetSnapshotAsync(Guid hostId, CancellationToken cancellationToken);

    /// <summary>
    /// For each host that has a snapshot a number that changes whenever the snapshot does: who keeps what it read asks this, and reads only
    /// what is not as it was.
    /// </summary>
    Task<IReadOnlyDictionary<Guid, long>> ListSnapshotVersionsAsync(CancellationToken cancellationToken);

    /// <summary>Stores a snapshot as the latest, with its differences from the one before.</summary>
    Task SaveSnapshotAsync(Guid hostId, HostSnapshot snapshot, IReadOnlyList<SnapshotDifference> differences, CancellationToken cancellationToken);

    /// <summary>Differences found since a time, newest first, at most 500.</summary>
    Task<IReadOnlyList<(DateTimeOffset At, SnapshotDifference Difference)>> ListDifferencesAsync(
        Guid hostId, DateTimeOffset since, CancellationToken cancellationToken);
}

/// <summary>The latest plan of a guest, as a list shows it.</summary>
/// <param name="Id">The plan.</param>
/// <param name="SourceHostId">Host that the guest leaves.</param>
/// <param name="GuestName">Guest name on it.</param>
public sealed record LatestPlan(Guid Id, Guid SourceHostId, string GuestName);

/// <summary>The latest run of a guest, as a list shows it.</summary>
/// <param name="Id">The run.</param>
/// <param name="SourceHost">Name of the host that the guest leaves.</param>
/// <param name="GuestName">Guest name on it.</param>
/// <param name="State">Where the run stands.</param>
public sealed record LatestRun(Guid Id, string SourceHost, string GuestName, RunState State);

/// <summary>The newest run of a guest, whole, with the id of the host that the guest leaves.</summary>
/// <param name="SourceHostId">The source host.</param>
/// <param name="Run">The run.</param>
public sealed record NewestRun(Guid SourceHostId, Run Run);

/// <summary>That a run came to rest, and where guests are no longer as they were since.</summary>
/// <param name="SourceHost">Name of the host that the guest leaves.</param>
/// <param name="TargetHost">Name of the host that it goes to.</param>
/// <param name="At">When.</param>
public sealed record RunEnd(string SourceHost, string TargetHost, DateTimeOffset At);

/// <summary>Which lines of a log are read, from its end.</summary>
public sealed record RunLogQuery
{
    /// <summary>Only lines before this sequence number.</summary>
    public long Before { get; init; } = long.MaxValue;

    /// <summary>So many lines at most.</summary>
    public int Most { get; init; } = 1000;

    /// <summary>Only lines of this step; null for all.</summary>
    public string? StepId { get; init; }

    /// <summary>Only lines of this level and above.</summary>
    public RunLogLevel Level { get; init; }

    /// <summary>Only lines that hold this text, whatever the case of its letters (of those of ASCII); null or empty for all.</summary>
    public string? Text { get; init; }

    /// <summary>Whether a line is of the step, the level and the text; its place in the log is not looked at.</summary>
    public bool Passes(RunLogLine line) => (StepId is null || line.StepId == StepId) && line.Level >= Level
        && (string.IsNullOrEmpty(Text) || line.Text.Contains(Text, StringComparison.OrdinalIgnoreCase));
}

/// <summary>Plans.</summary>
public interface IPlanStore
{
    /// <summary>All plans, newest first.</summary>
    Task<IReadOnlyList<Plan>> ListAsync(CancellationToken cancellationToken);

    /// <summary>The latest plan of each guest that has one, without its document.</summary>
    Task<IReadOnlyList<LatestPlan>> ListLatestAsync(CancellationToken cancellationToken);

    /// <summary>One plan, or null.</summary>
    Task<Plan?> FindAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Adds or replaces a plan.</summary>
    Task SaveAsync(Plan plan, CancellationToken cancellationToken);
}

/// <summary>A worker's claim on a run; every write carries the epoch.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Epoch">Rises with each claim.</param>
public readonly record struct RunClaim(Guid RunId, long Epoch);

/// <summary>The worker's claim was taken over; it must stop touching anything.</summary>
public sealed class ClaimLostException(Guid runId) : Exception($"Another worker has taken over run {runId}.");

/// <summary>Says which of the runs in flight may not begin now.</summary>
/// <param name="inFlight">All runs in flight.</param>
/// <param name="cancellationToken">Ends the wait.</param>
/// <returns>Ids of runs that have to wait.</returns>
public delegate Task<IReadOnlyCollection<Guid>> RunGate(IReadOnlyList<Run> inFlight, CancellationToken cancellationToken);

/// <summary>The run ledger. Each call is one transaction.</summary>
public interface IRunStore
{
    /// <summary>Adds a queued run. Refuses (returns false) while another unfinished run moves the same guest of the same source host.</summary>
    Task<bool> CreateAsync(Run run, Guid sourceHostId, CancellationToken cancellationToken);

    /// <summary>One run, or null.</summary>
    Task<Run?> FindAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Runs, newest first.</summary>
    Task<IReadOnlyList<Run>> ListAsync(int most, CancellationToken cancellationToken);

    /// <summary>The runs of some ids, in any order; ids that are not known are left out.</summary>
    Task<IReadOnlyList<Run>> ListAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken);

    /// <summary>The latest run of each guest that has one, without its steps.</summary>
    Task<IReadOnlyList<LatestRun>> ListLatestAsync(CancellationToken cancellationToken);

    /// <summary>The newest run of every guest of every host, whole, in the order of hosts and names.</summary>
    Task<IReadOnlyList<NewestRun>> ListNewestAsync(CancellationToken cancellationToken);

    /// <summary>The runs that came to rest after a time and still are at rest, in any order.</summary>
    Task<IReadOnlyList<RunEnd>> ListEndsAsync(DateTimeOffset since, CancellationToken cancellationToken);

    /// <summary>All runs of a guest of a host, newest first.</summary>
    Task<IReadOnlyList<Run>> ListOfAsync(Guid sourceHostId, string guestName, CancellationToken cancellationToken);

    /// <summary>Every run in flight: those that a worker has or will take, and those that wait for a person's answer.</summary>
    Task<IReadOnlyList<Run>> ListInFlightAsync(CancellationToken cancellationToken);

    /// <summary>Claims an active run whose lease has run out (or that has none); null when there is none.</summary>
    Task<(Run Run, RunClaim Claim)?> ClaimNextAsync(string worker, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>The same past a gate: what the gate says is asked and obeyed by one worker of the database at a time, so that two never let in one too many.</summary>
    Task<(Run Run, RunClaim Claim)?> ClaimNextAsync(string worker, TimeSpan lease, RunGate gate, CancellationToken cancellationToken);

    /// <summary>Extends the lease and returns the run as it now is (intent and answers are changed by others).</summary>
    /// <exception cref="ClaimLostException">The claim is no longer held.</exception>
    Task<Run> RenewAsync(RunClaim claim, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>
    /// Stores state, steps, question, times and error of the run together with log lines. Intent and answers of the stored run are kept.
    /// </summary>
    /// <exception cref="ClaimLostException">The claim is no longer held; nothing was stored.</exception>
    Task SaveAsync(RunClaim claim, Run run, IReadOnlyList<RunLogEntry> log, CancellationToken cancellationToken);

    /// <summary>Gives the claim back.</summary>
    Task ReleaseAsync(RunClaim claim, CancellationToken cancellationToken);

    /// <summary>Records what a person wants; a run that had ended or waited becomes active again where the state rules allow it.</summary>
    /// <returns>The run after the change, or null when the state does not allow it.</returns>
    Task<Run?> SetIntentAsync(Guid id, RunIntent intent, string by, bool deleteTarget, CancellationToken cancellationToken);

    /// <summary>Records a person's answer to the open question; false when that question is not open.</summary>
    Task<bool> AnswerAsync(Guid id, string questionId, string value, string by, CancellationToken cancellationToken);

    /// <summary>Appends log lines without a state change.</summary>
    Task AppendLogAsync(Guid id, IReadOnlyList<RunLogEntry> log, CancellationToken cancellationToken);

    /// <summary>Log lines after a sequence number, in order.</summary>
    Task<IReadOnlyList<RunLogLine>> ReadLogAsync(Guid id, long after, int most, CancellationToken cancellationToken);

    /// <summary>The last lines of a log that a query lets through, in order.</summary>
    Task<IReadOnlyList<RunLogLine>> ReadLogBackAsync(Guid id, RunLogQuery query, CancellationToken cancellationToken);

    /// <summary>Appends samples of the chart.</summary>
    Task AppendSamplesAsync(Guid id, IReadOnlyList<RunSample> samples, CancellationToken cancellationToken);

    /// <summary>Samples since a time, in order.</summary>
    Task<IReadOnlyList<RunSample>> ReadSamplesAsync(Guid id, DateTimeOffset since, CancellationToken cancellationToken);

    /// <summary>Stores a file as proof, replacing one of the same name.</summary>
    Task SaveEvidenceAsync(Guid id, RunEvidence evidence, CancellationToken cancellationToken);

    /// <summary>The stored files of a run, without or with content.</summary>
    Task<IReadOnlyList<RunEvidence>> ListEvidenceAsync(Guid id, bool withContent, CancellationToken cancellationToken);

    /// <summary>One stored file, or null.</summary>
    Task<RunEvidence?> FindEvidenceAsync(Guid id, string name, CancellationToken cancellationToken);
}

/// <summary>A log line that is not numbered yet.</summary>
/// <param name="At">When.</param>
/// <param name="StepId">The step, or null.</param>
/// <param name="Level">Level.</param>
/// <param name="Text">The line.</param>
public sealed record RunLogEntry(DateTimeOffset At, string? StepId, RunLogLevel Level, string Text);
