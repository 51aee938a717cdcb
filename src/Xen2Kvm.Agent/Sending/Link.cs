using Xen2Kvm.Agent.Hashing;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Flow;
using Xen2Kvm.Transfer.Protocol;

namespace Xen2Kvm.Agent.Sending;

/// <summary>Keeps one slot connected and its workers at work, through any number of connections.</summary>
internal sealed class Link(
    IReadOnlyList<string> transport, Hello hello, WorkQueue queue, HashTree hashes, TokenBucket rate, LinkHealth health, int level)
{
    /// <summary>One reads and computes while the other sends.</summary>
    public const int Workers = 2;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250), LongestPause = TimeSpan.FromSeconds(30);
    private volatile Connection? _connection;
    private Thread? _supervisor;
    private int _level = level;

    /// <summary>The connection that is up, or null.</summary>
    public Connection? Connection => _connection;

    /// <summary>The zstd level that its workers use.</summary>
    public int Level
    {
        get => _level;
        set
        {
            _level = value;
            if (_connection is { } connection)
                connection.Level = value;
        }
    }

    public void Start()
    {
        _supervisor = new Thread(Supervise) { IsBackground = true, Name = $"link {hello.Slot}" };
        _supervisor.Start();
    }

    /// <summary>Waits a little for the end; true when this slot has nothing more to do.</summary>
    public bool Ended(int milliseconds) => _supervisor!.Join(milliseconds);

    /// <summary>Gives up a connection from which nothing was heard for too long.</summary>
    public void CheckSilence(TimeSpan limit)
    {
        if (_connection is { } connection && connection.Silence > limit)
            connection.Lose(new TransferException($"nothing was heard from the target host for {limit.TotalSeconds} seconds", isTransient: true));
    }

    private void Supervise()
    {
        if (hello.Slot != 0 && !health.WaitForSession())
            return;
        TimeSpan pause = FirstPause;
        while (!queue.IsOver)
        {
            try
            {
                using Connection connection = Connection.Open(transport, hello, queue, hashes);
                pause = FirstPause;
                if (Serve(connection))
                    return;
                health.Failed(hello.Slot, connection.Explain(connection.Lost!), wasUp: true);
            }
            catch (TransferException e)
            {
                health.Failed(hello.Slot, e, wasUp: false);
            }
            health.Pause(pause);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    /// <summary>Works on a connection until it is lost (false) or there is nothing more to do (true).</summary>
    private bool Serve(Connection connection)
    {
        connection.Level = _level;
        queue.Attach(connection.Slot);
        _connection = connection;
        health.Connected();
        try
        {
            connection.Listen();
            Thread[] workers = [.. Enumerable.Range(0, Workers).Select(_ => new Thread(() => Work(connection)) { IsBackground = true })];
            foreach (Thread worker in workers)
                worker.Start();
            foreach (Thread worker in workers)
                worker.Join();
            if (connection.Lost is null)
                connection.Bye();
            return connection.Lost is null;
        }
        catch (TransferException e)
        {
            // Bye was not heard; what matters was acknowledged before.
            connection.Lose(e);
            return queue.IsOver;
        }
        finally
        {
            _connection = null;
            health.Disconnected();
        }
    }

    private void Work(Connection connection)
    {
        try
        {
            using var worker = new SendWorker(connection, queue, hashes, rate, hello.Round);
            worker.Run();
        }
        catch (TransferException e) when (e.IsTransient || e == connection.Lost)
        {
            connection.Lose(e);
        }
        catch (TransferException e)
        {
            queue.Fail(e);
        }
        catch (Exception e)
        {
            queue.Fail(new TransferException($"the agent failed: {e}"));
        }
    }
}
