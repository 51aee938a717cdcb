using System.Diagnostics;
using Xen2Kvm.Agent.Jobs;
using Xen2Kvm.Transfer;

namespace Xen2Kvm.Agent.Sending;

/// <summary>Whether the target host can be reached, and when to give up.</summary>
internal sealed class LinkHealth(WorkQueue queue, TimeSpan reconnectLimit, Action onSession)
{
    /// <summary>A host that was never reached in this run is given less time than one that was lost.</summary>
    private static readonly TimeSpan FirstContactLimit = TimeSpan.FromSeconds(10);

    private const int MaxLossesWithoutProgress = 10;
    private readonly object _gate = new();
    private long _downSince = Stopwatch.GetTimestamp();
    private long _progressAtLoss = -1;
    private int _losses;
    private bool _stopped;

    /// <summary>Connections that are up.</summary>
    public int Up { get; private set; }

    public bool EverConnected { get; private set; }

    /// <summary>Why a connection was lost or not made, last.</summary>
    public string? LastLoss { get; private set; }

    public bool IsReconnecting => Up == 0 && LastLoss is not null && !queue.IsOver;

    /// <summary>A connection is up. The first of all, slot 0, opens the session for the others.</summary>
    public void Connected()
    {
        lock (_gate)
        {
            if (!EverConnected)
                onSession();
            EverConnected = true;
            Up++;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>A connection that was up is gone, in good order or not.</summary>
    public void Disconnected()
    {
        lock (_gate)
        {
            if (--Up == 0)
                _downSince = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>A connection was lost (<paramref name="wasUp"/>), or could not be made.</summary>
    public void Failed(int slot, TransferException reason, bool wasUp)
    {
        JobLog.Warning($"connection {slot}: {reason.Message}");
        lock (_gate)
        {
            LastLoss = reason.Message;
            // A connection that cannot be made is a matter of time; one that comes up and breaks, again and again, is not.
            if (wasUp)
            {
                long progress = queue.Read(disks => disks.Sum(d => d.Counters.Durable + d.Counters.Verified));
                _losses = progress == _progressAtLoss ? _losses + 1 : 0;
                _progressAtLoss = progress;
            }
        }
        if (!reason.IsTransient)
            queue.Fail(reason);
        else if (_losses > MaxLossesWithoutProgress)
            queue.Fail(new TransferException($"the connection broke {_losses} times without any progress; last: {reason.Message}") { Disk = reason.Disk });
        Check();
    }

    /// <summary>Fails the job when the target host has been out of reach for too long.</summary>
    public void Check()
    {
        TimeSpan limit = EverConnected || reconnectLimit < FirstContactLimit ? reconnectLimit : FirstContactLimit;
        if (Up == 0 && LastLoss is not null && !queue.IsOver && Stopwatch.GetElapsedTime(_downSince) > limit)
            queue.Fail(new TransferException($"the target host cannot be reached: {LastLoss}"));
    }

    /// <summary>Waits until the session is open; false when the job ends before.</summary>
    public bool WaitForSession()
    {
        lock (_gate)
        {
            while (!EverConnected && !_stopped && !queue.IsOver)
                Monitor.Wait(_gate, 100);
            return EverConnected && !queue.IsOver;
        }
    }

    /// <summary>Waits before the next try, or until the job ends.</summary>
    public void Pause(TimeSpan time)
    {
        long begin = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            while (!_stopped && !queue.IsOver && Stopwatch.GetElapsedTime(begin) < time)
                Monitor.Wait(_gate, 100);
        }
    }

    /// <summary>The job is being stopped: nobody waits any more.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _stopped = true;
            Monitor.PulseAll(_gate);
        }
    }
}
