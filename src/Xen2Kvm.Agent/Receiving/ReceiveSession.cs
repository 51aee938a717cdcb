using System.Collections.Concurrent;
using Xen2Kvm.Agent.Hashing;
using Xen2Kvm.Agent.Native;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Journal;
using Xen2Kvm.Transfer.Protocol;

namespace Xen2Kvm.Agent.Receiving;

/// <summary>
/// One connection after its Hello: this thread reads frames, writers check and write chunks, verifiers read regions back, one thread makes
/// things durable. Memory is bounded by the chunk pool and by <see cref="MaxOpenRegions"/>.
/// </summary>
internal sealed class ReceiveSession : IDisposable
{
    private const int Writers = 2, Verifiers = 2, PooledChunks = 24, MaxOpenRegions = 32, CreditStep = 512 * 1024;
    private readonly IReadOnlyList<DeclaredDisk> _disks;
    private readonly uint _round;
    private readonly HashTree _hashes;
    private readonly FrameReader _reader;
    private readonly FrameWriter _writer;
    private readonly DurabilityThread _durability;
    private readonly Func<int, UInt128?> _verifiedRoot;
    private readonly Dictionary<(int Disk, int Region), OpenRegion> _regions = [];
    private readonly ChunkPool _pool = new(PooledChunks);
    private readonly BlockingCollection<ReceivedChunk?> _chunks = new(PooledChunks);
    private readonly BlockingCollection<(DeclaredDisk Disk, RegionNote Expected)> _toVerify = new(64);
    private readonly List<Thread> _threads = [];
    private readonly CancellationTokenSource _failed = new();
    private readonly object _idle = new();
    private int _busy;
    private long _consumed;
    private long _credited;
    private Exception? _failure;

    public ReceiveSession(
        IReadOnlyList<DeclaredDisk> disks, Hello hello, HashTree hashes, JournalFile journal, FrameReader reader, FrameWriter writer,
        Func<int, UInt128?> verifiedRoot)
    {
        (_disks, _round, _hashes, _reader, _writer, _verifiedRoot) = (disks, hello.Round, hashes, reader, writer, verifiedRoot);
        _durability = new DurabilityThread(disks, hello.Round, journal, writer, hello.FlushBytes, Fail);
    }

    /// <summary>Serves until the sender says Bye or goes away; what was received whole is made durable in both cases.</summary>
    /// <returns>True after Bye.</returns>
    public bool Run()
    {
        _durability.Start();
        for (int i = 0; i < Writers; i++)
            Spawn(WriteChunks);
        for (int i = 0; i < Verifiers; i++)
            Spawn(VerifyRegions);
        bool bye = false;
        try
        {
            while (!bye && _reader.TryReadHeader(out FrameHeader frame))
            {
                if (_failed.IsCancellationRequested)
                    break;
                bye = Serve(frame);
            }
        }
        catch (OperationCanceledException) when (_failed.IsCancellationRequested)
        {
            // A worker failed; its exception is thrown below.
        }
        finally
        {
            _chunks.CompleteAdding();
            _toVerify.CompleteAdding();
            foreach (Thread thread in _threads)
                thread.Join();
            _durability.End();
        }
        return _failure is null ? bye : throw _failure;
    }

    public void Dispose()
    {
        _pool.Dispose();
        _failed.Dispose();
        _chunks.Dispose();
        _toVerify.Dispose();
    }

    private bool Serve(in FrameHeader frame)
    {
        switch (frame.Type)
        {
            case FrameType.Data:
                Receive(frame);
                return false;
            case FrameType.Region:
                EndRegion(frame);
                return false;
            case FrameType.Verify:
                _toVerify.Add((DiskOf(frame), NoteOf(frame)), _failed.Token);
                return false;
            case FrameType.Sync:
                WaitUntilWritten();
                _durability.Sync();
                return false;
            case FrameType.Root:
                SendRoot(DiskOf(frame));
                return false;
            case FrameType.Bye:
                return true;
            default:
                throw new ProtocolException($"a {frame.Type} frame is not for the receiver");
        }
    }

    private void Receive(in FrameHeader frame)
    {
        DeclaredDisk disk = DiskOf(frame);
        if (frame.Offset >= disk.Length || frame.Length is <= 0 or > DiskLayout.ChunkBytes)
            throw new ProtocolException($"disk {disk.Id}: {frame.Length} bytes at {frame.Offset} are outside its {disk.Length} bytes");
        OpenRegion region = RegionOf(disk, (int)(frame.Offset / DiskLayout.RegionBytes(disk.Length)), frame.Flags);
        region.Begin(frame);
        if (frame.PayloadBytes < ChunkPayload.HeadBytes(frame.Length))
            throw new ProtocolException("a data frame is too short for its block hashes");
        ReceivedChunk chunk = _pool.Take(_failed.Token);
        chunk.Set(frame, region);
        _reader.ReadPayload(frame, chunk.Payload);
        lock (_idle)
            _busy++;
        _chunks.Add(chunk, _failed.Token);
    }

    private void EndRegion(in FrameHeader frame)
    {
        DeclaredDisk disk = DiskOf(frame);
        RegionNote note = NoteOf(frame);
        CheckRegion(disk, note);
        OpenRegion region = RegionOf(disk, note.Region, frame.Flags);
        region.End(note);
        _regions.Remove((disk.Index, note.Region));
        if (region.Leave())
            Complete(region);
    }

