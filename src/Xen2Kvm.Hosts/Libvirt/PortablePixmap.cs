using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Xen2Kvm.Hosts.Libvirt;

/// <summary>Turns the picture formats of <c>virsh screenshot</c> into PNG. Pure.</summary>
internal static class PortablePixmap
{
    private const int MostPixels = 64 << 20;

    private static readonly byte[] Signature = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a];

    /// <summary>A PNG of the picture: the bytes themselves if they are one, else converted from PPM (P6); null when they are neither.</summary>
    public static byte[]? ToPng(ReadOnlySpan<byte> picture)
    {
        if (picture.StartsWith(Signature))
        {
            return picture.ToArray();
        }

        if (!picture.StartsWith("P6"u8))
        {
            return null;
        }

        var at = 2;
        if (!Number(picture, ref at, out var width) || !Number(picture, ref at, out var height) || !Number(picture, ref at, out var most)
            || most != 255 || width < 1 || height < 1 || (long)width * height > MostPixels)
        {
            return null;
        }

        at++;
        var row = width * 3;
        if (picture.Length - at < row * (long)height)
        {
            return null;
        }

        var raw = new MemoryStream();
        using (var compressed = new ZLibStream(raw, CompressionLevel.Optimal, leaveOpen: true))
        {
            for (var y = 0; y < height; y++)
            {
                compressed.WriteByte(0);
                compressed.Write(picture.Slice(at + y * row, row));
            }
        }

        var png = new MemoryStream();
        png.Write(Signature);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = 8;
        header[9] = 2;
        Chunk(png, "IHDR", header);
        Chunk(png, "IDAT", raw.ToArray());
        Chunk(png, "IEND", []);
        return png.ToArray();
    }

    private static bool Number(ReadOnlySpan<byte> text, ref int at, out int number)
    {
        number = 0;
        while (at < text.Length && (text[at] is (byte)' ' or (byte)'\n' or (byte)'\t' or (byte)'\r' or (byte)'#'))
        {
            if (text[at] == '#')
            {
                while (at < text.Length && text[at] != '\n')
                {
                    at++;
                }
            }
            else
            {
                at++;
            }
        }

        var start = at;
        while (at < text.Length && text[at] is >= (byte)'0' and <= (byte)'9' && at - start < 6)
        {
            number = number * 10 + (text[at++] - '0');
        }

        return at > start;
    }

    private static void Chunk(MemoryStream png, string type, byte[] data)
    {
        Span<byte> word = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(word, data.Length);
        png.Write(word);
        byte[] body = [.. Encoding.ASCII.GetBytes(type), .. data];
        png.Write(body);
        BinaryPrimitives.WriteUInt32BigEndian(word, Crc(body));
        png.Write(word);
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = 0xffffffffu;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xedb88320u : crc >> 1;
            }
        }

        return ~crc;
    }
}
