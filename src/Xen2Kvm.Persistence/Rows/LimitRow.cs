using Xen2Kvm.Domain.Limits;

namespace Xen2Kvm.Persistence.Rows;

/// <summary>A limit of the installation: the document, and what it is ordered by.</summary>
internal sealed class LimitRow
{
    public Guid Id { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>The <see cref="LimitRule"/> as JSON.</summary>
    public string Document { get; set; } = "{}";
}
