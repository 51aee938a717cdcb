using System.Text.Json;
using Xen2Kvm.Agent.Tests.Support;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Jobs;
using static Xen2Kvm.Agent.Tests.Support.TestData;

namespace Xen2Kvm.Agent.Tests;

public sealed class JobCommandTests(AgentBinary agent) : IDisposable
{
    private readonly JobBench _bench = new(agent);

    public void Dispose() => _bench.Dispose();

    private TransferJob SlowJob()
    {
        string source = Random(_bench.File("source"), 64 * MiB), target = Empty(_bench.File("target"), 64 * MiB);
        return _bench.Job(JobBench.Disk("xvda", source, target)) with { RateLimitBytesPerSecond = 8 * MiB };
    }

    [Fact]
    public void A_directory_without_a_run_is_absent()
    {
        _bench.Status().State.ShouldBe("absent");
        _bench.Ask(TransferJson.Default.CancelAnswer, "cancel", _bench.File("nowhere")).State.ShouldBe("absent");
        _bench.Ask(TransferJson.Default.LogAnswer, "log", _bench.JobDirectory).Lines.ShouldBeEmpty();
    }

    [Fact]
    public void A_second_start_finds_the_first_running()
    {
        _bench.Write(SlowJob());
        StartAnswer first = _bench.Start(), second = _bench.Start();
        first.Started.ShouldBeTrue();
        second.Started.ShouldBeFalse();
        second.Running.ShouldBeTrue();
        _bench.WaitFor("its pid", s => s.Pid == first.Pid);
    }

    [Fact]
    public void Many_starts_at_once_start_one_runner()
    {
        _bench.Write(SlowJob());
        StartAnswer[] answers = [.. Enumerable.Range(0, 6).AsParallel().WithDegreeOfParallelism(6).Select(_ => _bench.Start())];
        answers.Count(a => a.Started).ShouldBe(1);
        answers.ShouldAllBe(a => a.Running);
    }

    [Fact]
    public void The_runner_lives_in_a_session_of_its_own()
    {
        _bench.Write(SlowJob());
        int pid = _bench.Start().Pid;
        string stat = File.ReadAllText($"/proc/{pid}/stat");
        stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[3].ShouldBe($"{pid}", "session id");
        new FileInfo($"/proc/{pid}/fd/0").LinkTarget.ShouldBe("/dev/null");
    }

    [Fact]
    public void A_cancelled_job_stops_at_a_safe_point_and_can_be_resumed()
    {
        TransferJob job = SlowJob();
        _bench.Write(job);
        _bench.Start();
        _bench.WaitFor("progress", s => s.Disks is [{ DurableBytes: > 0 }]);
        CancelAnswer cancel = _bench.Ask(TransferJson.Default.CancelAnswer, "cancel", _bench.JobDirectory);
        cancel.Cancelled.ShouldBeTrue();
        cancel.Killed.ShouldBeFalse();
        TransferStatus status = _bench.Status();
        status.State.ShouldBe("cancelled");
        status.Disks[0].DurableBytes.ShouldBe(status.Disks[0].WrittenBytes, "what was sent was made durable");

        _bench.Write(job with { RateLimitBytesPerSecond = 0 });
        TransferStatus done = _bench.RunToDone();
        done.Disks[0].ResumedBytes.ShouldBe(status.Disks[0].DurableBytes);
        SameBytes(_bench.File("source"), 0, _bench.File("target"), 0, 64 * MiB).ShouldBeTrue();
    }

    [Fact]
    public void A_runner_that_is_told_to_terminate_ends_in_good_order_as_interrupted()
    {
        _bench.Write(SlowJob());
        int pid = _bench.Start().Pid;
        _bench.WaitFor("progress", s => s.Disks is [{ DurableBytes: > 0 }]);
        System.Diagnostics.Process.Start("kill", ["-TERM", $"{pid}"]).WaitForExit();
        TransferStatus status = _bench.WaitForEnd();
        status.State.ShouldBe("interrupted");
        status.FinishedAt.ShouldBeGreaterThan(0);
        status.Disks[0].DurableBytes.ShouldBe(status.Disks[0].WrittenBytes);
    }

    [Fact]
    public void A_runner_that_hangs_is_killed_by_cancel_after_its_patience()
    {
        _bench.Write(SlowJob());
        int pid = _bench.Start().Pid;
        _bench.WaitFor("progress", s => s.Disks is [{ DurableBytes: > 0 }]);
        System.Diagnostics.Process.Start("kill", ["-STOP", $"{pid}"]).WaitForExit();
        CancelAnswer cancel = _bench.Ask(TransferJson.Default.CancelAnswer, "cancel", _bench.JobDirectory);
        cancel.Killed.ShouldBeTrue();
        _bench.Status().State.ShouldBe("cancelled");
    }

    [Fact]
    public void Cancelling_what_is_done_changes_nothing()
    {
        _bench.Write(SlowJob() with { RateLimitBytesPerSecond = 0 });
        _bench.RunToDone();
        CancelAnswer cancel = _bench.Ask(TransferJson.Default.CancelAnswer, "cancel", _bench.JobDirectory);
        cancel.Cancelled.ShouldBeFalse();
        cancel.State.ShouldBe("done");
        _bench.Status().State.ShouldBe("done");
    }

