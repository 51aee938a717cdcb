namespace Xen2Kvm.Transfer.Flow;

/// <summary>
/// A rate limit shared by threads, which can be changed while they wait. It lends: who takes gets a ticket at once, and sends when the bytes
/// up to that ticket have been earned.
/// </summary>
public sealed class TokenBucket
{
    // What may be sent at once after a pause: a tenth of a second's worth, so that five seconds never hold more than 2 % too much.
    private const double BurstSeconds = 0.1;
    private readonly TimeProvider _time;
    private readonly object _gate = new();
    private long _bytesPerSecond;
    private long _taken;
    private double _earned;
    private long _last;

    /// <summary>A bucket that earns <paramref name="bytesPerSecond"/>; 0 = no limit.</summary>
    public TokenBucket(long bytesPerSecond, TimeProvider time)
    {
        _bytesPerSecond = bytesPerSecond;
        _time = time;
        _last = time.GetTimestamp();
        _earned = bytesPerSecond * BurstSeconds;
    }

    /// <summary>The limit now, in bytes per second; 0 = none. What was earned under the one before stays, what is owed is earned at the new one.</summary>
    public long BytesPerSecond
    {
        get
        {
            lock (_gate)
                return _bytesPerSecond;
        }

        set
        {
            lock (_gate)
            {
                if (value == _bytesPerSecond)
                    return;
                Earn();
                _bytesPerSecond = value;
                _earned = Math.Min(_earned, _taken + (value * BurstSeconds));
            }
        }
    }

    /// <summary>Takes <paramref name="bytes"/>; they may be sent when <see cref="Left"/> says that nothing is left to wait.</summary>
    /// <returns>The ticket to ask with.</returns>
    public long Take(int bytes)
    {
        lock (_gate)
        {
            Earn();
            return _taken += bytes;
        }
    }

    /// <summary>How long to wait before what a ticket stands for may be sent, at the present limit.</summary>
    public TimeSpan Left(long ticket)
    {
        lock (_gate)
        {
            Earn();
            return _bytesPerSecond <= 0 || ticket <= _earned ? TimeSpan.Zero : TimeSpan.FromSeconds((ticket - _earned) / _bytesPerSecond);
        }
    }

    private void Earn()
    {
        long now = _time.GetTimestamp();
        _earned = _bytesPerSecond <= 0
            ? _taken
            : Math.Min(_taken + (_bytesPerSecond * BurstSeconds), _earned + (_time.GetElapsedTime(_last, now).TotalSeconds * _bytesPerSecond));
        _last = now;
    }
}
