using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Domain.Waves;

namespace Xen2Kvm.Engine.Ports;

/// <summary>How storing a wave went.</summary>
public enum WaveSave
{
    /// <summary>It is stored, with the next version.</summary>
    Saved,

    /// <summary>Someone else changed it first; nothing was stored.</summary>
    Stale,

    /// <summary>Another open wave has its name; nothing was stored.</summary>
    NameTaken,

    /// <summary>A guest of it is in another open wave; nothing was stored.</summary>
    GuestTaken,
}

/// <summary>A log line of one of the runs of a wave.</summary>
/// <param name="RunId">The run.</param>
/// <param name="GuestName">Its guest.</param>
/// <param name="Line">The line.</param>
public sealed record WaveLogLine(Guid RunId, string GuestName, RunLogLine Line);

/// <summary>Waves. Each call is one transaction.</summary>
public interface IWaveStore
{
    /// <summary>All waves, newest first.</summary>
    Task<IReadOnlyList<Wave>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Waves that may have something to do: every open one.</summary>
    Task<IReadOnlyList<Wave>> ListOpenAsync(CancellationToken cancellationToken);

    /// <summary>One wave, or null.</summary>
    Task<Wave?> FindAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>The open wave that a guest of a host is in, or null.</summary>
    Task<Wave?> FindOpenOfAsync(Guid sourceHostId, string guestName, CancellationToken cancellationToken);

    /// <summary>What was submitted last, or null.</summary>
    Task<WaveDossier?> FindDossierAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>
    /// Adds a wave (version 0), or replaces the one of the version it carries; it is stored with the next version. Its plans keep other open
    /// waves off their guests.
    /// </summary>
    /// <param name="wave">The wave.</param>
    /// <param name="dossier">What is submitted with it; null leaves what was submitted before.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<WaveSave> SaveAsync(Wave wave, WaveDossier? dossier, CancellationToken cancellationToken);

    /// <summary>The runs of a wave, newest first.</summary>
    Task<IReadOnlyList<Run>> ListRunsAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>The last log lines of all runs of a wave that a query lets through, in the order of time.</summary>
    /// <param name="id">The wave.</param>
    /// <param name="query">Which lines, and how many; <see cref="RunLogQuery.Before"/> is not looked at, for each run numbers its own lines.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task<IReadOnlyList<WaveLogLine>> ReadLogAsync(Guid id, RunLogQuery query, CancellationToken cancellationToken);

    /// <summary>Throughput of the runs of a wave together since a time, in stretches of four seconds, in order.</summary>
    /// <param name="id">The wave.</param>
    /// <param name="host">Only of runs from or to the host of this name; null for all.</param>
    /// <param name="since">From when on.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task<IReadOnlyList<RunSample>> ReadSamplesAsync(Guid id, string? host, DateTimeOffset since, CancellationToken cancellationToken);

    /// <summary>
    /// Does something while no other process of this database does the same; at once, or not at all: false when another one is at it. A
    /// process that dies lets go of it.
    /// </summary>
    Task<bool> AloneAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken);
}
