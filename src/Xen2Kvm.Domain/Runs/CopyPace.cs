namespace Xen2Kvm.Domain.Runs;

/// <summary>What a copy may send.</summary>
/// <param name="BytesPerSecond">Bytes per second; null for as much as it can.</param>
/// <param name="Until">Until when that holds; null for good.</param>
public sealed record CopyPace(long? BytesPerSecond, DateTimeOffset? Until);
