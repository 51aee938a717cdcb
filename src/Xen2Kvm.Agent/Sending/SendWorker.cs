using System.Diagnostics;
using Xen2Kvm.Agent.Hashing;
using Xen2Kvm.Agent.Native;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Flow;
using Xen2Kvm.Transfer.Protocol;

namespace Xen2Kvm.Agent.Sending;

/// <summary>
/// A thread that does work on one connection: reads a region piece by piece, finds zeroes, hashes, compresses, sends. The network is busy
/// while this thread reads because the connection has another worker.
/// </summary>
internal sealed unsafe class SendWorker(Connection connection, WorkQueue queue, HashTree hashes, TokenBucket rate, uint round) : IDisposable
{
    private const int PieceBytes = 1024 * 1024, SampleBytes = 4096;
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(250);

    // A read may be rounded up to a page.
    private readonly AlignedBuffer _piece = new(PieceBytes + AlignedBuffer.Alignment);
    private readonly byte[] _pages = new byte[DiskLayout.ChunkBytes];
    private readonly byte[] _packed = new byte[DiskLayout.ChunkBytes];
    private readonly byte[] _head = new byte[ChunkPayload.MaxHeadBytes];
    private readonly UInt128[] _blocks = new UInt128[DiskLayout.MaxRegionBytes / DiskLayout.BlockBytes];
    private readonly Zstd _zstd = new();

    /// <summary>Works until there is nothing more for this connection.</summary>
    public void Run()
    {
        while (true)
        {
            Work work = queue.Take(connection.Slot);
            switch (work.Kind)
            {
                case WorkKind.Copy:
                    Copy(work);
                    break;
                case WorkKind.Sync:
                    connection.Writer.Write(new FrameHeader { Type = FrameType.Sync, Round = round });
                    break;
                case WorkKind.Verify:
                    SendNote(FrameType.Verify, work, new RegionNote(work.Region, work.Entry.ZeroBytes, false, work.Entry.Hash), FrameFlags.None);
                    break;
                case WorkKind.Root:
                    connection.Writer.Write(new FrameHeader { Type = FrameType.Root, Round = round, Disk = work.Disk!.Index });
                    break;
                default:
                    return;
            }
        }
    }

    public void Dispose()
    {
        _piece.Dispose();
        _zstd.Dispose();
    }

    private void Copy(Work work)
    {
        SourceDisk disk = work.Disk!;
        int length = disk.RegionLength(work.Region);
        FrameFlags flags = work.Entry.Mismatches > 0 ? FrameFlags.Repair : FrameFlags.None;
        int zeroBytes = 0;
        for (int at = 0; at < length; at += PieceBytes)
            zeroBytes += CopyPiece(disk, work.Region, at, Math.Min(PieceBytes, length - at), flags);
        UInt128 hash = zeroBytes == length ? hashes.ZeroRegion(length) : hashes.Combine(_blocks.AsSpan(0, DiskLayout.Pieces(length, DiskLayout.BlockBytes)));
        queue.Sent(connection.Slot, disk, work.Region, hash, zeroBytes);
        SendNote(FrameType.Region, work, new RegionNote(work.Region, zeroBytes, false, hash), flags);
        queue.Finished(connection.Slot);
    }

    /// <summary>Sends the data of one piece of a region; returns how much of it is zero.</summary>
    private int CopyPiece(SourceDisk disk, int region, int at, int length, FrameFlags flags)
    {
        long offset = disk.RegionOffset(region) + at, source = disk.Disk.SourceOffset + offset;
        bool isHole = disk.File.NextData(source, source + length).Start >= source + length;
        if (!isHole)
            Read(disk, source, length);
        int zeroBytes = 0;
        for (int chunk = 0; chunk < length; chunk += DiskLayout.ChunkBytes)
        {
            int size = Math.Min(DiskLayout.ChunkBytes, length - chunk);
            Span<UInt128> blocks = _blocks.AsSpan((at + chunk) / DiskLayout.BlockBytes, DiskLayout.Pieces(size, DiskLayout.BlockBytes));
            ReadOnlySpan<byte> bytes = _piece.Span.Slice(chunk, size);
            ulong map = isHole ? 0 : ZeroScan.DataMap(bytes);
            hashes.HashBlocks(bytes, map, blocks);
            zeroBytes += size - ZeroScan.MappedBytes(map, size);
            if (map != 0)
                SendChunk(disk, offset + chunk, bytes, map, blocks, flags);
        }
        return zeroBytes;
    }

