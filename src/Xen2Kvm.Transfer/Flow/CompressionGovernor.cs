namespace Xen2Kvm.Transfer.Flow;

/// <summary>
/// Chooses how hard to compress: only as hard as the network needs. Who waits for whom says in which direction to try (the sender waits for
/// the wire while the receiver waits for input: compress more; the sender never waits or the receiver is busy: less); the rate at which disk
/// content gets across says whether the try was right. Levels that were slower lately are not tried again for a while.
/// </summary>
public sealed class CompressionGovernor
{
    /// <summary>The level a copy starts with: the wire is usually the slowest part.</summary>
    public const int StartLevel = 1;

    /// <summary>For how many seconds a measured level is believed: in the direction that the waiting suggests, and against it.</summary>
    private const double Memory = 15, LongMemory = 60;

    /// <summary>The levels that are used, from storing to the strongest.</summary>
    private static readonly int[] Levels = [0, 1, 3];

    private readonly (double Rate, double At)[] _known = [.. Levels.Select(_ => (0.0, double.NegativeInfinity))];
    private int _at = Array.IndexOf(Levels, StartLevel);
    private int _cameFrom = -1;
    private bool _isSettling = true;

    /// <summary>The zstd level to use; 0 stores.</summary>
    public int Level => Levels[_at];

    /// <summary>Tells what a period of some tenths of a second was like, and chooses the level of the next.</summary>
    /// <param name="now">Any steady clock, seconds.</param>
    /// <param name="sendBlocked">Share of the period in which the sender waited for the wire or for credit, 0 to 1.</param>
    /// <param name="receiverStarved">Share of it in which the receiver waited for input, 0 to 1.</param>
    /// <param name="bytesPerSecond">Disk content sent, before compression. Periods without any say nothing.</param>
    public void Observe(double now, double sendBlocked, double receiverStarved, double bytesPerSecond)
    {
        if (bytesPerSecond <= 0)
            return;
        // The first period at a level still carries the start, or what the level before had put on the way.
        if (_isSettling)
        {
            _isSettling = false;
            return;
        }
        _known[_at] = (bytesPerSecond, now);
        int cameFrom = _cameFrom;
        _cameFrom = -1;
        if (cameFrom >= 0 && bytesPerSecond < _known[cameFrom].Rate * 0.97)
        {
            _at = cameFrom;
            _isSettling = true;
            return;
        }
        int direction = sendBlocked > 0.4 && receiverStarved > 0.4 ? 1 : sendBlocked < 0.25 || receiverStarved < 0.1 ? -1 : 0;
        if (direction == 0)
            return;
        // On a host that is short of processor time the waiting misleads: when that way was slower, the other deserves a try.
        if (!TryMove(_at + direction, now, bytesPerSecond, Memory))
            TryMove(_at - direction, now, bytesPerSecond, LongMemory);
    }

    /// <summary>True when the sample says that compressing is worth it: a ratio of at least 1.1.</summary>
    public static bool IsWorthIt(int sampleBytes, int compressedBytes) => compressedBytes * 11L <= sampleBytes * 10L;

    private bool TryMove(int to, double now, double rate, double memory)
    {
        if (to < 0 || to >= Levels.Length || (now - _known[to].At < memory && _known[to].Rate < rate * 1.03))
            return false;
        _cameFrom = _at;
        _at = to;
        _isSettling = true;
        return true;
    }
}
