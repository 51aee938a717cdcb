using Xen2Kvm.Domain.Waves;

namespace Xen2Kvm.Persistence.Rows;

/// <summary>A wave: the document, and the columns that lists need.</summary>
internal sealed class WaveRow
{
    public Guid Id { get; set; }

    public string Name { get; set; } = "";

    public WaveState State { get; set; }

    public long Version { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>The <see cref="Wave"/> as JSON.</summary>
    public string Document { get; set; } = "{}";

    /// <summary>The <see cref="WaveDossier"/> submitted last, as JSON; null before.</summary>
    public string? Dossier { get; set; }
}

/// <summary>A guest that an open wave has; when the wave ends its rows go.</summary>
internal sealed class WaveGuestRow
{
    public Guid SourceHostId { get; set; }

    public string GuestName { get; set; } = "";

    public Guid WaveId { get; set; }
}
