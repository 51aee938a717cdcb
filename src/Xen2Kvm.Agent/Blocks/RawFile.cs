using Xen2Kvm.Agent.Native;
using Xen2Kvm.Transfer;

namespace Xen2Kvm.Agent.Blocks;

/// <summary>
/// A block device or a raw image. O_DIRECT where the system allows it: dom0's page cache may hold stale blocks of a device that a guest
/// wrote to, and a verification must read the medium. Whole pages go direct, the rest through the page cache; a range that does not start
/// at a page goes through the cache wholly, so that no page is ever written by both ways.
/// </summary>
internal sealed unsafe class RawFile : IBlockTarget
{
    private const int Page = AlignedBuffer.Alignment;
    private readonly string _path;
    private readonly int _cached;
    private readonly bool _isBlock;
    private int _direct;
    private bool _cannotZero;

    private RawFile(string path, int cached, int direct, in Libc.Stat stat, long size)
    {
        _path = path;
        _cached = cached;
        _direct = direct;
        _isBlock = (stat.Mode & Libc.S_IFMT) == Libc.S_IFBLK;
        Size = size;
        Identity = _isBlock ? $"block {stat.SpecialDevice}" : $"file {stat.Device} {stat.Inode}";
        Note = direct >= 0 ? null : $"O_DIRECT is not supported by {path}: using the page cache and dropping it";
    }

    public long Size { get; }

    public string? Note { get; }

    public bool IsBlock => _isBlock;

    /// <summary>Equal for two paths of the same device or file.</summary>
    public string Identity { get; }

    /// <exception cref="TransferException">It does not exist, cannot be opened, or is neither a device nor a file.</exception>
    public static RawFile Open(string path, bool write)
    {
        int access = (write ? Libc.O_RDWR : Libc.O_RDONLY) | Libc.O_CLOEXEC;
        int cached = Libc.open(path, access, 0);
        if (cached < 0)
            throw new TransferException($"cannot open {path} for {(write ? "writing" : "reading")}: {Libc.LastError()}");
        Libc.Stat stat;
        if (Libc.fstat(cached, &stat) != 0)
            throw Close(cached, $"cannot examine {path}: {Libc.LastError()}");
        long size = stat.Size;
        switch (stat.Mode & Libc.S_IFMT)
        {
            case Libc.S_IFREG:
                break;
            case Libc.S_IFBLK:
                if (Libc.ioctl(cached, Libc.BLKGETSIZE64, &size) != 0)
                    throw Close(cached, $"cannot read the size of {path}: {Libc.LastError()}");
                // Cached reads (tails, or no O_DIRECT) must not see what was there before the guest wrote. Needs root; harmless without.
                if (!write)
                    _ = Libc.ioctl(cached, Libc.BLKFLSBUF, null);
                break;
            default:
                throw Close(cached, $"{path} is neither a block device nor a file");
        }
        int direct = Libc.open(path, access | Libc.O_DIRECT, 0);
        return new RawFile(path, cached, direct, stat, size);
    }

    public void Read(long offset, byte* into, int length)
    {
        int have = 0;
        // Whole sectors may do for O_DIRECT; if not, the kernel says so.
        while (have < length && _direct >= 0 && (offset + have) % 512 == 0 && have % 512 == 0)
        {
            nint n = Libc.pread(_direct, into + have, (nuint)RoundUp(length - have), offset + have);
            if (n > 0)
                have += (int)Math.Min(n, length - have);
            else if (n == 0 || Libc.Errno() == Libc.EINVAL)
                break;
            else if (Libc.Errno() != Libc.EINTR)
                throw Failed("reading", offset + have);
        }
        if (have >= length)
            return;
        // What the cache holds is not what the medium holds.
        Libc.posix_fadvise(_cached, offset + have, length - have, Libc.POSIX_FADV_DONTNEED);
        int from = have;
        while (have < length)
        {
            nint n = Libc.pread(_cached, into + have, (nuint)(length - have), offset + have);
            if (n > 0)
                have += (int)n;
            else if (n == 0)
                throw new TransferException($"{_path} ended at byte {offset + have}, before the {length} bytes at {offset} were read: it has shrunk");
            else if (Libc.Errno() != Libc.EINTR)
                throw Failed("reading", offset + have);
        }
        Libc.posix_fadvise(_cached, offset + from, length - from, Libc.POSIX_FADV_DONTNEED);
    }

