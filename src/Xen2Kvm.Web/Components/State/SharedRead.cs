namespace Xen2Kvm.Web.Components.State;

/// <summary>
/// A value that many pages ask for and one read fetches: it is read again only when it changed and somebody asks, at most once in
/// <paramref name="interval"/>, however many ask. Who asks gets at least what was true when they asked.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="interval">Shortest time between the beginnings of two reads, unless a page was just opened.</param>
/// <param name="read">Reads the value: from the one before (null at first), and whether somebody is in a hurry.</param>
internal sealed class SharedRead<T>(TimeProvider time, TimeSpan interval, Func<T?, bool, Task<T>> read)
    where T : class?
{
    private readonly Lock _lock = new();
    private T? _value;
    private long _changes = 1;
    private long _seen;
    private long _begun;
    private Task? _pending;
    private TaskCompletionSource? _hurry;

    /// <summary>What is known is not true any more.</summary>
    public void Changed() => Interlocked.Increment(ref _changes);

    /// <summary>The value.</summary>
    /// <param name="now">Do not wait for the interval: a person just opened the page.</param>
    /// <param name="cancellationToken">Ends the waiting, not the read: others wait for it, too.</param>
    public async Task<T> GetAsync(bool now, CancellationToken cancellationToken)
    {
        var wanted = Interlocked.Read(ref _changes);
        while (true)
        {
            Task pending;
            lock (_lock)
            {
                if (_seen >= wanted)
                {
                    return _value!;
                }

                if (_pending is null)
                {
                    _hurry = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    _pending = Task.Run(ReadAsync, CancellationToken.None);
                }

                if (now)
                {
                    _hurry!.TrySetResult();
                }

                pending = _pending;
            }

            // It may have begun before the change that is asked for; then there is another turn.
            await pending.WaitAsync(cancellationToken);
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            var hurry = _hurry!.Task;
            var wait = _begun == 0 ? TimeSpan.Zero : interval - time.GetElapsedTime(_begun);
            if (wait > TimeSpan.Zero)
            {
                await Task.WhenAny(Task.Delay(wait, time), hurry);
            }

            _begun = time.GetTimestamp();
            var seen = Interlocked.Read(ref _changes);
            var value = await read(_value, hurry.IsCompleted);
            lock (_lock)
            {
                (_value, _seen) = (value, seen);
            }
        }
        finally
        {
            lock (_lock)
            {
                _pending = null;
            }
        }
    }
}
