using System.Diagnostics;
using Xen2Kvm.Agent.Native;
using Xen2Kvm.Transfer;

namespace Xen2Kvm.Agent.Blocks;

/// <summary>
/// Writes into a qcow2 image through <c>qemu-nbd</c>, one server per image for all connections of a job. It is started without
/// --persistent: it ends by itself with its last client, so no crash can leave an image locked.
/// </summary>
internal static class QemuNbd
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);

    /// <summary>Joins the image's server, or starts it.</summary>
    /// <param name="image">The qcow2 file.</param>
    /// <param name="prefix">Path prefix for socket, lock, pid and log, in the state directory.</param>
    /// <param name="awaitEnd">On closing, wait for the server's end: after that nothing holds the image.</param>
    public static NbdTarget Open(string image, string prefix, bool awaitEnd)
    {
        NbdTarget target = Open(image, prefix, out string pidFile);
        if (awaitEnd)
            target.Closed = () => AwaitEnd(image, pidFile);
        return target;
    }

    private static NbdTarget Open(string image, string prefix, out string pidFile)
    {
        if (!File.Exists(image))
            throw new TransferException($"the image {image} does not exist: create it before the copy");
        // Unix socket paths are short, image paths may be long: name the files by a checksum.
        string name = $"{prefix}-{Crc32C.Of(System.Text.Encoding.UTF8.GetBytes(image)):x8}";
        pidFile = name + ".pid";
        using FileLock starting = FileLock.TryTake(name + ".lock", StartLimit)
            ?? throw new TransferException($"another receiver is starting qemu-nbd for {image} and does not finish");
        long begin = Stopwatch.GetTimestamp();
        while (true)
        {
            if (TryJoin(name + ".sock") is NbdTarget running)
                return running;
            int server = Start(image, name);
            File.WriteAllText(pidFile, ProcessIdentity.Of(server).ToString());
            while (true)
            {
                if (TryJoin(name + ".sock") is NbdTarget started)
                    return started;
                if (HasEnded(server))
                    break;
                if (Stopwatch.GetElapsedTime(begin) > StartLimit)
                    throw new TransferException($"qemu-nbd for {image} does not answer");
                Thread.Sleep(20);
            }
            // The server of an earlier connection may be about to end and still hold the image's lock: try for a while.
            if (Stopwatch.GetElapsedTime(begin) > TimeSpan.FromSeconds(5))
                throw new TransferException($"qemu-nbd cannot open {image}: {File.ReadAllText(name + ".log").Trim()}");
            Thread.Sleep(100);
        }
    }

    private static void AwaitEnd(string image, string pidFile)
    {
        ProcessIdentity server = ProcessIdentity.Parse(File.ReadAllText(pidFile));
        long begin = Stopwatch.GetTimestamp();
        while (server.IsAlive)
        {
            if (Stopwatch.GetElapsedTime(begin) > StartLimit)
            {
                Console.Error.WriteLine($"qemu-nbd for {image} (pid {server.Pid}) still runs: a connection of the job has not ended");
                return;
            }
            Thread.Sleep(10);
        }
    }

    private static NbdTarget? TryJoin(string socket)
    {
        try
        {
            return File.Exists(socket) ? NbdTarget.Open(socket) : null;
        }
        catch (TransferException)
        {
            return null;
        }
    }

    private static int Start(string image, string name)
    {
        File.Delete(name + ".sock");
        File.Delete(name + ".log");
        int log = Libc.open(name + ".log", Libc.O_WRONLY | Libc.O_CREAT | Libc.O_APPEND | Libc.O_CLOEXEC, 0x180);
        int nothing = Libc.open("/dev/null", Libc.O_RDWR | Libc.O_CLOEXEC, 0);
        try
        {
            string[] argv =
            [
                "qemu-nbd", "--socket", name + ".sock", "--format", "qcow2", "--cache", "none", "--discard", "unmap", "--shared", "32", image,
            ];
            return ChildProcess.Start(argv, [nothing, log, log], ownSession: true);
        }
        finally
        {
            _ = Libc.close(log);
            _ = Libc.close(nothing);
        }
    }

    private static unsafe bool HasEnded(int pid)
    {
        const int WNOHANG = 1;
        int status;
        return Libc.waitpid(pid, &status, WNOHANG) == pid;
    }
}
