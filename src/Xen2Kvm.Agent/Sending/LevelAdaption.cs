using System.Diagnostics;
using Xen2Kvm.Transfer.Flow;

namespace Xen2Kvm.Agent.Sending;

/// <summary>Measures each link over a period and lets <see cref="CompressionGovernor"/> choose its level.</summary>
internal sealed class LevelAdaption(IReadOnlyList<Link> links, bool enabled)
{
    private readonly Dictionary<Connection, (long At, long Blocked, long Starved)> _before = [];

    /// <summary>Ends a period.</summary>
    public void Adapt()
    {
        if (!enabled)
            return;
        foreach (Link link in links)
        {
            if (link.Connection is not { } connection)
                continue;
            (long At, long Blocked, long Starved) now = (Stopwatch.GetTimestamp(), connection.BlockedTicks, connection.StarvedNanoseconds);
            if (_before.TryGetValue(connection, out (long At, long Blocked, long Starved) last))
            {
                double seconds = Stopwatch.GetElapsedTime(last.At, now.At).TotalSeconds;
                double blocked = (now.Blocked - last.Blocked) / (double)Stopwatch.Frequency / Link.Workers / seconds;
                double starved = (now.Starved - last.Starved) / 1e9 / seconds;
                link.Level = CompressionGovernor.Next(link.Level, blocked, starved);
            }
            _before[connection] = now;
        }
    }
}
