using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Protocol;

namespace Xen2Kvm.Agent.Native;

/// <summary>Writes frames to a pipe; safe for many threads, one frame at a time.</summary>
internal sealed unsafe class FrameWriter(int fd)
{
    private readonly object _gate = new();
    private uint _sequence;
    private long _blockedTicks;

    /// <summary>Bytes written.</summary>
    public long BytesWritten { get; private set; }

    /// <summary>Time spent in writing or waiting for another's write, in Stopwatch ticks.</summary>
    public long BlockedTicks => Interlocked.Read(ref _blockedTicks);

    /// <summary>Sends a frame whose payload is <paramref name="head"/> followed by <paramref name="body"/>; returns its size on the wire.</summary>
    /// <exception cref="TransferException">The pipe is closed.</exception>
    public int Write(FrameHeader frame, ReadOnlySpan<byte> head = default, ReadOnlySpan<byte> body = default)
    {
        byte* header = stackalloc byte[FrameHeader.Bytes];
        int total = FrameHeader.Bytes + head.Length + body.Length;
        long begin = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            (frame with
            {
                Sequence = _sequence++,
                PayloadBytes = head.Length + body.Length,
                PayloadCrc = frame.Type == FrameType.Data ? 0 : Crc32C.Of(head),
            }).Write(new Span<byte>(header, FrameHeader.Bytes));
            fixed (byte* headAt = head, bodyAt = body)
            {
                Libc.IoVec* vectors = stackalloc Libc.IoVec[3];
                vectors[0] = new() { Base = header, Length = FrameHeader.Bytes };
                vectors[1] = new() { Base = headAt, Length = (nuint)head.Length };
                vectors[2] = new() { Base = bodyAt, Length = (nuint)body.Length };
                WriteAll(vectors, 3);
            }
            BytesWritten += total;
        }
        Interlocked.Add(ref _blockedTicks, Stopwatch.GetTimestamp() - begin);
        return total;
    }

    /// <summary>Sends a frame with a JSON payload.</summary>
    public void WriteJson<T>(FrameType type, T value, JsonTypeInfo<T> info) =>
        Write(new FrameHeader { Type = type }, JsonSerializer.SerializeToUtf8Bytes(value, info));

    private void WriteAll(Libc.IoVec* vectors, int count)
    {
        while (count > 0)
        {
            nint n = Libc.writev(fd, vectors, count);
            if (n < 0)
            {
                if (Libc.Errno() == Libc.EINTR)
                    continue;
                throw new TransferException($"the connection broke while sending: {Libc.LastError()}", isTransient: true);
            }
            while (count > 0 && (nuint)n >= vectors->Length)
            {
                n -= (nint)vectors->Length;
                vectors++;
                count--;
            }
            if (count > 0)
            {
                vectors->Base += n;
                vectors->Length -= (nuint)n;
            }
        }
    }
}

/// <summary>Reads frames from a pipe; for one thread.</summary>
internal sealed unsafe class FrameReader(int fd)
{
    private readonly byte[] _header = new byte[FrameHeader.Bytes];
    private uint _sequence;
    private long _starvedTicks;

    /// <summary>Time spent waiting for input, in nanoseconds.</summary>
    public long StarvedNanoseconds => (long)(Interlocked.Read(ref _starvedTicks) * (1e9 / Stopwatch.Frequency));

    /// <summary>Reads the next header; false at the end of the stream between two frames.</summary>
    /// <exception cref="ProtocolException">What arrived is not the next frame of this protocol.</exception>
    public bool TryReadHeader(out FrameHeader frame)
    {
        frame = default;
        int have = Fill(_header);
        if (have == 0)
            return false;
        if (have < FrameHeader.Bytes)
            throw have < 8 || _header[4] != FrameHeader.Version
                ? (Exception)new ProtocolException($"the connection ended after: \"{System.Text.Encoding.ASCII.GetString(_header, 0, have).Trim()}\"")
                : new TransferException("the connection ended inside a frame header", isTransient: true);
        frame = FrameHeader.Read(_header);
        if (frame.Sequence != _sequence++)
            throw new ProtocolException($"frame {frame.Sequence} arrived where {_sequence - 1} was due");
        return true;
    }

    /// <summary>Reads the payload of the frame whose header was read last, into the start of <paramref name="into"/>.</summary>
    public void ReadPayload(in FrameHeader frame, Span<byte> into)
    {
        Span<byte> payload = into[..frame.PayloadBytes];
        if (Fill(payload) != payload.Length)
            throw new TransferException($"the connection ended inside a {frame.Type} frame", isTransient: true);
        if (frame.Type != FrameType.Data && Crc32C.Of(payload) != frame.PayloadCrc)
            throw new ProtocolException($"a {frame.Type} frame has a wrong checksum");
    }

    /// <summary>Reads the payload of the frame whose header was read last; its size was checked against the type's limit.</summary>
    public byte[] ReadPayload(in FrameHeader frame)
    {
        byte[] payload = new byte[frame.PayloadBytes];
        ReadPayload(frame, payload);
        return payload;
    }

    private int Fill(Span<byte> into)
    {
        int have = 0;
        fixed (byte* at = into)
        {
            while (have < into.Length)
            {
                long begin = Stopwatch.GetTimestamp();
                nint n = Libc.read(fd, at + have, (nuint)(into.Length - have));
                Interlocked.Add(ref _starvedTicks, Stopwatch.GetTimestamp() - begin);
                if (n == 0)
                    break;
                if (n > 0)
                    have += (int)n;
                else if (Libc.Errno() != Libc.EINTR)
                    throw new TransferException($"the connection broke while receiving: {Libc.LastError()}", isTransient: true);
            }
        }
        return have;
    }
}
