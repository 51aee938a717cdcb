using System.Diagnostics;
using System.Text.Json;
using Xen2Kvm.Agent.Native;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Jobs;
using Xen2Kvm.Transfer.Protocol;

namespace Xen2Kvm.Agent.Receiving;

/// <summary>
/// The receiver's memory: <c>state.json</c> (the job it belongs to), <c>session</c> (the run of the sender that is in charge), and per slot
/// <c>slot-N.lock</c>, <c>slot-N.pid</c> (its holder) and <c>journal-N</c>. Each connection is a process of its own, so all is in files.
/// </summary>
internal sealed class StateDirectory
{
    private static readonly TimeSpan EvictionLimit = TimeSpan.FromSeconds(15);
    private readonly string _path;
    private readonly List<FileLock> _locks = [];

    private StateDirectory(string path) => _path = path;

    public string Journal(int slot) => Path.Combine(_path, $"journal-{slot}");

    public IReadOnlyList<string> Journals => [.. Enumerable.Range(0, TransferJob.MaxConnections).Select(Journal)];

    public string File(string name) => Path.Combine(_path, name);

    /// <summary>
    /// Takes the place of this connection: ends a stale receiver of the same slot and, for the first connection of a new session, those of
    /// all slots, then joins their journals into one.
    /// </summary>
    /// <exception cref="TransferException">The directory belongs to another job or another session.</exception>
    public static StateDirectory Enter(string path, Hello hello)
    {
        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var state = new StateDirectory(Path.GetFullPath(path));
        state.TakeSlot(hello.Slot);
        state.CheckJob(hello);
        string sessionFile = state.File("session");
        string session = System.IO.File.Exists(sessionFile) ? System.IO.File.ReadAllText(sessionFile) : "";
        if (session == hello.Session)
            return state;
        if (hello.Slot != 0)
            throw new TransferException("this connection belongs to an older run of the sender", isTransient: true);
        // While another slot's receiver lives it may still write; none may when the journals are joined.
        for (int slot = 1; slot < TransferJob.MaxConnections; slot++)
            state.TakeSlot(slot);
        RegionBook.Read(state.Journals, hello.Disks, hello.Round).WriteTo(state.Journal(0), hello.Round, hello.ForgetVerified);
        for (int slot = 1; slot < TransferJob.MaxConnections; slot++)
        {
            System.IO.File.Delete(state.Journal(slot));
            state._locks[slot].Dispose();
        }
        Replace(sessionFile, hello.Session);
        return state;
    }

    private void TakeSlot(int slot)
    {
        // Two files: the framework's own file access would meet the lock, as it uses flock too.
        string path = File($"slot-{slot}.lock"), holder = File($"slot-{slot}.pid");
        long begin = Stopwatch.GetTimestamp();
        FileLock? taken;
        while ((taken = FileLock.TryTake(path, TimeSpan.FromMilliseconds(50))) is null)
        {
            // The holder serves a connection that is gone or superseded. Its journal is safe at any instant, so it can be ended hard.
            if (System.IO.File.Exists(holder))
                ProcessIdentity.Parse(System.IO.File.ReadAllText(holder)).Signal(Libc.SIGKILL);
            if (Stopwatch.GetElapsedTime(begin) > EvictionLimit)
                throw new TransferException($"an older receiver keeps {path} locked and does not end; look for it on the target host", isTransient: true);
        }
        Replace(holder, ProcessIdentity.Self.ToString());
        _locks.Add(taken);
    }

    private void CheckJob(Hello hello)
    {
        // What makes two jobs the same: everything but the connection.
        string job = JsonSerializer.Serialize(
            hello with { Session = "", Slot = 0, FlushBytes = 0, ForgetVerified = false }, TransferJson.Default.Hello);
        string file = File("state.json");
        if (!System.IO.File.Exists(file))
            Replace(file, job);
        else if (System.IO.File.ReadAllText(file) != job)
            throw new TransferException(
                $"the state directory {_path} belongs to another job, or this job's disks have changed; give every job a directory of its own");
    }

    private static void Replace(string file, string content)
    {
        string temporary = $"{file}.{Environment.ProcessId}";
        System.IO.File.WriteAllText(temporary, content);
        System.IO.File.SetUnixFileMode(temporary, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        System.IO.File.Move(temporary, file, overwrite: true);
    }
}
