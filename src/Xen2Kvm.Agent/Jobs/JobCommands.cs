using System.Diagnostics;
using System.Text.Json;
using Xen2Kvm.Agent.Native;
using Xen2Kvm.Agent.Sending;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Jobs;

namespace Xen2Kvm.Agent.Jobs;

/// <summary>start, run, status, log, cancel and limit: what the engine calls through SSH on the source host.</summary>
internal static class JobCommands
{
    /// <summary>Descriptor under which a runner inherits its lock.</summary>
    private const int LockDescriptor = 3;

    private const int MaxTimetableBytes = 1024 * 1024;
    private static readonly TimeSpan CancelPatience = TimeSpan.FromSeconds(10);

    /// <summary>Starts the detached runner of a job unless it runs or is done.</summary>
    public static StartAnswer Start(string path, bool reverify)
    {
        var directory = new JobDirectory(path);
        _ = Libc.umask(0x3F);
        TransferJob job = directory.ReadJob();
        using FileLock? held = FileLock.TryTake(directory.LockFile, TimeSpan.FromSeconds(1));
        TransferStatus? last = directory.LastStatus();
        if (held is null)
            return new StartAnswer(false, true, false, directory.Runner.Pid);
        if (last?.State == "done" && !reverify)
            return new StartAnswer(false, false, true, 0);
        File.Delete(directory.CancelFile);
        if (reverify)
            File.WriteAllText(directory.ReverifyFile, "");
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        directory.WriteStatus((last ?? new TransferStatus { State = "absent", StartedAt = now }) with
        {
            State = "running",
            JobId = job.Id,
            Attempt = (last?.Attempt ?? 0) + 1,
            UpdatedAt = now,
            CopiedAt = 0,
            FinishedAt = 0,
            Phase = "connect",
            Error = null,
        });
        int log = Libc.open(directory.LogFile, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_APPEND | Libc.O_CLOEXEC, 0x180);
        int nothing = Libc.open("/dev/null", Libc.O_RDWR | Libc.O_CLOEXEC, 0);
        // The lock goes down with its descriptor: there is no moment in which nobody holds it.
        int pid = ChildProcess.Start(
            [Environment.ProcessPath!, "run", directory.Path], [nothing, log, log, held.Descriptor], ownSession: true);
        return new StartAnswer(true, true, false, pid);
    }

    /// <summary>The runner itself; started by <see cref="Start"/> only.</summary>
    public static int Run(string path)
    {
        using FileLock held = FileLock.Adopt(LockDescriptor);
        _ = Libc.umask(0x3F);
        Directory.SetCurrentDirectory("/");
        return new Runner(new JobDirectory(path)).Run();
    }

    /// <summary>Stops a job at a safe point, or hard when it does not stop in time.</summary>
    public static CancelAnswer Cancel(string path)
    {
        var directory = new JobDirectory(path);
        if (!Directory.Exists(directory.Path))
            return new CancelAnswer(false, false, "absent");
        bool killed = false;
        if (directory.IsRunning)
        {
            File.WriteAllText(directory.CancelFile, "");
            ProcessIdentity runner = directory.Runner;
            runner.Signal(Libc.SIGTERM);
            if (!WaitForEnd(directory, CancelPatience))
            {
                directory.Runner.Signal(Libc.SIGKILL);
                killed = true;
                if (!WaitForEnd(directory, CancelPatience))
                    throw new TransferException($"the runner of {directory.Path} (pid {runner.Pid}) does not end; look at it on the host");
            }
        }
        TransferStatus status = directory.TrueStatus();
        if (status.State is "interrupted" or "failed" or "running")
        {
            long now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
            directory.WriteStatus(status = status with { State = "cancelled", UpdatedAt = now, FinishedAt = now, Reconnecting = false, Connections = 0 });
        }
        return new CancelAnswer(status.State == "cancelled", killed, status.State);
    }

    /// <summary>Keeps a timetable for the runner of a job, present or to come, in place of the one before.</summary>
    /// <exception cref="TransferException">There is no such job, or the timetable cannot be obeyed; the one before stays.</exception>
    public static LimitAnswer Limit(string path, Stream input)
    {
        var directory = new JobDirectory(path);
        _ = Libc.umask(0x3F);
        long own = directory.ReadJob().RateLimitBytesPerSecond;
        byte[] bytes = new byte[MaxTimetableBytes];
        int have = input.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        try
        {
            RateTimetable timetable = JobDirectory.ReadTimetable(bytes.AsSpan(0, have)).ByClock(now);
            directory.WriteTimetable(timetable);
            (long rate, long until) = timetable.At(now, own);
            return new LimitAnswer(rate, until);
        }
        catch (JsonException e)
        {
            throw new TransferException($"the timetable cannot be read: {e.Message}", inner: e);
        }
    }

    private static bool WaitForEnd(JobDirectory directory, TimeSpan patience)
    {
        long begin = Stopwatch.GetTimestamp();
        while (directory.IsRunning)
        {
            if (Stopwatch.GetElapsedTime(begin) > patience)
                return false;
            Thread.Sleep(20);
        }
        return true;
    }
}
