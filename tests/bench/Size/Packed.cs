using System.Buffers.Binary;
using System.Text;

namespace Xen2Kvm.Bench;

/// <summary>The little of MessagePack that SignalR's hub protocol needs.</summary>
internal static class Packed
{
    /// <summary>A hub message with its length in front.</summary>
    public static byte[] Invocation(string? id, string target, params object?[] arguments)
    {
        using var body = new MemoryStream();
        body.WriteByte(0x96);
        body.WriteByte(1);
        body.WriteByte(0x80);
        Write(body, id);
        Write(body, target);
        body.WriteByte((byte)(0x90 | arguments.Length));
        foreach (var argument in arguments)
        {
            Write(body, argument);
        }

        body.WriteByte(0x90);
        return Framed(body);
    }

    /// <summary>The message that says that this end lives.</summary>
    public static byte[] Ping() => [2, 0x91, 6];

    /// <summary>Reads one value at a place, and moves the place behind it: null, bool, long, double, string, byte[], list, or a map's flat list.</summary>
    public static object? Read(ReadOnlySpan<byte> bytes, ref int at)
    {
        var head = bytes[at++];
        switch (head)
        {
            case < 0x80: return (long)head;
            case >= 0xe0: return (long)(sbyte)head;
            case >= 0x80 and < 0x90: return List(bytes, ref at, 2 * (head & 15));
            case >= 0x90 and < 0xa0: return List(bytes, ref at, head & 15);
            case >= 0xa0 and < 0xc0: return Text(bytes, ref at, head & 31);
            case 0xc0: return null;
            case 0xc2: return false;
            case 0xc3: return true;
            case 0xc4: return Bytes(bytes, ref at, (int)Number(bytes, ref at, 1));
            case 0xc5: return Bytes(bytes, ref at, (int)Number(bytes, ref at, 2));
            case 0xc6: return Bytes(bytes, ref at, (int)Number(bytes, ref at, 4));
            case 0xca: return (double)BitConverter.Int32BitsToSingle((int)Number(bytes, ref at, 4));
            case 0xcb: return BitConverter.Int64BitsToDouble(Number(bytes, ref at, 8));
            case 0xcc: return Number(bytes, ref at, 1);
            case 0xcd: return Number(bytes, ref at, 2);
            case 0xce: return Number(bytes, ref at, 4);
            case 0xcf: return Number(bytes, ref at, 8);
            case 0xd0: return (long)(sbyte)Number(bytes, ref at, 1);
            case 0xd1: return (long)(short)Number(bytes, ref at, 2);
            case 0xd2: return (long)(int)Number(bytes, ref at, 4);
            case 0xd3: return Number(bytes, ref at, 8);
            case 0xd9: return Text(bytes, ref at, (int)Number(bytes, ref at, 1));
            case 0xda: return Text(bytes, ref at, (int)Number(bytes, ref at, 2));
            case 0xdb: return Text(bytes, ref at, (int)Number(bytes, ref at, 4));
            case 0xdc: return List(bytes, ref at, (int)Number(bytes, ref at, 2));
            default: throw new FormatException($"{head:x2} is not used by the hub protocol.");
        }
    }

    private static byte[] Framed(MemoryStream body)
    {
        using var framed = new MemoryStream();
        for (var left = body.Length; ; left >>= 7)
        {
            framed.WriteByte((byte)(left > 127 ? (left & 127) | 128 : left));
            if (left <= 127)
            {
                break;
            }
        }

        body.WriteTo(framed);
        return framed.ToArray();
    }

    private static void Write(Stream to, object? value)
    {
        Span<byte> number = stackalloc byte[9];
        switch (value)
        {
            case null: to.WriteByte(0xc0); break;
            case bool yes: to.WriteByte(yes ? (byte)0xc3 : (byte)0xc2); break;
            case long whole:
                number[0] = 0xd3;
                BinaryPrimitives.WriteInt64BigEndian(number[1..], whole);
                to.Write(number);
                break;
            case string text:
                var bytes = Encoding.UTF8.GetBytes(text);
                number[0] = 0xdb;
                BinaryPrimitives.WriteInt32BigEndian(number[1..], bytes.Length);
                to.Write(number[..5]);
                to.Write(bytes);
                break;
            default: throw new ArgumentException($"{value.GetType()} is not written.", nameof(value));
        }
    }

    private static long Number(ReadOnlySpan<byte> bytes, ref int at, int length)
    {
        long number = 0;
        for (var end = at + length; at < end; at++)
        {
            number = (number << 8) | bytes[at];
        }

        return number;
    }

    private static string Text(ReadOnlySpan<byte> bytes, ref int at, int length) => Encoding.UTF8.GetString(Bytes(bytes, ref at, length));

    private static byte[] Bytes(ReadOnlySpan<byte> bytes, ref int at, int length)
    {
        at += length;
        return bytes[(at - length)..at].ToArray();
    }

    private static List<object?> List(ReadOnlySpan<byte> bytes, ref int at, int count)
    {
        var list = new List<object?>(count);
        for (var item = 0; item < count; item++)
        {
            list.Add(Read(bytes, ref at));
        }

        return list;
    }
}