    private void Read(SourceDisk disk, long source, int length)
    {
        try
        {
            disk.File.Read(source, _piece.Pointer, length);
        }
        catch (TransferException e)
        {
            throw new TransferException($"disk {disk.Disk.Id}: {e.Message}", inner: e) { Disk = disk.Disk.Id };
        }
    }

    private void SendChunk(SourceDisk disk, long offset, ReadOnlySpan<byte> chunk, ulong map, ReadOnlySpan<UInt128> blocks, FrameFlags flags)
    {
        ReadOnlySpan<byte> body = map == ZeroScan.FullMap(chunk.Length) ? chunk : Pack(chunk, map);
        int content = body.Length, packed = Compress(body);
        if (packed > 0)
        {
            body = _packed.AsSpan(0, packed);
            flags |= FrameFlags.Zstd;
        }
        int head = ChunkPayload.HeadBytes(chunk.Length);
        ChunkPayload.WriteHead(_head, map, blocks);
        connection.Reserve(head + body.Length);
        Throttle(FrameHeader.Bytes + head + body.Length);
        int sent = connection.Writer.Write(
            new FrameHeader { Type = FrameType.Data, Flags = flags, Round = round, Disk = disk.Index, Offset = offset, Length = chunk.Length },
            _head.AsSpan(0, head), body);
        connection.AddData(content);
        queue.CountSent(disk, sent);
    }

    private ReadOnlySpan<byte> Pack(ReadOnlySpan<byte> chunk, ulong map)
    {
        int have = 0;
        for (int page = 0, at = 0; at < chunk.Length; page++, at += DiskLayout.PageBytes)
        {
            if ((map & (1UL << page)) == 0)
                continue;
            ReadOnlySpan<byte> bytes = chunk.Slice(at, Math.Min(DiskLayout.PageBytes, chunk.Length - at));
            bytes.CopyTo(_pages.AsSpan(have));
            have += bytes.Length;
        }
        return _pages.AsSpan(0, have);
    }

    /// <summary>Compresses into the packed buffer; 0 when it is not worth it.</summary>
    private int Compress(ReadOnlySpan<byte> body)
    {
        int level = connection.Level;
        if (level == 0)
            return 0;
        if (body.Length >= 4 * SampleBytes)
        {
            int sample = _zstd.Compress(body.Slice(body.Length / 2, SampleBytes), _packed, level);
            if (sample == 0 || !CompressionGovernor.IsWorthIt(SampleBytes, sample))
                return 0;
        }
        int size = _zstd.Compress(body, _packed, level);
        return size > 0 && CompressionGovernor.IsWorthIt(body.Length, size) ? size : 0;
    }

    private void Throttle(int bytes)
    {
        long ticket = rate.Take(bytes), begin = Stopwatch.GetTimestamp();
        bool waited = false;
        // In slices: the limit may be changed meanwhile.
        for (TimeSpan left = rate.Left(ticket); left > TimeSpan.Zero && connection.Lost is null; left = rate.Left(ticket))
        {
            waited = true;
            connection.WaitOrLost(left < LongestWait ? left : LongestWait);
        }
        if (waited)
            connection.AddWait(Stopwatch.GetTimestamp() - begin);
    }

    private void SendNote(FrameType type, Work work, RegionNote note, FrameFlags flags)
    {
        Span<byte> payload = stackalloc byte[RegionNote.Bytes];
        note.Write(payload);
        int sent = connection.Writer.Write(
            new FrameHeader
            {
                Type = type,
                Flags = flags,
                Round = round,
                Disk = work.Disk!.Index,
                Offset = work.Disk.RegionOffset(work.Region),
                Length = work.Disk.RegionLength(work.Region),
            },
            payload);
        queue.CountSent(work.Disk, sent);
    }
}
