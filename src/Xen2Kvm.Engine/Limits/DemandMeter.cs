namespace Xen2Kvm.Engine.Limits;

/// <summary>
/// Finds out how much of its limit a copy uses, from readings of what it has sent. One that leaves most of it (it goes through zeroes, its disk
/// is slow, it compares) wants less for now; one that fills what it has wants all it can get. Not for concurrent use.
/// </summary>
internal sealed class DemandMeter
{
    private const long Least = 1_000_000;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(4);
    private (DateTimeOffset At, long Sent)? _from;
    private long? _limit;

    /// <summary>What it sent over the last window, in bytes per second; null before the first.</summary>
    public double? Rate { get; private set; }

    /// <summary>The most that it can use, in bytes per second; null when it may use anything.</summary>
    public long? Wants { get; private set; }

    /// <summary>Takes a reading.</summary>
    /// <param name="at">When it was read from the host.</param>
    /// <param name="sent">Bytes sent so far; falls when the copy was taken up again.</param>
    /// <param name="limit">The limit in force, in bytes per second; null for none.</param>
    public void Take(DateTimeOffset at, long sent, long? limit)
    {
        if (_from is not { } from || sent < from.Sent || limit != _limit)
        {
            (_from, _limit) = ((at, sent), limit);
            return;
        }

        if (at - from.At < Window)
        {
            return;
        }

        var rate = (sent - from.Sent) / (at - from.At).TotalSeconds;
        (Rate, _from) = (rate, (at, sent));
        Wants = limit switch
        {
            null => null,
            { } most when rate > 0.8 * most => null,
            { } most when rate < 0.5 * most => Round(2 * rate),
            _ => Wants,
        };
    }

    // Up to 1, 2 or 5 of a power of ten: what wavers a little must not have everybody told anew.
    private static long Round(double rate)
    {
        if (rate <= Least)
        {
            return Least;
        }

        var power = Math.Pow(10, Math.Floor(Math.Log10(rate)));
        return (long)((rate / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 } * power);
    }
}
