using Xen2Kvm.Domain.Limits;
using Xen2Kvm.Domain.Runs;

namespace Xen2Kvm.Engine.Limits;

/// <summary>What the governor knows of one copy: what its agent was told, and how that went.</summary>
internal sealed class CopyState
{
    // A timetable is renewed long before its end.
    private static readonly TimeSpan Compared = LimitBook.Ahead / 2;

    /// <summary>How much of its limit it uses.</summary>
    public DemandMeter Demand { get; } = new();

    /// <summary>What its agent was told last, by this process; null when nothing was.</summary>
    public IReadOnlyList<RateChange>? Told { get; set; }

    /// <summary>When it was begun by this process; null once it was seen at work.</summary>
    public DateTimeOffset? BegunAt { get; set; }

    /// <summary>Its agent could not be told; it is tried again from here on. Null when all is well.</summary>
    public DateTimeOffset? TryAgainAt { get; set; }

    /// <summary>What it may send now, in bytes per second, by its own bound and by what it was told or says itself; null for no limit.</summary>
    public long? InForce(CopyPace? pace, long? own, DateTimeOffset now) =>
        Told is null ? pace?.BytesPerSecond ?? own : Narrower(Told.Last(change => change.From <= now || change == Told[0]).BytesPerSecond, own);

    /// <summary>Whether its agent must be told a timetable: it was told another, or follows one of which this process knows nothing.</summary>
    public bool Differs(IReadOnlyList<RateChange> timetable, CopyPace? pace, long? own, DateTimeOffset now) => Told is null
        ? timetable.Any(change => change.BytesPerSecond is not null) || (pace?.BytesPerSecond is { } follows && follows != own)
        : !Ahead(Told, now).SequenceEqual(Ahead(timetable, now));

    /// <summary>The narrower of two rates.</summary>
    public static long? Narrower(long? one, long? other) => one is null ? other : other is null ? one : Math.Min(one.Value, other.Value);

    private static IEnumerable<RateChange> Ahead(IReadOnlyList<RateChange> timetable, DateTimeOffset now) =>
        timetable.Where(change => change.From > now && change.From <= now + Compared)
            .Prepend(new RateChange(now, timetable.Last(change => change.From <= now || change == timetable[0]).BytesPerSecond));
}
