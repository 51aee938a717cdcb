using System.Buffers.Binary;

namespace Xen2Kvm.Transfer.Protocol;

/// <summary>
/// The fixed part of every frame: 48 bytes, little endian: magic(4) version(1) type(1) flags(2) round(4) disk(4) offset(8) length(4)
/// payload(4) sequence(4) payload CRC-32C(4) reserved(4) header CRC-32C(4).
/// </summary>
/// <param name="Type">What the frame says.</param>
/// <param name="Flags">Properties.</param>
/// <param name="Round">The copy round; 0 is the full copy of a stopped guest, later rounds carry changes only.</param>
/// <param name="Disk">Index of the disk in Hello.</param>
/// <param name="Offset">Offset in the disk's source range, bytes.</param>
/// <param name="Length">Bytes of the disk that the frame is about.</param>
/// <param name="PayloadBytes">Bytes that follow the header.</param>
/// <param name="Sequence">Counts the frames of one direction of one connection from 0.</param>
/// <param name="PayloadCrc">CRC-32C of the payload; 0 in a Data frame, whose content is covered by its block hashes.</param>
public readonly record struct FrameHeader(
    FrameType Type,
    FrameFlags Flags,
    uint Round,
    int Disk,
    long Offset,
    int Length,
    int PayloadBytes,
    uint Sequence,
    uint PayloadCrc)
{
    /// <summary>Size of a header, bytes.</summary>
    public const int Bytes = 48;

    /// <summary>The protocol's version; both ends must be equal (the agent is copied to both hosts by the same program).</summary>
    public const byte Version = 1;

    private const uint Magic = 0x4B32_5846; // "FX2K" in memory order

    /// <summary>Writes the header into the first <see cref="Bytes"/> bytes of <paramref name="to"/>.</summary>
    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, Magic);
        to[4] = Version;
        to[5] = (byte)Type;
        BinaryPrimitives.WriteUInt16LittleEndian(to[6..], (ushort)Flags);
        BinaryPrimitives.WriteUInt32LittleEndian(to[8..], Round);
        BinaryPrimitives.WriteInt32LittleEndian(to[12..], Disk);
        BinaryPrimitives.WriteInt64LittleEndian(to[16..], Offset);
        BinaryPrimitives.WriteInt32LittleEndian(to[24..], Length);
        BinaryPrimitives.WriteInt32LittleEndian(to[28..], PayloadBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(to[32..], Sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(to[36..], PayloadCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(to[40..], 0);
        BinaryPrimitives.WriteUInt32LittleEndian(to[44..], Crc32C.Of(to[..44]));
    }

    /// <summary>Reads a header and checks all that can be checked without knowing the disks.</summary>
    /// <exception cref="ProtocolException">It is not a valid header.</exception>
    public static FrameHeader Read(ReadOnlySpan<byte> from)
    {
        if (from.Length < Bytes)
            throw new ProtocolException($"a frame header of {from.Length} bytes is too short");
        if (BinaryPrimitives.ReadUInt32LittleEndian(from) != Magic)
            throw new ProtocolException($"not a frame; the other side wrote: \"{Printable(from[..Bytes])}\"");
        if (from[4] != Version)
            throw new ProtocolException($"protocol version {from[4]} arrived, this agent speaks {Version}; copy the same agent to both hosts");
        if (BinaryPrimitives.ReadUInt32LittleEndian(from[44..]) != Crc32C.Of(from[..44]))
            throw new ProtocolException("a frame header has a wrong checksum");
        var header = new FrameHeader(
            (FrameType)from[5],
            (FrameFlags)BinaryPrimitives.ReadUInt16LittleEndian(from[6..]),
            BinaryPrimitives.ReadUInt32LittleEndian(from[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(from[12..]),
            BinaryPrimitives.ReadInt64LittleEndian(from[16..]),
            BinaryPrimitives.ReadInt32LittleEndian(from[24..]),
            BinaryPrimitives.ReadInt32LittleEndian(from[28..]),
            BinaryPrimitives.ReadUInt32LittleEndian(from[32..]),
            BinaryPrimitives.ReadUInt32LittleEndian(from[36..]));
        int limit = MaxPayload(header.Type);
        if (limit < 0)
            throw new ProtocolException($"frame type {from[5]} is unknown");
        if (header.PayloadBytes < 0 || header.PayloadBytes > limit)
            throw new ProtocolException($"a {header.Type} frame of {header.PayloadBytes} bytes is over its limit of {limit}");
        if (header.Disk < 0 || header.Offset < 0 || header.Length < 0)
            throw new ProtocolException($"a {header.Type} frame has a negative disk, offset or length");
        return header;
    }

    /// <summary>The largest payload of a frame of this type in bytes, so that no allocation is ever unbounded; -1 for an unknown type.</summary>
    public static int MaxPayload(FrameType type) => type switch
    {
        FrameType.Hello or FrameType.Welcome or FrameType.Error => 1024 * 1024,
        FrameType.Known or FrameType.Durable => RegionNote.Bytes * RegionNote.MaxPerFrame,
        FrameType.Data => ChunkPayload.MaxBytes,
        FrameType.Region or FrameType.Verify or FrameType.Verified => RegionNote.Bytes,
        FrameType.Credit => CreditPayload.Bytes,
        FrameType.RootIs => 16,
        FrameType.Ready or FrameType.Sync or FrameType.Synced or FrameType.Root or FrameType.Bye => 0,
        _ => -1,
    };

    private static string Printable(ReadOnlySpan<byte> bytes)
    {
        Span<char> text = stackalloc char[bytes.Length];
        for (int i = 0; i < bytes.Length; i++)
            text[i] = bytes[i] is >= 0x20 and < 0x7f ? (char)bytes[i] : '.';
        return new string(text);
    }
}
