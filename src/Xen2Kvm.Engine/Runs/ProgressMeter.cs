using Xen2Kvm.Domain.Runs;

namespace Xen2Kvm.Engine.Runs;

/// <summary>Fills in rates and remaining times of a step and of each of its disks. Pure but for what it remembers; not for concurrent use.</summary>
public sealed class ProgressMeter
{
    private static readonly TimeSpan SampleOver = TimeSpan.FromSeconds(2);
    private readonly RateMeter _whole = new();
    private readonly Dictionary<(string Disk, bool Comparing), RateMeter> _disks = [];
    private readonly Queue<(DateTimeOffset At, long Read, long Sent, long Durable)> _sums = new();
    private long _lastDone = -1;

    /// <summary>When the work last moved at all; null before the first reading.</summary>
    public DateTimeOffset? LastMovedAt { get; private set; }

    /// <summary>Takes a reading and returns it with rate and remaining time filled in.</summary>
    public StepProgress Fill(StepProgress progress)
    {
        Remember(progress);
        if (progress.DoneBytes is not { } done)
        {
            // What is not measured in bytes has no rate, not even none.
            return progress;
        }

        if (done != _lastDone)
        {
            (_lastDone, LastMovedAt) = (done, progress.At);
        }

        var reading = _whole.Take(progress.At, done, progress.TotalBytes);
        return progress with
        {
            BytesPerSecond = reading.BytesPerSecond,
            SentBytesPerSecond = Sample(reachable: null, since: default)?.SentBytesPerSecond,
            EtaLow = reading.EtaLow,
            EtaHigh = reading.EtaHigh,
            EtaBasis = reading.EtaLow is null ? null : $"rate of the last {(int)reading.Seen.TotalSeconds} s",
            Disks = [.. progress.Disks.Select(disk => Fill(disk, progress.At))],
        };
    }

    /// <summary>The chart's sample over the last readings; null when there are fewer than two, or when the last one is older than <paramref name="since"/>.</summary>
    public RunSample? Sample(bool? reachable, DateTimeOffset since)
    {
        if (_sums.Count < 2 || _sums.Last() is var last && last.At < since)
        {
            return null;
        }

        var from = _sums.Reverse().Skip(1).FirstOrDefault(reading => last.At - reading.At >= SampleOver);
        if (from.At == default)
        {
            from = _sums.Peek();
        }

        var seconds = (last.At - from.At).TotalSeconds;
        return seconds <= 0
            ? null
            : new RunSample(last.At, (last.Read - from.Read) / seconds, (last.Sent - from.Sent) / seconds, (last.Durable - from.Durable) / seconds, reachable);
    }

    private void Remember(StepProgress progress)
    {
        var sums = (progress.At, Read: progress.Disks.Sum(disk => disk.ReadBytes), Sent: progress.Disks.Sum(disk => disk.SentBytes),
            Durable: progress.Disks.Sum(disk => disk.DurableBytes + disk.VerifiedBytes));
        if (_sums.Count > 0 && (_sums.Last().Read > sums.Read || _sums.Last().Durable > sums.Durable))
        {
            // Taken up again: numbers begin anew.
            _sums.Clear();
        }

        _sums.Enqueue(sums);
        while (_sums.Count > 2 && progress.At - _sums.Peek().At > 5 * SampleOver)
        {
            _sums.Dequeue();
        }
    }

    private DiskProgress Fill(DiskProgress disk, DateTimeOffset at)
    {
        // Copy and comparison have rates of their own.
        var key = (disk.Disk, disk.IsComparing());
        if (!_disks.TryGetValue(key, out var meter))
        {
            _disks[key] = meter = new RateMeter();
        }

        var reading = meter.Take(at, disk.DoneBytes(), disk.TotalBytes);
        return disk.DoneBytes() >= disk.TotalBytes
            ? disk
            : disk with { BytesPerSecond = reading.BytesPerSecond, EtaLow = reading.EtaLow, EtaHigh = reading.EtaHigh };
    }
}
