using System.Collections.Concurrent;
using System.Numerics;
using Xen2Kvm.Agent.Hashing;
using Xen2Kvm.Agent.Native;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Protocol;

namespace Xen2Kvm.Agent.Receiving;

/// <summary>
/// A received data frame in a buffer of its own. The payload is placed so that the body of a full chunk starts at a page: a stored chunk is
/// written from where it was received.
/// </summary>
internal sealed class ReceivedChunk : IDisposable
{
    private const int BodyAt = AlignedBuffer.Alignment;
    private readonly AlignedBuffer _buffer = new(BodyAt + ChunkPayload.MaxBytes + AlignedBuffer.Alignment);

    public FrameHeader Frame { get; private set; }

    public OpenRegion Region { get; private set; } = null!;

    public Span<byte> Payload => _buffer.Span.Slice(BodyAt - ChunkPayload.HeadBytes(Frame.Length), Frame.PayloadBytes);

    public unsafe byte* Body => _buffer.Pointer + BodyAt;

    public void Set(in FrameHeader frame, OpenRegion region)
    {
        Frame = frame;
        Region = region;
    }

    public void Dispose() => _buffer.Dispose();
}

/// <summary>Takes received chunks from a queue, checks their hashes and writes them; one per thread.</summary>
internal sealed unsafe class ChunkWriter(HashTree hashes) : IDisposable
{
    /// <summary>Zero runs shorter than this are written along with their neighbours: one large write beats two small ones.</summary>
    private const int MinGapPages = 8;

    private readonly Zstd _zstd = new();
    private readonly AlignedBuffer _chunk = new(DiskLayout.ChunkBytes);
    private readonly AlignedBuffer _pages = new(DiskLayout.ChunkBytes);

    /// <summary>Checks and writes one chunk.</summary>
    public void Write(ReceivedChunk received)
    {
        FrameHeader frame = received.Frame;
        Span<UInt128> announced = stackalloc UInt128[DiskLayout.ChunkBytes / DiskLayout.BlockBytes];
        ulong map = ChunkPayload.ReadHead(frame, received.Payload, announced, out ReadOnlySpan<byte> body);
        byte* content = Unpack(received, body, map);
        int blocks = DiskLayout.Pieces(frame.Length, DiskLayout.BlockBytes);
        Span<UInt128> found = stackalloc UInt128[DiskLayout.ChunkBytes / DiskLayout.BlockBytes];
        hashes.HashBlocks(new ReadOnlySpan<byte>(content, frame.Length), map, found);
        if (!found[..blocks].SequenceEqual(announced[..blocks]))
            throw new ProtocolException($"disk {received.Region.Disk.Id}: the chunk at {frame.Offset} was changed on its way");
        WriteRuns(received.Region, frame, content, map);
        received.Region.SetBlocks(frame.Offset, found[..blocks]);
    }

    public void Dispose()
    {
        _zstd.Dispose();
        _chunk.Dispose();
        _pages.Dispose();
    }

    private byte* Unpack(ReceivedChunk received, ReadOnlySpan<byte> body, ulong map)
    {
        int length = received.Frame.Length, mapped = ZeroScan.MappedBytes(map, length);
        bool packed = (received.Frame.Flags & FrameFlags.Zstd) != 0, full = map == ZeroScan.FullMap(length);
        if (full && !packed)
            return received.Body;
        if (full)
        {
            _zstd.Decompress(body, _chunk.Span[..length]);
            return _chunk.Pointer;
        }
        if (packed)
        {
            _zstd.Decompress(body, _pages.Span[..mapped]);
            body = _pages.Span[..mapped];
        }
        Span<byte> chunk = _chunk.Span[..length];
        for (int at = 0, page = 0; at < length; at += DiskLayout.PageBytes, page++)
        {
            int size = Math.Min(DiskLayout.PageBytes, length - at);
            if ((map & (1UL << page)) == 0)
            {
                chunk.Slice(at, size).Clear();
                continue;
            }
            body[..size].CopyTo(chunk[at..]);
            body = body[size..];
        }
        return _chunk.Pointer;
    }

    private static void WriteRuns(OpenRegion region, in FrameHeader frame, byte* content, ulong map)
    {
        int pages = DiskLayout.Pieces(frame.Length, DiskLayout.PageBytes);
        int page = 0;
        while (page < pages)
        {
            bool data = (map & (1UL << page)) != 0;
            int end = page + 1;
            while (end < pages && (data ? ContinuesData(map, end) : (map & (1UL << end)) == 0))
                end++;
            int from = page * DiskLayout.PageBytes, to = Math.Min(frame.Length, end * DiskLayout.PageBytes);
            if (data)
                region.Disk.Write(frame.Offset + from, content + from, to - from);
            else if (region.WriteZeroes)
                region.Disk.Zero(frame.Offset + from, to - from);
            page = end;
        }
    }

    private static bool ContinuesData(ulong map, int page)
    {
        ulong rest = map >> page;
        return rest != 0 && BitOperations.TrailingZeroCount(rest) < MinGapPages;
    }
}

/// <summary>A bounded stock of chunk buffers: the reader takes, the writers give back. Its size bounds the receiver's memory.</summary>
internal sealed class ChunkPool(int count) : IDisposable
{
    private readonly BlockingCollection<ReceivedChunk> _free = Fill(count);

    public ReceivedChunk Take(CancellationToken cancelled) => _free.Take(cancelled);

    public void Return(ReceivedChunk chunk) => _free.Add(chunk, CancellationToken.None);

    /// <summary>Only when no thread uses a chunk any more.</summary>
    public void Dispose()
    {
        while (_free.TryTake(out ReceivedChunk? chunk))
            chunk.Dispose();
        _free.Dispose();
    }

    private static BlockingCollection<ReceivedChunk> Fill(int count)
    {
        var free = new BlockingCollection<ReceivedChunk>(new ConcurrentStack<ReceivedChunk>());
        for (int i = 0; i < count; i++)
            free.Add(new ReceivedChunk());
        return free;
    }
}
