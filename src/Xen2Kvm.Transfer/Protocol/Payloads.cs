using System.Buffers.Binary;

namespace Xen2Kvm.Transfer.Protocol;

/// <summary>What is known about one region: 28 bytes: region(4) zero bytes(4) state(4) hash(16, as XXH128 canonical).</summary>
/// <param name="Region">Region number in the disk.</param>
/// <param name="ZeroBytes">How many of its bytes were found zero at the source (by page).</param>
/// <param name="Verified">It has been read back and was equal.</param>
/// <param name="Hash">Hash of the region.</param>
public readonly record struct RegionNote(int Region, int ZeroBytes, bool Verified, UInt128 Hash)
{
    /// <summary>Size in bytes.</summary>
    public const int Bytes = 28;

    /// <summary>At most this many in one Known or Durable frame.</summary>
    public const int MaxPerFrame = 16 * 1024;

    /// <summary>Writes the note into the first <see cref="Bytes"/> bytes of <paramref name="to"/>.</summary>
    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteInt32LittleEndian(to, Region);
        BinaryPrimitives.WriteInt32LittleEndian(to[4..], ZeroBytes);
        BinaryPrimitives.WriteInt32LittleEndian(to[8..], Verified ? 1 : 0);
        BinaryPrimitives.WriteUInt128BigEndian(to[12..], Hash);
    }

    /// <summary>Reads a note; the caller checks the region number against the disk.</summary>
    /// <exception cref="ProtocolException">It is too short or has impossible values.</exception>
    public static RegionNote Read(ReadOnlySpan<byte> from)
    {
        if (from.Length < Bytes)
            throw new ProtocolException($"a region note of {from.Length} bytes is too short");
        int region = BinaryPrimitives.ReadInt32LittleEndian(from);
        int zero = BinaryPrimitives.ReadInt32LittleEndian(from[4..]);
        int state = BinaryPrimitives.ReadInt32LittleEndian(from[8..]);
        if (region < 0 || zero < 0 || zero > DiskLayout.MaxRegionBytes || state is not (0 or 1))
            throw new ProtocolException("a region note has values out of range");
        return new RegionNote(region, zero, state == 1, BinaryPrimitives.ReadUInt128BigEndian(from[12..]));
    }

    /// <summary>Reads the notes of a Known or Durable frame.</summary>
    /// <exception cref="ProtocolException">The payload is not a whole number of valid notes.</exception>
    public static RegionNote[] ReadAll(ReadOnlySpan<byte> payload)
    {
        if (payload.Length % Bytes != 0)
            throw new ProtocolException("region notes are cut short");
        var notes = new RegionNote[payload.Length / Bytes];
        for (int i = 0; i < notes.Length; i++)
            notes[i] = Read(payload[(i * Bytes)..]);
        return notes;
    }
}

/// <summary>
/// What the receiver has consumed: 16 bytes: payload bytes consumed in all on this connection(8), nanoseconds it waited for input in all(8).
/// The first bounds what is in flight, the second says whether the network is the bottleneck.
/// </summary>
/// <param name="ConsumedBytes">Payload bytes of Data frames consumed on this connection.</param>
/// <param name="StarvedNanoseconds">Time spent waiting for input on this connection.</param>
public readonly record struct CreditPayload(long ConsumedBytes, long StarvedNanoseconds)
{
    /// <summary>Size in bytes.</summary>
    public const int Bytes = 16;

    /// <summary>Writes it into the first <see cref="Bytes"/> bytes of <paramref name="to"/>.</summary>
    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to, ConsumedBytes);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], StarvedNanoseconds);
    }

    /// <summary>Reads it.</summary>
    /// <exception cref="ProtocolException">It is too short.</exception>
    public static CreditPayload Read(ReadOnlySpan<byte> from) => from.Length == Bytes
        ? new(BinaryPrimitives.ReadInt64LittleEndian(from), BinaryPrimitives.ReadInt64LittleEndian(from[8..]))
        : throw new ProtocolException("a credit has the wrong size");
}

/// <summary>
/// The layout of a Data frame's payload: data map (8 bytes, one bit per page, see <see cref="ZeroScan.DataMap"/>), one 16-byte hash per
/// <see cref="DiskLayout.BlockBytes"/> block of the whole chunk, zeroes included, then the pages that the map names, stored or as a zstd frame.
/// </summary>
public static class ChunkPayload
{
    /// <summary>Size of one block hash.</summary>
    public const int HashBytes = 16;

    /// <summary>Bytes before the body for a full chunk.</summary>
    public const int MaxHeadBytes = 8 + (HashBytes * (DiskLayout.ChunkBytes / DiskLayout.BlockBytes));

    /// <summary>The largest payload. A body that does not shrink is stored, so none is longer than the chunk.</summary>
    public const int MaxBytes = MaxHeadBytes + DiskLayout.ChunkBytes;

    /// <summary>Bytes before the body for a chunk of <paramref name="chunkBytes"/> bytes.</summary>
    public static int HeadBytes(int chunkBytes) => 8 + (HashBytes * DiskLayout.Pieces(chunkBytes, DiskLayout.BlockBytes));

    /// <summary>Writes the part before the body.</summary>
    public static void WriteHead(Span<byte> to, ulong map, ReadOnlySpan<UInt128> hashes)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(to, map);
        for (int i = 0; i < hashes.Length; i++)
            BinaryPrimitives.WriteUInt128BigEndian(to[(8 + (i * HashBytes))..], hashes[i]);
    }

    /// <summary>Reads and checks a data frame that claims to hold a chunk of <see cref="FrameHeader.Length"/> bytes.</summary>
    /// <param name="header">The frame's header.</param>
    /// <param name="payload">Its payload.</param>
    /// <param name="hashes">Receives the block hashes.</param>
    /// <param name="body">The stored or compressed pages.</param>
    /// <returns>The data map.</returns>
    /// <exception cref="ProtocolException">Sizes or map do not fit the chunk.</exception>
    public static ulong ReadHead(in FrameHeader header, ReadOnlySpan<byte> payload, Span<UInt128> hashes, out ReadOnlySpan<byte> body)
    {
        if (header.Length is <= 0 or > DiskLayout.ChunkBytes || header.Offset % DiskLayout.ChunkBytes != 0)
            throw new ProtocolException($"a data frame at offset {header.Offset} covers {header.Length} bytes, which is no chunk");
        int head = HeadBytes(header.Length);
        if (payload.Length < head)
            throw new ProtocolException("a data frame is too short for its block hashes");
        ulong map = BinaryPrimitives.ReadUInt64LittleEndian(payload);
        if (map == 0 || (map & ~ZeroScan.FullMap(header.Length)) != 0)
            throw new ProtocolException("a data frame's map does not fit its chunk");
        for (int i = 0, n = DiskLayout.Pieces(header.Length, DiskLayout.BlockBytes); i < n; i++)
            hashes[i] = BinaryPrimitives.ReadUInt128BigEndian(payload[(8 + (i * HashBytes))..]);
        body = payload[head..];
        int mapped = ZeroScan.MappedBytes(map, header.Length);
        bool packed = (header.Flags & FrameFlags.Zstd) != 0;
        if (packed ? body.Length >= mapped || body.Length == 0 : body.Length != mapped)
            throw new ProtocolException($"a data frame's body has {body.Length} bytes where {mapped} of data were announced");
        return map;
    }
}
