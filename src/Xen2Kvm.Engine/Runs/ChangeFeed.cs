using System.Collections.Concurrent;

namespace Xen2Kvm.Engine.Runs;

/// <summary>Tells subscribers of this process that a run changed.</summary>
public sealed class RunFeed(TimeProvider time) : ChangeFeed(time);

/// <summary>Tells subscribers of this process that a wave changed; of its runs the <see cref="RunFeed"/> tells.</summary>
public sealed class WaveFeed(TimeProvider time) : ChangeFeed(time);

/// <summary>Tells subscribers of this process that a cleanup changed.</summary>
public sealed class CleanupFeed(TimeProvider time) : ChangeFeed(time);

/// <summary>Tells subscribers of this process that a host changed, or what was seen on it.</summary>
public sealed class HostFeed(TimeProvider time) : ChangeFeed(time);

/// <summary>
/// Tells subscribers of this process that something changed. It carries an id only: a subscriber reads the database, so that every page
/// shows the same truth. Bursts are gathered: one subscriber is called at most once per <see cref="MinimumInterval"/>, and always once
/// after the last change.
/// </summary>
public abstract class ChangeFeed(TimeProvider time)
{
    private readonly ConcurrentDictionary<Guid, Subscription> _subscriptions = new();
    private readonly ConcurrentDictionary<Guid, Action<Guid>> _listeners = new();

    /// <summary>Shortest time between two calls of one subscriber that did not ask for another.</summary>
    public static readonly TimeSpan MinimumInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>Subscribes to one thing, or to all when <paramref name="id"/> is null. Dispose to end.</summary>
    /// <param name="id">Its id, or null for every one.</param>
    /// <param name="onChanged">Called off the writer's thread.</param>
    /// <param name="every">Shortest time between two calls; null for <see cref="MinimumInterval"/>.</param>
    public IDisposable Subscribe(Guid? id, Func<Task> onChanged, TimeSpan? every = null)
    {
        var subscription = new Subscription(id, onChanged, every ?? MinimumInterval, time, self => _subscriptions.TryRemove(self, out _));
        _subscriptions[subscription.Id] = subscription;
        return subscription;
    }

    /// <summary>Hears of every change at once, before any subscriber. Dispose to end.</summary>
    /// <param name="onChanged">Called on the writer's thread with the id: it must return at once and not throw.</param>
    public IDisposable Listen(Action<Guid> onChanged)
    {
        var key = Guid.NewGuid();
        _listeners[key] = onChanged;
        return new Listener(() => _listeners.TryRemove(key, out _));
    }

    /// <summary>It changed; the empty id stands for everything.</summary>
    public void Changed(Guid id)
    {
        foreach (var listener in _listeners.Values)
        {
            listener(id);
        }

        foreach (var subscription in _subscriptions.Values)
        {
            if (subscription.Of is null || subscription.Of == id || id == Guid.Empty)
            {
                subscription.Signal();
            }
        }
    }

    private sealed class Listener(Action remove) : IDisposable
    {
        public void Dispose() => remove();
    }

    private sealed class Subscription(Guid? of, Func<Task> onChanged, TimeSpan interval, TimeProvider time, Action<Guid> remove) : IDisposable
    {
        private int _pending;
        private volatile bool _disposed;

        public Guid Id { get; } = Guid.NewGuid();

        public Guid? Of { get; } = of;

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
                var begun = time.GetTimestamp();
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

                // From the beginning of one call to that of the next: what the call itself took is no pause on top.
                if (interval - time.GetElapsedTime(begun) is { Ticks: > 0 } left)
                {
                    await Task.Delay(left, time).ConfigureAwait(false);
                }
            }
            while (!_disposed && Interlocked.CompareExchange(ref _pending, 0, seen) != seen);
        }
    }
}