    [Fact]
    public void Progress_never_falls_and_says_the_phases()
    {
        _bench.Write(SlowJob() with { RateLimitBytesPerSecond = 60 * MiB });
        _bench.Start();
        var before = new DiskStatus { Id = "xvda", State = "pending" };
        var phases = new List<string?>();
        TransferStatus status;
        do
        {
            status = _bench.Status();
            phases.Add(status.Phase);
            if (status.Disks is not [{ } disk])
                continue;
            disk.TotalBytes.ShouldBe(64 * MiB);
            disk.ReadBytes.ShouldBeGreaterThanOrEqualTo(before.ReadBytes);
            disk.WrittenBytes.ShouldBeGreaterThanOrEqualTo(before.WrittenBytes);
            disk.DurableBytes.ShouldBeGreaterThanOrEqualTo(before.DurableBytes);
            disk.VerifiedBytes.ShouldBeGreaterThanOrEqualTo(before.VerifiedBytes);
            disk.ReadBytes.ShouldBeGreaterThanOrEqualTo(disk.WrittenBytes);
            disk.WrittenBytes.ShouldBeGreaterThanOrEqualTo(disk.DurableBytes);
            disk.DurableBytes.ShouldBeGreaterThanOrEqualTo(disk.VerifiedBytes);
            before = disk;
        }
        while (status.State == "running");
        status.State.ShouldBe("done");
        status.Phase.ShouldBe("done");
        status.FinishedAt.ShouldBeGreaterThanOrEqualTo(status.StartedAt);
        phases.ShouldContain("copy");
    }

    [Fact]
    public void The_log_is_read_on_from_an_offset()
    {
        _bench.Write(SlowJob() with { RateLimitBytesPerSecond = 0 });
        _bench.RunToDone();
        LogAnswer all = _bench.Ask(TransferJson.Default.LogAnswer, "log", _bench.JobDirectory, "--from", "0");
        all.Lines.Count.ShouldBeGreaterThanOrEqualTo(2);
        all.Lines[^1].Message.ShouldBe("ended: done");
        _bench.Ask(TransferJson.Default.LogAnswer, "log", _bench.JobDirectory, "--from", $"{all.Offset}").Lines.ShouldBeEmpty();
        File.AppendAllText(Path.Combine(_bench.JobDirectory, "agent.log"), "a crash of the runtime\nhalf a li");
        LogAnswer more = _bench.Ask(TransferJson.Default.LogAnswer, "log", _bench.JobDirectory, "--from", $"{all.Offset}");
        more.Lines.ShouldHaveSingleItem().Message.ShouldBe("a crash of the runtime");
    }

    [Fact]
    public void Secrets_are_in_no_answer_and_no_readable_file()
    {
        _bench.Write(SlowJob() with { RateLimitBytesPerSecond = 0 });
        TransferStatus status = _bench.RunToDone();
        JsonSerializer.Serialize(status, TransferJson.Default.TransferStatus).ShouldNotContain(JobBench.Seed);
        _bench.Log().ShouldNotContain(JobBench.Seed);
        foreach (string file in Directory.EnumerateFiles(_bench.StateDirectory))
            (File.GetUnixFileMode(file) & (UnixFileMode.OtherRead | UnixFileMode.GroupRead)).ShouldBe(UnixFileMode.None, file);
    }

    [Fact]
    public void Sizes_and_missing_paths_are_told()
    {
        string file = Empty(_bench.File("f"), 12345);
        (int code, string output, _) = _bench.Agent("size", file, _bench.File("missing"));
        code.ShouldBe(1);
        SizeAnswer[] sizes = JsonSerializer.Deserialize(output, TransferJson.Default.SizeAnswerArray)!;
        sizes[0].Bytes.ShouldBe(12345);
        sizes[0].Kind.ShouldBe("file");
        sizes[1].Bytes.ShouldBe(-1);
        sizes[1].Error!.ShouldContain("No such file");
    }

    [Fact]
    public void Wrong_usage_is_exit_code_two_and_one_line()
    {
        foreach (string[] words in (string[][])[[], ["fly"], ["start"], ["log", "a", "--from", "x"], ["hash", "a", "--seed", "zz"], ["version", "now"]])
        {
            (int code, string output, string error) = _bench.Agent(words);
            code.ShouldBe(2, string.Join(' ', words));
            output.ShouldBeEmpty();
            error.TrimEnd('\n').ShouldNotContain("\n");
            error.ShouldContain("usage:");
        }
    }

    [Fact]
    public void The_version_names_agent_protocol_and_kernel()
    {
        VersionAnswer version = _bench.Ask(TransferJson.Default.VersionAnswer, "version");
        version.Version.ShouldNotBeEmpty();
        version.Protocol.ShouldBe(1);
        version.Kernel.ShouldContain(".");
    }
}
