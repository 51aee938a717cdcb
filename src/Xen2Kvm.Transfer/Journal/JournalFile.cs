using Microsoft.Win32.SafeHandles;

namespace Xen2Kvm.Transfer.Journal;

/// <summary>
/// The append-only file in which one receiver writes down what is durable, after it is durable. A record that a crash cut short ends the
/// file: it and all after it are dropped when the file is opened again, so that the worst loss is a region copied twice.
/// </summary>
public sealed class JournalFile : IDisposable
{
    private readonly SafeFileHandle _file;
    private long _end;

    private JournalFile(SafeFileHandle file, long end)
    {
        _file = file;
        _end = end;
    }

    /// <summary>Opens or makes the file for appending and cuts off a torn end. Only one writer may have it open.</summary>
    public static JournalFile Open(string path)
    {
        SafeFileHandle file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
        long end = 0;
        Scan(file, (_, next) => end = next);
        if (RandomAccess.GetLength(file) != end)
            RandomAccess.SetLength(file, end);
        return new JournalFile(file, end);
    }

    /// <summary>Reads all whole records of a file that another process may be appending to. A missing file has none.</summary>
    public static void Replay(string path, Action<JournalRecord> take)
    {
        if (!File.Exists(path))
            return;
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        Scan(file, (record, _) => take(record));
    }

    /// <summary>Appends records; <see cref="Flush"/> makes them durable.</summary>
    public void Append(ReadOnlySpan<JournalRecord> records)
    {
        if (records.IsEmpty)
            return;
        byte[] bytes = new byte[records.Length * JournalRecord.Bytes];
        for (int i = 0; i < records.Length; i++)
            records[i].Write(bytes.AsSpan(i * JournalRecord.Bytes));
        RandomAccess.Write(_file, bytes, _end);
        _end += bytes.Length;
    }

    /// <summary>Makes all that was appended durable.</summary>
    public void Flush() => RandomAccess.FlushToDisk(_file);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static void Scan(SafeFileHandle file, Action<JournalRecord, long> take)
    {
        byte[] buffer = new byte[JournalRecord.Bytes * 4096];
        long at = 0;
        while (true)
        {
            int have = 0;
            while (have < buffer.Length)
            {
                int n = RandomAccess.Read(file, buffer.AsSpan(have), at + have);
                if (n == 0)
                    break;
                have += n;
            }
            for (int i = 0; i + JournalRecord.Bytes <= have; i += JournalRecord.Bytes)
            {
                if (!JournalRecord.TryRead(buffer.AsSpan(i, JournalRecord.Bytes), out JournalRecord record))
                    return;
                take(record, at + i + JournalRecord.Bytes);
            }
            if (have < buffer.Length)
                return;
            at += have;
        }
    }
}
