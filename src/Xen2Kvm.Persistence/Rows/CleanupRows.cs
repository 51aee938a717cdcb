using Xen2Kvm.Domain.Cleanups;

namespace Xen2Kvm.Persistence.Rows;

/// <summary>A cleanup: the document, and the columns that lists need.</summary>
internal sealed class CleanupRow
{
    public Guid Id { get; set; }

    public CleanupState State { get; set; }

    public long Version { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>The <see cref="Cleanup"/> as JSON.</summary>
    public string Document { get; set; } = "{}";
}

/// <summary>A guest of a cleanup.</summary>
internal sealed class CleanupGuestRow
{
    public Guid CleanupId { get; set; }

    public Guid SourceHostId { get; set; }

    public string GuestName { get; set; } = "";

    public Guid RunId { get; set; }

    /// <summary>The cleanup has not come to its end: no other one may have the guest.</summary>
    public bool IsOpen { get; set; }

    /// <summary>It has begun to delete: the run is not rolled back any more.</summary>
    public bool HasBegun { get; set; }
}
