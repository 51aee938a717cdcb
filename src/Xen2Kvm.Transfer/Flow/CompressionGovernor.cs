namespace Xen2Kvm.Transfer.Flow;

/// <summary>
/// Decides how hard to compress: only as hard as the network needs. Sending is the bottleneck when the sender waits to send while the
/// receiver waits for input; when the receiver is busy, or the sender never waits, compressing costs time and gains none.
/// </summary>
public static class CompressionGovernor
{
    /// <summary>The levels that are used, from storing to the strongest.</summary>
    private static readonly int[] Levels = [0, 1, 3];

    /// <summary>The level a copy starts with: the wire is usually the slowest part.</summary>
    public const int StartLevel = 1;

    /// <summary>The next level.</summary>
    /// <param name="level">The level in use.</param>
    /// <param name="sendBlocked">Share of the last period in which the sender waited for the wire or for credit, 0 to 1.</param>
    /// <param name="receiverStarved">Share of it in which the receiver waited for input, 0 to 1.</param>
    public static int Next(int level, double sendBlocked, double receiverStarved)
    {
        int at = Math.Max(0, Array.IndexOf(Levels, level));
        if (sendBlocked > 0.4 && receiverStarved > 0.4)
            return Levels[Math.Min(at + 1, Levels.Length - 1)];
        if (sendBlocked < 0.1 || receiverStarved < 0.1)
            return Levels[Math.Max(at - 1, 0)];
        return Levels[at];
    }

    /// <summary>True when the sample says that compressing is worth it: a ratio of at least 1.1.</summary>
    public static bool IsWorthIt(int sampleBytes, int compressedBytes) => compressedBytes * 11L <= sampleBytes * 10L;
}
