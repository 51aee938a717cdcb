using System.Diagnostics;
using System.Text.Json;
using Xen2Kvm.Agent.Hashing;
using Xen2Kvm.Agent.Jobs;
using Xen2Kvm.Agent.Native;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Protocol;

namespace Xen2Kvm.Agent.Sending;

/// <summary>
/// One connection to the target host. Its own thread takes the receiver's frames to the work queue; when it is lost, for whatever reason,
/// the queue gets its work back at once.
/// </summary>
internal sealed class Connection : IDisposable
{
    /// <summary>Payload bytes in flight, at most: what hides the round trip, and no more.</summary>
    private const long Window = 16L * 1024 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Transport _transport;
    private readonly FrameReader _reader;
    private readonly WorkQueue _queue;
    private readonly HashTree _hashes;
    private readonly object _credit = new();
    private Thread? _listener;
    private long _sentPayload;
    private long _consumed;
    private long _waitedTicks;
    private long _dataBytes;
    private long _lastHeard = Stopwatch.GetTimestamp();
    private bool _bye;

    private Connection(int slot, Transport transport, WorkQueue queue, HashTree hashes)
    {
        (Slot, _transport, _queue, _hashes) = (slot, transport, queue, hashes);
        _reader = new FrameReader(transport.Output);
        Writer = new FrameWriter(transport.Input);
    }

    public int Slot { get; }

    public FrameWriter Writer { get; }

    /// <summary>The zstd level in use; 0 stores.</summary>
    public int Level { get; set; }

    /// <summary>Why the connection ended, once it is lost.</summary>
    public TransferException? Lost { get; private set; }

    /// <summary>Since when nothing was heard; the receiver speaks at least every few seconds.</summary>
    public TimeSpan Silence => Stopwatch.GetElapsedTime(Interlocked.Read(ref _lastHeard));

    /// <summary>Time that workers waited for the wire or for credit, in Stopwatch ticks.</summary>
    public long BlockedTicks => Writer.BlockedTicks + Interlocked.Read(ref _waitedTicks);

    /// <summary>Disk content sent, before compression.</summary>
    public long DataBytes => Interlocked.Read(ref _dataBytes);

    /// <summary>Time that the receiver waited for input, in nanoseconds.</summary>
    public long StarvedNanoseconds { get; private set; }

    /// <summary>Starts the transport, introduces itself and learns what is durable already.</summary>
    /// <exception cref="TransferException">It cannot be reached or refuses.</exception>
    public static Connection Open(IReadOnlyList<string> transport, Hello hello, WorkQueue queue, HashTree hashes)
    {
        var connection = new Connection(hello.Slot, Transport.Start(transport, hello.Slot), queue, hashes);
        // A far side that accepts and then says nothing must not hang the job.
        using var watchdog = new Timer(_ => connection._transport.Kill(), null, Patience, Timeout.InfiniteTimeSpan);
        try
        {
            connection.Introduce(hello);
            return connection;
        }
        catch (Exception e) when (e is TransferException or ProtocolException)
        {
            TransferException reason = connection.Explain(e);
            connection.Dispose();
            throw reason;
        }
    }

    /// <summary>Starts to listen; the queue must know the connection as attached.</summary>
    public void Listen()
    {
        _listener = new Thread(() =>
        {
            try
            {
                while (_reader.TryReadHeader(out FrameHeader frame))
                    Take(frame);
                if (!_bye)
                    Lose(new TransferException("the far side closed the connection", isTransient: true));
            }
            catch (Exception e) when (e is TransferException or ProtocolException or JsonException)
            {
                Lose(e);
            }
        })
        { IsBackground = true, Name = $"listener {Slot}" };
        _listener.Start();
    }

    /// <summary>Waits until this many payload bytes may be put on the way.</summary>
    public void Reserve(int bytes)
    {
        long begin = Stopwatch.GetTimestamp();
        lock (_credit)
        {
            while (Lost is null && _sentPayload > 0 && _sentPayload + bytes - _consumed > Window)
                Monitor.Wait(_credit);
            if (Lost is not null)
                throw Lost;
            _sentPayload += bytes;
        }
        AddWait(Stopwatch.GetTimestamp() - begin);
    }

    /// <summary>Waits for some time, or until the connection is lost.</summary>
    public void WaitOrLost(TimeSpan time)
    {
        long begin = Stopwatch.GetTimestamp();
        lock (_credit)
        {
            TimeSpan left;
            while (Lost is null && (left = time - Stopwatch.GetElapsedTime(begin)) > TimeSpan.Zero)
                Monitor.Wait(_credit, left);
        }
    }

    /// <summary>Adds to the disk content sent.</summary>
    public void AddData(int bytes) => Interlocked.Add(ref _dataBytes, bytes);

    /// <summary>Adds to the time that this connection's workers were held up.</summary>
    public void AddWait(long ticks) => Interlocked.Add(ref _waitedTicks, ticks);