    private void WriteChunks()
    {
        using var writer = new ChunkWriter(_hashes);
        foreach (ReceivedChunk? chunk in _chunks.GetConsumingEnumerable())
        {
            if (!_failed.IsCancellationRequested)
            {
                writer.Write(chunk!);
                if (chunk!.Region.Leave())
                    Complete(chunk.Region);
                Credit(chunk.Frame.PayloadBytes);
            }
            _pool.Return(chunk!);
            lock (_idle)
            {
                if (--_busy == 0)
                    Monitor.PulseAll(_idle);
            }
        }
    }

    private void Complete(OpenRegion region)
    {
        region.Complete(_hashes);
        _durability.Written(region);
        WriteCredit(new FrameHeader
        {
            Type = FrameType.Credit,
            Flags = FrameFlags.RegionWritten,
            Round = _round,
            Disk = region.Disk.Index,
            Offset = region.Disk.RegionOffset(region.Region),
            Length = region.Length,
        });
    }

    private void Credit(int bytes)
    {
        long consumed = Interlocked.Add(ref _consumed, bytes), credited = Interlocked.Read(ref _credited);
        if (consumed - credited >= CreditStep && Interlocked.CompareExchange(ref _credited, consumed, credited) == credited)
            WriteCredit(new FrameHeader { Type = FrameType.Credit, Round = _round });
    }

    private void WriteCredit(FrameHeader frame)
    {
        Span<byte> payload = stackalloc byte[CreditPayload.Bytes];
        new CreditPayload(Interlocked.Read(ref _consumed), _reader.StarvedNanoseconds).Write(payload);
        _writer.Write(frame, payload);
    }

    private unsafe void VerifyRegions()
    {
        using var reader = new RegionReader(_hashes);
        Span<byte> payload = stackalloc byte[RegionNote.Bytes];
        foreach ((DeclaredDisk disk, RegionNote expected) in _toVerify.GetConsumingEnumerable())
        {
            if (_failed.IsCancellationRequested)
                continue;
            CheckRegion(disk, expected);
            UInt128 found = reader.Hash(disk.RegionOffset(expected.Region), disk.RegionLength(expected.Region), disk.IsHole, disk.Read);
            bool right = found == expected.Hash;
            if (right)
                _durability.Verified(disk.Index, expected);
            (expected with { Hash = found, Verified = right }).Write(payload);
            _writer.Write(
                new FrameHeader { Type = FrameType.Verified, Flags = right ? 0 : FrameFlags.Mismatch, Round = _round, Disk = disk.Index },
                payload);
        }
    }

    private void SendRoot(DeclaredDisk disk)
    {
        UInt128 root = _verifiedRoot(disk.Index)
            ?? throw new TransferException($"disk {disk.Id}: not every region has been verified") { Disk = disk.Id };
        byte[] payload = new byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(payload, root);
        _writer.Write(new FrameHeader { Type = FrameType.RootIs, Round = _round, Disk = disk.Index }, payload);
    }

    private void WaitUntilWritten()
    {
        lock (_idle)
        {
            while (_busy > 0 && !_failed.IsCancellationRequested)
                Monitor.Wait(_idle);
        }
    }

    private OpenRegion RegionOf(DeclaredDisk disk, int region, FrameFlags flags)
    {
        if (_regions.TryGetValue((disk.Index, region), out OpenRegion? open))
            return open;
        if (_regions.Count >= MaxOpenRegions)
            throw new ProtocolException("too many regions are open at once");
        bool writeZeroes = !disk.SkipsZeroes || _round > 0 || (flags & FrameFlags.Repair) != 0;
        return _regions[(disk.Index, region)] = new OpenRegion(disk, region, writeZeroes, _hashes);
    }

    private DeclaredDisk DiskOf(in FrameHeader frame) =>
        frame.Round == _round && frame.Disk < _disks.Count
            ? _disks[frame.Disk]
            : throw new ProtocolException($"a {frame.Type} frame names disk {frame.Disk}, round {frame.Round}, which this job has not");

    private RegionNote NoteOf(in FrameHeader frame) => RegionNote.Read(_reader.ReadPayload(frame));

    private static void CheckRegion(DeclaredDisk disk, RegionNote note)
    {
        if (note.Region >= disk.Regions || note.ZeroBytes > disk.RegionLength(note.Region))
            throw new ProtocolException($"disk {disk.Id}: region {note.Region} does not exist");
    }

    private void Spawn(Action work)
    {
        var thread = new Thread(() =>
        {
            try
            {
                work();
            }
            catch (Exception e)
            {
                Fail(e);
            }
        })
        { IsBackground = true };
        thread.Start();
        _threads.Add(thread);
    }

    private void Fail(Exception e)
    {
        if (Interlocked.CompareExchange(ref _failure, e, null) is not null)
            return;
        _failed.Cancel();
        lock (_idle)
            Monitor.PulseAll(_idle);
        // The reading thread may wait for input that never comes: tell the sender at once, it will close.
        try
        {
            ReceiveCommand.Refuse(_writer, e);
        }
        catch (TransferException)
        {
            // The sender is gone.
        }
    }
}
