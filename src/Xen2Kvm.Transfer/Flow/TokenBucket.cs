namespace Xen2Kvm.Transfer.Flow;

/// <summary>A rate limit shared by threads. It lends: a take larger than the bucket is allowed and paid back by those who come after.</summary>
public sealed class TokenBucket
{
    private readonly long _bytesPerSecond;
    private readonly TimeProvider _time;
    private readonly object _gate = new();
    private double _tokens;
    private long _last;

    /// <summary>A bucket that fills with <paramref name="bytesPerSecond"/> and holds a quarter second of them; 0 = no limit.</summary>
    public TokenBucket(long bytesPerSecond, TimeProvider time)
    {
        _bytesPerSecond = bytesPerSecond;
        _time = time;
        _last = time.GetTimestamp();
        _tokens = bytesPerSecond / 4.0;
    }

    /// <summary>Takes <paramref name="bytes"/> and says how long the caller must wait before sending them.</summary>
    public TimeSpan Take(int bytes)
    {
        if (_bytesPerSecond <= 0)
            return TimeSpan.Zero;
        lock (_gate)
        {
            long now = _time.GetTimestamp();
            _tokens = Math.Min(_bytesPerSecond / 4.0, _tokens + (_time.GetElapsedTime(_last, now).TotalSeconds * _bytesPerSecond));
            _last = now;
            _tokens -= bytes;
            return _tokens >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_tokens / _bytesPerSecond);
        }
    }
}
