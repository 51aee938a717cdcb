using System.Diagnostics;
using Xen2Kvm.Transfer.Flow;

namespace Xen2Kvm.Agent.Sending;

/// <summary>Measures all links over a period and lets <see cref="CompressionGovernor"/> choose their level: they share one network.</summary>
internal sealed class LevelAdaption(IReadOnlyList<Link> links, bool enabled)
{
    /// <summary>
    /// What a period must have carried to say something about the level: the content changes along a disk, and so does what it compresses to.
    /// </summary>
    private const long EnoughBytes = 32L * 1024 * 1024;

    private static readonly TimeSpan LongestPeriod = TimeSpan.FromSeconds(5);
    private readonly CompressionGovernor _governor = new();
    private readonly Dictionary<Connection, Sample> _before = [];
    private long _begin = Stopwatch.GetTimestamp();

    /// <summary>Ends a period, if enough was sent in it.</summary>
    public void Adapt()
    {
        if (!enabled)
            return;
        Connection[] up = [.. links.Select(l => l.Connection).OfType<Connection>()];
        Connection[] connections = [.. up.Where(_before.ContainsKey)];
        foreach (Connection connection in up)
            _before.TryAdd(connection, Sample.Of(connection));
        if (connections.Sum(c => c.DataBytes - _before[c].Data) < EnoughBytes && Stopwatch.GetElapsedTime(_begin) < LongestPeriod)
            return;
        double blocked = 0, starved = 0, rate = 0;
        foreach (Connection connection in connections)
        {
            Sample last = _before[connection], now = Sample.Of(connection);
            double seconds = Stopwatch.GetElapsedTime(last.At, now.At).TotalSeconds;
            blocked += (now.Blocked - last.Blocked) / (double)Stopwatch.Frequency / Link.Workers / seconds;
            starved += (now.Starved - last.Starved) / 1e9 / seconds;
            rate += (now.Data - last.Data) / seconds;
            _before[connection] = now;
        }
        _begin = Stopwatch.GetTimestamp();
        if (connections.Length == 0)
            return;
        _governor.Observe(
            Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency, blocked / connections.Length, starved / connections.Length, rate);
        foreach (Link link in links)
            link.Level = _governor.Level;
    }

    private readonly record struct Sample(long At, long Blocked, long Starved, long Data)
    {
        public static Sample Of(Connection connection) =>
            new(Stopwatch.GetTimestamp(), connection.BlockedTicks, connection.StarvedNanoseconds, connection.DataBytes);
    }
}
