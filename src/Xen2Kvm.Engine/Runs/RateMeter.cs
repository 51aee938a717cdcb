namespace Xen2Kvm.Engine.Runs;

/// <summary>Rate and an honest remaining time of one piece of work, from a series of readings. Not for concurrent use.</summary>
internal sealed class RateMeter
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Recent = TimeSpan.FromSeconds(10);
    private readonly Queue<(DateTimeOffset At, long Done)> _readings = new();

    /// <summary>What the readings say.</summary>
    /// <param name="BytesPerSecond">Mean rate of the window; null with one reading.</param>
    /// <param name="EtaLow">Shortest likely remaining time; null while it cannot be told honestly.</param>
    /// <param name="EtaHigh">Longest likely remaining time.</param>
    /// <param name="Seen">How long it was watched.</param>
    public readonly record struct Reading(double? BytesPerSecond, TimeSpan? EtaLow, TimeSpan? EtaHigh, TimeSpan Seen);

    /// <summary>Takes a reading.</summary>
    public Reading Take(DateTimeOffset at, long done, long? total)
    {
        // After a resume the truth may lie behind what was shown before; rates of the past say nothing then.
        if (_readings.Count > 0 && _readings.Last().Done > done)
        {
            _readings.Clear();
        }

        _readings.Enqueue((at, done));
        while (_readings.Count > 2 && at - _readings.Peek().At > Window)
        {
            _readings.Dequeue();
        }

        var seen = at - _readings.Peek().At;
        var mean = Rate(_readings.Peek());
        var recent = Rate(_readings.First(reading => at - reading.At <= Recent));
        if (mean is not >= 1 || recent is not > 1 || total is not { } all || seen < Recent)
        {
            return new Reading(mean, null, null, seen);
        }

        var left = Math.Max(0, all - done);
        return new Reading(
            mean, TimeSpan.FromSeconds(left / Math.Max(mean.Value, recent.Value)), TimeSpan.FromSeconds(left / Math.Min(mean.Value, recent.Value) * 1.2), seen);
    }

    private double? Rate((DateTimeOffset At, long Done) from)
    {
        var to = _readings.Last();
        return (to.At - from.At).TotalSeconds is > 0 and var seconds ? (to.Done - from.Done) / seconds : null;
    }
}
