using System.Diagnostics;
using Xen2Kvm.Transfer.Flow;

namespace Xen2Kvm.Agent.Sending;

/// <summary>Measures all links over a period and lets <see cref="CompressionGovernor"/> choose their level: they share one network.</summary>
internal sealed class LevelAdaption(IReadOnlyList<Link> links, bool enabled)
{
    private readonly CompressionGovernor _governor = new();
    private readonly Dictionary<Connection, Sample> _before = [];

    /// <summary>Ends a period.</summary>
    public void Adapt()
    {
        if (!enabled)
            return;
        double blocked = 0, starved = 0, rate = 0;
        int measured = 0;
        foreach (Connection connection in links.Select(l => l.Connection).OfType<Connection>())
        {
            var now = new Sample(Stopwatch.GetTimestamp(), connection.BlockedTicks, connection.StarvedNanoseconds, connection.DataBytes);
            if (_before.TryGetValue(connection, out Sample last))
            {
                double seconds = Stopwatch.GetElapsedTime(last.At, now.At).TotalSeconds;
                blocked += (now.Blocked - last.Blocked) / (double)Stopwatch.Frequency / Link.Workers / seconds;
                starved += (now.Starved - last.Starved) / 1e9 / seconds;
                rate += (now.Data - last.Data) / seconds;
                measured++;
            }
            _before[connection] = now;
        }
        if (measured == 0)
            return;
        _governor.Observe(Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency, blocked / measured, starved / measured, rate);
        foreach (Link link in links)
            link.Level = _governor.Level;
    }

    private readonly record struct Sample(long At, long Blocked, long Starved, long Data);
}
