using Xen2Kvm.Domain.Cleanups;

namespace Xen2Kvm.Engine.Ports;

/// <summary>How storing a cleanup went.</summary>
public enum CleanupSave
{
    /// <summary>It is stored, with the next version.</summary>
    Saved,

    /// <summary>Someone else changed it first; nothing was stored.</summary>
    Stale,

    /// <summary>A guest of it is in another open cleanup; nothing was stored.</summary>
    GuestTaken,

    /// <summary>A run of one of its guests is not at its proven end any more; nothing was stored.</summary>
    RunChanged,
}

/// <summary>Cleanups. Each call is one transaction.</summary>
public interface ICleanupStore
{
    /// <summary>All cleanups, newest first.</summary>
    Task<IReadOnlyList<Cleanup>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Cleanups whose items are being deleted.</summary>
    Task<IReadOnlyList<Cleanup>> ListDeletingAsync(CancellationToken cancellationToken);

    /// <summary>One cleanup, or null.</summary>
    Task<Cleanup?> FindAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>The open cleanup that a guest of a host is in, or null.</summary>
    Task<Cleanup?> FindOpenOfAsync(Guid sourceHostId, string guestName, CancellationToken cancellationToken);

    /// <summary>The cleanup that has begun to delete what a run left behind, or null. While there is one, that run is not rolled back.</summary>
    Task<Cleanup?> FindBegunOfAsync(Guid runId, CancellationToken cancellationToken);

    /// <summary>
    /// Adds a cleanup (version 0), or replaces the one of the version it carries; it is stored with the next version. One that is being carried
    /// out is stored only while the runs of its guests have succeeded: from then on they cannot be rolled back.
    /// </summary>
    Task<CleanupSave> SaveAsync(Cleanup cleanup, CancellationToken cancellationToken);

    /// <summary>As <see cref="IWaveStore.AloneAsync"/>, for cleanups.</summary>
    Task<bool> AloneAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken);
}
