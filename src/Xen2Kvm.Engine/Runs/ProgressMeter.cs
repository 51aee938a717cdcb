using Xen2Kvm.Domain.Runs;

namespace Xen2Kvm.Engine.Runs;

/// <summary>Rates and an honest remaining time from a series of readings. Pure but for what it remembers; not for concurrent use.</summary>
public sealed class ProgressMeter
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Recent = TimeSpan.FromSeconds(10);
    private readonly Queue<(DateTimeOffset At, long Read, long Sent, long Durable, long Done)> _readings = new();
    private long _lastDone = -1;

    /// <summary>When the work last moved at all; null before the first reading.</summary>
    public DateTimeOffset? LastMovedAt { get; private set; }

    /// <summary>Takes a reading and returns it with rate and remaining time filled in.</summary>
    public StepProgress Fill(StepProgress progress)
    {
        var done = progress.DoneBytes ?? 0;
        var sums = (Read: progress.Disks.Sum(d => d.ReadBytes), Sent: progress.Disks.Sum(d => d.SentBytes),
            Durable: progress.Disks.Sum(d => d.DurableBytes + d.VerifiedBytes));
        if (done != _lastDone)
        {
            (_lastDone, LastMovedAt) = (done, progress.At);
        }

        // After a resume the truth may lie behind what was shown before; rates of the past say nothing then.
        if (_readings.Count > 0 && _readings.Last().Done > done)
        {
            _readings.Clear();
        }

        _readings.Enqueue((progress.At, sums.Read, sums.Sent, sums.Durable, done));
        while (_readings.Count > 2 && progress.At - _readings.Peek().At > Window)
        {
            _readings.Dequeue();
        }

        var mean = Rate(_readings.Peek(), _readings.Last());
        var recent = Rate(_readings.First(reading => progress.At - reading.At <= Recent), _readings.Last());
        if (mean is not { } rate || progress.TotalBytes is not { } total)
        {
            return progress with { BytesPerSecond = mean };
        }

        var seen = progress.At - _readings.Peek().At;
        if (seen < Recent || rate < 1 || recent is not > 1)
        {
            return progress with { BytesPerSecond = rate };
        }

        var left = Math.Max(0, total - done);
        return progress with
        {
            BytesPerSecond = rate,
            EtaLow = TimeSpan.FromSeconds(left / Math.Max(rate, recent.Value)),
            EtaHigh = TimeSpan.FromSeconds(left / Math.Min(rate, recent.Value) * 1.2),
            EtaBasis = $"rate of the last {(int)seen.TotalSeconds} s",
        };
    }

    /// <summary>The chart's sample over the last readings; null with fewer than two.</summary>
    public RunSample? Sample(bool? reachable)
    {
        if (_readings.Count < 2)
        {
            return null;
        }

        var last = _readings.Last();
        var from = _readings.Reverse().Skip(1).FirstOrDefault(reading => last.At - reading.At >= TimeSpan.FromSeconds(2));
        if (from.At == default)
        {
            from = _readings.Peek();
        }

        var seconds = (last.At - from.At).TotalSeconds;
        return seconds <= 0
            ? null
            : new RunSample(last.At, (last.Read - from.Read) / seconds, (last.Sent - from.Sent) / seconds, (last.Durable - from.Durable) / seconds, reachable);
    }

    private static double? Rate((DateTimeOffset At, long Read, long Sent, long Durable, long Done) from,
        (DateTimeOffset At, long Read, long Sent, long Durable, long Done) to) =>
        (to.At - from.At).TotalSeconds is > 0 and var seconds ? (to.Done - from.Done) / seconds : null;
}
