namespace Xen2Kvm.Agent.Tests.Support;

/// <summary>Files with known content, the same on every run.</summary>
public static class TestData
{
    public const int MiB = 1024 * 1024;

    /// <summary>A file of incompressible bytes.</summary>
    public static string Random(string path, long bytes, int seed = 1)
    {
        var random = new Random(seed);
        using FileStream file = File.Create(path);
        byte[] buffer = new byte[MiB];
        for (long at = 0; at < bytes; at += buffer.Length)
        {
            random.NextBytes(buffer);
            file.Write(buffer, 0, (int)Math.Min(buffer.Length, bytes - at));
        }
        return path;
    }

    /// <summary>Like a guest's disk: holes, runs of written zeroes, text, random bytes, pieces of odd sizes.</summary>
    public static string Mixed(string path, long bytes, int seed = 1)
    {
        var random = new Random(seed);
        using FileStream file = File.Create(path);
        file.SetLength(bytes);
        while (file.Position < bytes)
        {
            int size = (int)Math.Min(bytes - file.Position, 1 << random.Next(9, 22));
            byte[] piece = new byte[size];
            switch (random.Next(4))
            {
                case 0:
                    file.Position += size;
                    continue;
                case 1:
                    break;
                case 2:
                    for (int i = 0; i < size; i++)
                        piece[i] = (byte)("the quick brown fox "[i % 20] + random.Next(2));
                    break;
                default:
                    random.NextBytes(piece);
                    break;
            }
            file.Write(piece);
        }
        return path;
    }

    /// <summary>An empty sparse file.</summary>
    public static string Empty(string path, long bytes)
    {
        using FileStream file = File.Create(path);
        file.SetLength(bytes);
        return path;
    }

    /// <summary>True when a range of one file equals a range of another.</summary>
    public static bool SameBytes(string a, long atA, string b, long atB, long length)
    {
        using FileStream one = File.OpenRead(a), two = File.OpenRead(b);
        one.Position = atA;
        two.Position = atB;
        byte[] x = new byte[MiB], y = new byte[MiB];
        for (long at = 0; at < length; at += MiB)
        {
            int size = (int)Math.Min(MiB, length - at);
            one.ReadExactly(x, 0, size);
            two.ReadExactly(y, 0, size);
            if (!x.AsSpan(0, size).SequenceEqual(y.AsSpan(0, size)))
                return false;
        }
        return true;
    }

    /// <summary>Flips one bit.</summary>
    public static void Corrupt(string path, long at)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite);
        file.Position = at;
        int value = file.ReadByte();
        file.Position = at;
        file.WriteByte((byte)(value ^ 0x40));
        file.Flush(flushToDisk: true);
    }
}
