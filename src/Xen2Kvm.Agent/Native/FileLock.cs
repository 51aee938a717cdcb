using System.Diagnostics;
using Xen2Kvm.Transfer;

namespace Xen2Kvm.Agent.Native;

/// <summary>An flock. It ends with the last descriptor of it, so it cannot outlive its holder.</summary>
internal sealed class FileLock : IDisposable
{
    private FileLock(int descriptor) => Descriptor = descriptor;

    public int Descriptor { get; private set; }

    /// <summary>Takes the lock, or returns null when another holds it for longer than <paramref name="patience"/>.</summary>
    public static FileLock? TryTake(string path, TimeSpan patience)
    {
        int fd = Libc.open(path, Libc.O_RDWR | Libc.O_CREAT | Libc.O_CLOEXEC, 0x180);
        if (fd < 0)
            throw new TransferException($"cannot open {path}: {Libc.LastError()}");
        long begin = Stopwatch.GetTimestamp();
        while (Libc.flock(fd, Libc.LOCK_EX | Libc.LOCK_NB) != 0)
        {
            if (Stopwatch.GetElapsedTime(begin) >= patience)
            {
                _ = Libc.close(fd);
                return null;
            }
            // flock has no time-out of its own.
            Thread.Sleep(10);
        }
        return new FileLock(fd);
    }

    /// <summary>Takes over a lock that the parent process holds and handed down as a descriptor.</summary>
    public static FileLock Adopt(int descriptor)
    {
        // Children of this process must not keep the lock alive after it.
        _ = Libc.fcntl(descriptor, Libc.F_SETFD, Libc.FD_CLOEXEC);
        return new FileLock(descriptor);
    }

    /// <summary>True when somebody holds the lock now.</summary>
    public static bool IsHeld(string path)
    {
        if (!File.Exists(path))
            return false;
        int fd = Libc.open(path, Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        if (fd < 0)
            return false;
        // A shared lock, so that two who ask do not see each other; a starter who meets it tries again.
        bool held = Libc.flock(fd, Libc.LOCK_SH | Libc.LOCK_NB) != 0;
        _ = Libc.close(fd);
        return held;
    }

    public void Dispose()
    {
        if (Descriptor >= 0)
            _ = Libc.close(Descriptor);
        Descriptor = -1;
    }
}
