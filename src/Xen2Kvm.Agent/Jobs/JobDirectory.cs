using System.Text.Json;
using Xen2Kvm.Agent.Native;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Jobs;

namespace Xen2Kvm.Agent.Jobs;

/// <summary>
/// Where a job lives on the source host: <c>job.json</c> (written by the engine), <c>lock</c> (held by the runner), <c>runner</c> (its
/// identity), <c>status.json</c>, <c>agent.log</c>, <c>limit.json</c> (the timetable of its rate), <c>cancel</c> and <c>reverify</c> (requests).
/// </summary>
internal sealed class JobDirectory(string path)
{
    private readonly string _path = System.IO.Path.GetFullPath(path);

    public string Path => _path;

    public string LockFile => File("lock");

    public string LogFile => File("agent.log");

    public string CancelFile => File("cancel");

    public string ReverifyFile => File("reverify");

    public string TimetableFile => File("limit.json");

    /// <summary>True when a runner holds the lock now.</summary>
    public bool IsRunning => FileLock.IsHeld(LockFile);

    public ProcessIdentity Runner
    {
        get => System.IO.File.Exists(File("runner")) ? ProcessIdentity.Parse(System.IO.File.ReadAllText(File("runner"))) : default;
        set => System.IO.File.WriteAllText(File("runner"), value.ToString());
    }

    /// <exception cref="TransferException">job.json is missing, unreadable or against the rules.</exception>
    public TransferJob ReadJob()
    {
        string file = File("job.json");
        try
        {
            TransferJob job = JsonSerializer.Deserialize(System.IO.File.ReadAllText(file), TransferJson.Default.TransferJob)
                ?? throw new TransferException($"{file} is empty");
            IReadOnlyList<string> problems = TransferJobCheck.Problems(job);
            return problems.Count == 0 ? job : throw new TransferException($"{file}: {string.Join("; ", problems)}");
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            throw new TransferException($"cannot read {file}: {e.Message}", inner: e);
        }
    }

    /// <summary>The status as the last runner wrote it.</summary>
    public TransferStatus? LastStatus()
    {
        try
        {
            return JsonSerializer.Deserialize(System.IO.File.ReadAllText(File("status.json")), TransferJson.Default.TransferStatus);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }
    }

    /// <summary>The status as it is: only a held lock counts as running.</summary>
    public TransferStatus TrueStatus()
    {
        // The lock first: a runner that ends in between has written its last status by then.
        bool running = IsRunning;
        TransferStatus? last = LastStatus();
        if (last is null)
            return new TransferStatus { State = running ? "running" : "absent" };
        return last.State == "running" && !running ? last with { State = "interrupted", Reconnecting = false, Connections = 0 } : last;
    }

    /// <summary>Replaces the status in one step; readers see the old or the new.</summary>
    public void WriteStatus(TransferStatus status) =>
        Replace(File("status.json"), "new", JsonSerializer.SerializeToUtf8Bytes(status, TransferJson.Default.TransferStatus));

    /// <summary>Replaces the timetable in one step, whoever else does so at the same time.</summary>
    public void WriteTimetable(RateTimetable timetable) =>
        Replace(TimetableFile, $"{Environment.ProcessId}.new", JsonSerializer.SerializeToUtf8Bytes(timetable, TransferJson.Default.RateTimetable));

    /// <summary>A timetable from its JSON.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    /// <exception cref="TransferException">It cannot be obeyed.</exception>
    public static RateTimetable ReadTimetable(ReadOnlySpan<byte> json)
    {
        RateTimetable timetable = JsonSerializer.Deserialize(json, TransferJson.Default.RateTimetable) ?? throw new JsonException("it is empty");
        IReadOnlyList<string> problems = timetable.Problems();
        return problems.Count == 0 ? timetable : throw new TransferException($"the timetable cannot be obeyed: {string.Join("; ", problems)}");
    }

    private static void Replace(string file, string ending, byte[] content)
    {
        string temporary = $"{file}.{ending}";
        System.IO.File.WriteAllBytes(temporary, content);
        System.IO.File.Move(temporary, file, overwrite: true);
    }

    private string File(string name) => System.IO.Path.Combine(_path, name);
}
