namespace Xen2Kvm.Web.Components.State;

/// <summary>
/// One second hand per circuit. Texts that count seconds subscribe to it; it runs only while somebody listens.
/// </summary>
public sealed class Ticker(TimeProvider time) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<Func<Task>> _listeners = [];
    private ITimer? _timer;

    /// <summary>Calls back every second until disposed.</summary>
    public IDisposable Subscribe(Func<Task> onTick)
    {
        lock (_lock)
        {
            _listeners.Add(onTick);
            _timer ??= time.CreateTimer(_ => Tick(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        }

        return new Subscription(this, onTick);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _listeners.Clear();
            _timer?.Dispose();
            _timer = null;
        }
    }

    private void Tick()
    {
        Func<Task>[] listeners;
        lock (_lock)
        {
            listeners = [.. _listeners];
        }

        foreach (var listener in listeners)
        {
            _ = CallAsync(listener);
        }
    }

    private static async Task CallAsync(Func<Task> listener)
    {
        try
        {
            await listener().ConfigureAwait(false);
        }
        catch (Exception gone) when (gone is ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // The component went away between the tick and its turn; its own disposal has ended the subscription.
        }
    }

    private void Remove(Func<Task> listener)
    {
        lock (_lock)
        {
            _listeners.Remove(listener);
            if (_listeners.Count == 0)
            {
                _timer?.Dispose();
                _timer = null;
            }
        }
    }

    private sealed class Subscription(Ticker ticker, Func<Task> listener) : IDisposable
    {
        public void Dispose() => ticker.Remove(listener);
    }
}
