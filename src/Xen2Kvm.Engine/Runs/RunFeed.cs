using System.Collections.Concurrent;

namespace Xen2Kvm.Engine.Runs;

/// <summary>
/// Tells subscribers of this process that a run changed. It carries the run's id only: a subscriber reads the ledger, so that every page
/// shows the same truth. Bursts are gathered: one subscriber is called at most once per <see cref="MinimumInterval"/>, and always once
/// after the last change.
/// </summary>
public sealed class RunFeed(TimeProvider time)
{
    private readonly ConcurrentDictionary<Guid, Subscription> _subscriptions = new();
    private readonly ConcurrentDictionary<Guid, Action<Guid>> _listeners = new();

    /// <summary>Shortest time between two calls of one subscriber.</summary>
    public static readonly TimeSpan MinimumInterval = TimeSpan.FromMilliseconds(300);

    /// <summary>Subscribes to one run, or to all when <paramref name="runId"/> is null. Dispose to end.</summary>
    /// <param name="runId">The run, or null for every run.</param>
    /// <param name="onChanged">Called off the writer's thread.</param>
    public IDisposable Subscribe(Guid? runId, Func<Task> onChanged)
    {
        var subscription = new Subscription(runId, onChanged, time, self => _subscriptions.TryRemove(self, out _));
        _subscriptions[subscription.Id] = subscription;
        return subscription;
    }

    /// <summary>Hears of every change at once, before any subscriber. Dispose to end.</summary>
    /// <param name="onChanged">Called on the writer's thread with the run's id: it must return at once and not throw.</param>
    public IDisposable Listen(Action<Guid> onChanged)
    {
        var id = Guid.NewGuid();
        _listeners[id] = onChanged;
        return new Listener(() => _listeners.TryRemove(id, out _));
    }

    /// <summary>A run changed.</summary>
    public void Changed(Guid runId)
    {
        foreach (var listener in _listeners.Values)
        {
            listener(runId);
        }

        foreach (var subscription in _subscriptions.Values)
        {
            if (subscription.RunId is null || subscription.RunId == runId)
            {
                subscription.Signal();
            }
        }
    }

    private sealed class Listener(Action remove) : IDisposable
    {
        public void Dispose() => remove();
    }

    private sealed class Subscription(Guid? runId, Func<Task> onChanged, TimeProvider time, Action<Guid> remove) : IDisposable
    {
        private int _pending;
        private volatile bool _disposed;

        public Guid Id { get; } = Guid.NewGuid();

        public Guid? RunId { get; } = runId;

        public void Signal()
        {
            // The first signal starts a loop; further ones only mark that there is more.
            if (Interlocked.Increment(ref _pending) == 1)
            {
                _ = Task.Run(DeliverAsync);
            }
        }

        public void Dispose()
        {
            _disposed = true;
            remove(Id);
        }

        private async Task DeliverAsync()
        {
            int seen;
            do
            {
                seen = Volatile.Read(ref _pending);
                try
                {
                    if (!_disposed)
                    {
                        await onChanged().ConfigureAwait(false);
                    }
                }
                catch (Exception failure) when (failure is ObjectDisposedException or OperationCanceledException or InvalidOperationException)
                {
                    // The page is gone or going; its own disposal ends the subscription.
                }

                await Task.Delay(MinimumInterval, time).ConfigureAwait(false);
            }
            while (!_disposed && Interlocked.CompareExchange(ref _pending, 0, seen) != seen);
        }
    }
}