    public void Write(long offset, byte* from, int length)
    {
        int done = 0;
        int direct = _direct >= 0 && offset % Page == 0 && (nint)from % Page == 0 ? length & ~(Page - 1) : 0;
        while (done < direct)
        {
            nint n = Libc.pwrite(_direct, from + done, (nuint)(direct - done), offset + done);
            if (n > 0)
                done += (int)n;
            else if (n < 0 && Libc.Errno() == Libc.EINVAL)
            {
                _direct = -1;
                break;
            }
            else if (n == 0 || Libc.Errno() != Libc.EINTR)
                throw Failed("writing", offset + done);
        }
        while (done < length)
        {
            nint n = Libc.pwrite(_cached, from + done, (nuint)(length - done), offset + done);
            if (n > 0)
                done += (int)n;
            else if (n == 0 || Libc.Errno() != Libc.EINTR)
                throw Failed("writing", offset + done);
        }
    }

    public void Zero(long offset, long length)
    {
        long first = Math.Min(RoundUp(offset), offset + length), last = Math.Max(first, (offset + length) & ~(Page - 1L));
        WriteZeroes(offset, first - offset);
        if (last > first && !TryZero(first, last - first))
            WriteZeroes(first, last - first);
        WriteZeroes(last, offset + length - last);
    }

    public void Flush()
    {
        if (Libc.fdatasync(_cached) != 0)
            throw new TransferException($"cannot make writes to {_path} durable: {Libc.LastError()}");
    }

    public bool IsHole(long offset, int length)
    {
        if (_isBlock)
            return false;
        long data = Libc.lseek(_cached, offset, Libc.SEEK_DATA);
        return data < 0 ? Libc.Errno() == Libc.ENXIO : data >= offset + length;
    }

    /// <summary>The next range with data that starts at or after <paramref name="offset"/>, within <paramref name="end"/>; empty at end when none.</summary>
    public (long Start, long End) NextData(long offset, long end)
    {
        if (_isBlock)
            return (offset, end);
        long start = Libc.lseek(_cached, offset, Libc.SEEK_DATA);
        if (start < 0)
            return Libc.Errno() == Libc.ENXIO ? (end, end) : (offset, end);
        if (start >= end)
            return (end, end);
        long stop = Libc.lseek(_cached, start, Libc.SEEK_HOLE);
        return (start, stop < 0 ? end : Math.Min(stop, end));
    }

    public void Dispose()
    {
        _ = Libc.close(_cached);
        if (_direct >= 0)
            _ = Libc.close(_direct);
    }

    private bool TryZero(long offset, long length)
    {
        if (_cannotZero)
            return false;
        if (_isBlock)
        {
            long* range = stackalloc long[] { offset, length };
            _cannotZero = Libc.ioctl(_cached, Libc.BLKZEROOUT, range) != 0;
        }
        else
        {
            _cannotZero = Libc.fallocate(_cached, Libc.FALLOC_FL_ZERO_RANGE | Libc.FALLOC_FL_KEEP_SIZE, offset, length) != 0
                && Libc.fallocate(_cached, Libc.FALLOC_FL_PUNCH_HOLE | Libc.FALLOC_FL_KEEP_SIZE, offset, length) != 0;
        }
        return !_cannotZero;
    }

    private void WriteZeroes(long offset, long length)
    {
        if (length <= 0)
            return;
        using var zeroes = new AlignedBuffer((int)Math.Min(length, 1024 * 1024));
        zeroes.Span.Clear();
        for (long at = 0; at < length; at += zeroes.Length)
            Write(offset + at, zeroes.Pointer, (int)Math.Min(zeroes.Length, length - at));
    }

    private TransferException Failed(string verb, long offset)
    {
        string hint = Libc.Errno() == Libc.ENOSPC ? "; free space there and start the job again" : "";
        return new TransferException($"{verb} {_path} at byte {offset} failed: {Libc.LastError()}{hint}");
    }

    private static TransferException Close(int fd, string message)
    {
        _ = Libc.close(fd);
        return new TransferException(message);
    }

    private static int RoundUp(int n) => (n + Page - 1) & ~(Page - 1);

    private static long RoundUp(long n) => (n + Page - 1) & ~(Page - 1L);
}
