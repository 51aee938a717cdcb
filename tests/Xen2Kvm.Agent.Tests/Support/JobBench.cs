using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Jobs;

namespace Xen2Kvm.Agent.Tests.Support;

/// <summary>A directory with a job in it, both "hosts" being this machine: the transport is the agent itself.</summary>
public sealed class JobBench : IDisposable
{
    public const string Seed = "0123456789abcdef";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly AgentBinary _agent;

    public JobBench(AgentBinary agent)
    {
        _agent = agent;
        Root = Directory.CreateTempSubdirectory("x2k").FullName;
        Directory.CreateDirectory(JobDirectory);
    }

    public string Root { get; }

    public string JobDirectory => Path.Combine(Root, "job");

    public string StateDirectory => Path.Combine(Root, "state");

    public string File(string name) => Path.Combine(Root, name);

    /// <summary>A job that copies these disks over a local pipe.</summary>
    public TransferJob Job(params TransferDisk[] disks) => new()
    {
        Id = "test",
        Transport = [_agent.Path, "receive", StateDirectory],
        Connections = 2,
        HashSeed = Seed,
        FlushBytes = DiskLayout.MinRegionBytes,
        ReconnectSeconds = 20,
        Disks = disks,
    };

    public static TransferDisk Disk(string id, string source, string target, long offset = 0, string kind = "file", string zeroes = "write") => new()
    {
        Id = id,
        Source = source,
        Length = new FileInfo(source).Length,
        Target = new TransferTarget { Kind = kind, Path = target, Offset = offset, Zeroes = zeroes },
    };

    public void Write(TransferJob job) =>
        System.IO.File.WriteAllText(Path.Combine(JobDirectory, "job.json"), JsonSerializer.Serialize(job, TransferJson.Default.TransferJob));

    /// <summary>Runs the agent and waits for it.</summary>
    public (int Code, string Output, string Error) Agent(params string[] arguments) => AgentWithInput("", arguments);

    /// <summary>Runs the agent with something on its standard input, and waits for it.</summary>
    public (int Code, string Output, string Error) AgentWithInput(string input, params string[] arguments)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(_agent.Path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true })!;
        try
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It did not read to the end; what it says of that is its answer.
        }
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }

    /// <summary>Runs the agent, expects success, and reads its answer.</summary>
    public T Ask<T>(JsonTypeInfo<T> info, params string[] arguments)
    {
        (int code, string output, string error) = Agent(arguments);
        code.ShouldBe(0, error);
        return JsonSerializer.Deserialize(output, info)!;
    }

    public StartAnswer Start(params string[] options) => Ask(TransferJson.Default.StartAnswer, ["start", JobDirectory, .. options]);

    public TransferStatus Status() => Ask(TransferJson.Default.TransferStatus, "status", JobDirectory);

    public TransferStatus WaitFor(string what, Func<TransferStatus, bool> condition)
    {
        TransferStatus? last = null;
        WaitUntil(() => condition(last = Status()), () => $"{what}; last: {last}\n{Log()}");
        return last!;
    }

    /// <summary>Waits until the job is at rest.</summary>
    public TransferStatus WaitForEnd() => WaitFor("the end", s => s.State != "running");

    /// <summary>Starts and waits for done.</summary>
    public TransferStatus RunToDone(params string[] options)
    {
        Start(options).Started.ShouldBeTrue();
        TransferStatus status = WaitForEnd();
        status.State.ShouldBe("done", status.Error?.Message + Log());
        return status;
    }

    public string Log() => System.IO.File.Exists(Path.Combine(JobDirectory, "agent.log")) ? System.IO.File.ReadAllText(Path.Combine(JobDirectory, "agent.log")) : "";

    public string RootHash(string path, long offset, long length) => Ask(
        TransferJson.Default.HashAnswer, "hash", path, "--offset", $"{offset}", "--length", $"{length}", "--seed", Seed).RootHash;

    public static void WaitUntil(Func<bool> condition, Func<string> what)
    {
        long begin = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(begin) > Limit)
                throw new TimeoutException($"waited too long for {what()}");
            Thread.Yield();
        }
    }

    /// <summary>Ends a process as a power cut would.</summary>
    public static void Kill(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            process.Kill();
        }
        catch (ArgumentException)
        {
            // It has ended by itself.
        }
    }

    /// <summary>The receiver that serves a slot now.</summary>
    public int ReceiverPid(int slot) =>
        int.Parse(System.IO.File.ReadAllText(Path.Combine(StateDirectory, $"slot-{slot}.pid")).Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);

    public void Dispose()
    {
        Agent("cancel", JobDirectory);
        // A receiver of a killed sender may still be finishing its last flush.
        WaitUntil(TryDelete, () => $"deleting {Root}");
    }

    private bool TryDelete()
    {
        try
        {
            Directory.Delete(Root, recursive: true);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