    /// <summary>Gives the connection up.</summary>
    public void Lose(Exception reason)
    {
        lock (_credit)
        {
            if (Lost is not null)
                return;
            Lost = reason as TransferException ?? new TransferException(reason.Message, inner: reason);
            Monitor.PulseAll(_credit);
        }
        _queue.Detach(Slot);
        // Also frees a worker that is stuck in a write.
        _transport.Kill();
    }

    /// <summary>Ends in good order: the receiver finishes what it has and goes.</summary>
    public void Bye()
    {
        _bye = true;
        Writer.Write(new FrameHeader { Type = FrameType.Bye });
        _transport.CloseInput();
        _listener?.Join(Patience);
        _transport.End(Patience);
    }

    /// <summary>The reason with what the transport said last.</summary>
    public TransferException Explain(Exception e)
    {
        if (e is TransferException { IsTransient: false })
            return (TransferException)e;
        if (e is ProtocolException)
            return new TransferException($"the far side of connection {Slot} does not speak the transfer protocol: {e.Message}");
        (int code, string text) = _transport.End(TimeSpan.FromSeconds(2));
        // 126 and 127 are a shell's "cannot run" and "not found": no use to try again.
        return new TransferException($"{e.Message} (transport: {text})", isTransient: code is not (126 or 127), e);
    }

    public void Dispose()
    {
        _transport.Dispose();
        if (_listener?.Join(TimeSpan.FromSeconds(5)) ?? true)
            _transport.CloseOutput();
    }

    private void Introduce(Hello hello)
    {
        TransferException? unsent = null;
        try
        {
            Writer.WriteJson(FrameType.Hello, hello, TransferJson.Default.Hello);
        }
        catch (TransferException e)
        {
            unsent = e;
        }
        try
        {
            // One that went before it read: what it said until then, an error or another program's greeting, tells more than a broken pipe.
            Greet();
        }
        catch (TransferException e) when (unsent is not null && e.IsTransient)
        {
            // It said nothing of use.
        }
        if (unsent is not null)
            throw unsent;
    }

    private void Greet()
    {
        while (true)
        {
            if (!_reader.TryReadHeader(out FrameHeader frame))
                throw new TransferException("the far side closed the connection", isTransient: true);
            switch (frame.Type)
            {
                case FrameType.Welcome:
                    Welcome? welcome = JsonSerializer.Deserialize(_reader.ReadPayload(frame), TransferJson.Default.Welcome);
                    foreach (string note in Slot == 0 ? welcome?.Notes ?? [] : [])
                        JobLog.Info($"target host: {note}");
                    break;
                case FrameType.Known:
                    _queue.Durable(frame.Disk, RegionNote.ReadAll(_reader.ReadPayload(frame)), known: true);
                    break;
                case FrameType.Ready:
                    return;
                case FrameType.Error:
                    throw Refused(frame);
                default:
                    throw new ProtocolException($"a {frame.Type} frame arrived before Ready");
            }
        }
    }

    private void Take(in FrameHeader frame)
    {
        Interlocked.Exchange(ref _lastHeard, Stopwatch.GetTimestamp());
        byte[] payload = frame.Type == FrameType.Error ? [] : _reader.ReadPayload(frame);
        switch (frame.Type)
        {
            case FrameType.Credit:
                TakeCredit(frame, CreditPayload.Read(payload));
                break;
            case FrameType.Durable:
                _queue.Durable(frame.Disk, RegionNote.ReadAll(payload), known: false);
                break;
            case FrameType.Synced:
                break;
            case FrameType.Verified:
                RegionNote note = RegionNote.Read(payload);
                if (!_queue.Verified(frame.Disk, note))
                    JobLog.Warning($"disk {frame.Disk}: the region at offset {_queue.OffsetOf(frame.Disk, note.Region)} differs on the target, copying it again");
                break;
            case FrameType.RootIs:
                _queue.Root(frame.Disk, System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(payload), _hashes.Root);
                break;
            case FrameType.Error:
                throw Refused(frame);
            default:
                throw new ProtocolException($"a {frame.Type} frame is not for the sender");
        }
    }

    private void TakeCredit(in FrameHeader frame, CreditPayload credit)
    {
        lock (_credit)
        {
            // Credits of several receiver threads may overtake each other.
            _consumed = Math.Max(_consumed, Math.Min(credit.ConsumedBytes, _sentPayload));
            Monitor.PulseAll(_credit);
        }
        StarvedNanoseconds = credit.StarvedNanoseconds;
        if ((frame.Flags & FrameFlags.RegionWritten) != 0)
            _queue.Written(frame.Disk, frame.Offset);
    }

    private TransferException Refused(in FrameHeader frame)
    {
        Refusal? refusal = JsonSerializer.Deserialize(_reader.ReadPayload(frame), TransferJson.Default.Refusal);
        return new TransferException($"target host: {refusal?.Message}", refusal?.IsTransient ?? false) { Disk = refusal?.Disk };
    }
}
