using System.Buffers.Binary;
using System.Numerics;

namespace Xen2Kvm.Transfer;

/// <summary>CRC-32C, the checksum of frame headers, control payloads and journal records. Disk content is covered by XXH3-128 instead.</summary>
public static class Crc32C
{
    /// <summary>The checksum of <paramref name="bytes"/> (Castagnoli polynomial, usual inversion).</summary>
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        while (bytes.Length >= 8)
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }
        foreach (byte b in bytes)
            crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}
