using System.Diagnostics;
using System.Text.Json;
using Xen2Kvm.Agent.Tests.Support;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Jobs;
using Xen2Kvm.Transfer.Protocol;
using static Xen2Kvm.Agent.Tests.Support.TestData;

namespace Xen2Kvm.Agent.Tests;

public sealed class RefusalTests(AgentBinary agent) : IDisposable
{
    private readonly JobBench _bench = new(agent);

    public void Dispose() => _bench.Dispose();

    private string Failure(TransferJob job, string? disk)
    {
        _bench.Write(job);
        _bench.Start();
        TransferStatus status = _bench.WaitForEnd();
        status.State.ShouldBe("failed");
        status.Error!.Disk.ShouldBe(disk);
        return status.Error.Message;
    }

    [Fact]
    public void A_missing_source_is_named()
    {
        TransferDisk disk = JobBench.Disk("xvda", Random(_bench.File("source"), MiB), Empty(_bench.File("target"), MiB));
        Failure(_bench.Job(disk with { Source = _bench.File("gone") }), "xvda").ShouldContain("gone");
    }

    [Fact]
    public void A_source_shorter_than_the_job_says_is_refused()
    {
        TransferDisk disk = JobBench.Disk("xvda", Random(_bench.File("source"), MiB), Empty(_bench.File("target"), 2 * MiB));
        Failure(_bench.Job(disk with { Length = MiB + 1 }), "xvda").ShouldContain($"{MiB} bytes");
    }

    [Fact]
    public void A_missing_target_is_named_and_not_created()
    {
        Failure(_bench.Job(JobBench.Disk("xvda", Random(_bench.File("source"), MiB), _bench.File("gone"))), "xvda").ShouldContain("gone");
        File.Exists(_bench.File("gone")).ShouldBeFalse();
    }

    [Fact]
    public void A_target_that_is_too_short_is_refused_with_the_size_it_needs()
    {
        string target = Empty(_bench.File("target"), 2 * MiB);
        Failure(_bench.Job(JobBench.Disk("xvda", Random(_bench.File("source"), MiB), target, MiB + 1)), "xvda").ShouldContain($"{(2 * MiB) + 1}");
        new FileInfo(target).Length.ShouldBe(2 * MiB);
    }

    [Fact]
    public void Disks_that_would_overwrite_each_other_are_refused_even_by_another_path()
    {
        string source = Random(_bench.File("source"), MiB), target = Empty(_bench.File("target"), 2 * MiB);
        File.CreateSymbolicLink(_bench.File("alias"), target);
        Failure(_bench.Job(JobBench.Disk("a", source, target), JobBench.Disk("b", source, _bench.File("alias"), MiB - 1)), "b").ShouldContain("overlap");
    }

    [Fact]
    public void A_file_is_not_taken_for_a_block_device()
    {
        string source = Random(_bench.File("source"), MiB), target = Empty(_bench.File("target"), MiB);
        Failure(_bench.Job(JobBench.Disk("xvda", source, target, kind: "block")), "xvda").ShouldContain("is a file");
    }

    [Fact]
    public void A_state_directory_serves_one_job_only()
    {
        string source = Random(_bench.File("source"), MiB), target = Empty(_bench.File("target"), MiB);
        TransferJob job = _bench.Job(JobBench.Disk("xvda", source, target));
        _bench.Write(job);
        _bench.RunToDone();
        Directory.Delete(_bench.JobDirectory, recursive: true);
        Directory.CreateDirectory(_bench.JobDirectory);
        Failure(job with { Id = "another" }, null).ShouldContain("another job");
    }

    [Fact]
    public void A_transport_that_speaks_something_else_is_quoted() =>
        Failure(_bench.Job(JobBench.Disk("a", Random(_bench.File("source"), MiB), "/x")) with { Transport = ["echo", "Welcome to the wrong place, nothing to see"] }, null)
            .ShouldContain("Welcome to the wrong place");

    [Fact]
    public void A_transport_that_does_not_exist_is_named() =>
        Failure(_bench.Job(JobBench.Disk("a", Random(_bench.File("source"), MiB), "/x")) with { Transport = ["no-such-program"] }, null)
            .ShouldContain("no-such-program");

    [Fact]
    public void A_program_missing_on_the_far_side_fails_at_once() =>
        Failure(_bench.Job(JobBench.Disk("a", Random(_bench.File("source"), MiB), "/x")) with { Transport = ["sh", "-c", "exec /nowhere/x2k-agent"] }, null)
            .ShouldContain("/nowhere/x2k-agent");

    [Fact]
    public void A_job_that_reconnects_in_vain_can_be_cancelled()
    {
        using var server = new FakeNbdServer(_bench.File("nbd"), 8 * MiB);
        // It comes up and dies at the first write, whatever is tried.
        server.OnWrite = (_, _) => JobBench.Kill(_bench.ReceiverPid(0));
        TransferDisk disk = JobBench.Disk("xvda", Random(_bench.File("source"), 8 * MiB), server.Path, kind: "nbd");
        TransferJob job = _bench.Job(disk) with { Connections = 1, ReconnectSeconds = 3 };
        _bench.Write(job);
        _bench.Start();
        _bench.WaitFor("a try to reconnect", s => s.Reconnecting || s.State == "failed");
        _bench.Ask(TransferJson.Default.CancelAnswer, "cancel", _bench.JobDirectory).State.ShouldBeOneOf("cancelled", "failed");
    }

    [Fact]
    public void A_broken_job_file_is_refused_by_start_itself()
    {
        File.WriteAllText(Path.Combine(_bench.JobDirectory, "job.json"), "{ not json");
        (int code, _, string error) = _bench.Agent("start", _bench.JobDirectory);
        code.ShouldBe(1);
        error.TrimEnd('\n').ShouldNotContain("\n");
        _bench.Write(_bench.Job() with { Connections = 7 });
        _bench.Agent("start", _bench.JobDirectory).Error.ShouldContain("connections is 7");
    }

    [Fact]
    public void Garbage_on_its_input_ends_the_receiver_with_an_error()
    {
        var random = new Random(9);
        for (int i = 0; i < 20; i++)
        {
            byte[] garbage = new byte[random.Next(1, 5000)];
            random.NextBytes(garbage);
            Receive(garbage).ShouldBe(1);
        }
        Directory.Exists(_bench.StateDirectory).ShouldBeFalse();
    }

    [Fact]
    public void Hostile_frames_after_a_good_hello_write_nothing_outside_the_declared_range()
    {
        string target = Random(_bench.File("target"), 12 * MiB);
        byte[] before = File.ReadAllBytes(target);
        var hello = new Hello(1, "j", "s1", 0, JobBench.Seed, 0, DiskLayout.MinRegionBytes, false,
            [new HelloDisk("a", 5 * MiB, new TransferTarget { Kind = "file", Path = target, Offset = 4 * MiB })]);
        byte[] greeting = Frame(new FrameHeader { Type = FrameType.Hello }, JsonSerializer.SerializeToUtf8Bytes(hello, TransferJson.Default.Hello), 0);
        byte[] body = new byte[ChunkPayload.MaxBytes];
        Array.Fill<byte>(body, 0xff);
        FrameHeader chunk = new() { Type = FrameType.Data, Length = DiskLayout.ChunkBytes };
        FrameHeader[] attacks =
        [
            chunk with { Offset = 5 * MiB },
            chunk with { Offset = long.MaxValue - DiskLayout.ChunkBytes + 1 },
            chunk with { Offset = (5 * MiB) - DiskLayout.ChunkBytes + 1 },
            chunk with { Disk = 1 },
            chunk with { Round = 1 },
            chunk with { Length = int.MaxValue },
            chunk with { Length = DiskLayout.ChunkBytes - 1 },
            chunk with { Flags = FrameFlags.Zstd },
            chunk,
        ];
        foreach (FrameHeader attack in attacks)
            Receive([.. greeting, .. Frame(attack, body, 1)]).ShouldBe(1, $"{attack}");
        byte[] note = new byte[RegionNote.Bytes];
        new RegionNote(2, 0, false, 1).Write(note);
        foreach (FrameType type in (FrameType[])[FrameType.Region, FrameType.Verify])
            Receive([.. greeting, .. Frame(new FrameHeader { Type = type }, note, 1)]).ShouldBe(1, $"{type}");
        File.ReadAllBytes(target).ShouldBe(before);
    }

    private static byte[] Frame(FrameHeader header, byte[] payload, uint sequence)
    {
        byte[] bytes = new byte[FrameHeader.Bytes + payload.Length];
        (header with
        {
            PayloadBytes = payload.Length,
            PayloadCrc = header.Type == FrameType.Data ? 0 : Crc32C.Of(payload),
            Sequence = sequence,
        }).Write(bytes);
        payload.CopyTo(bytes.AsSpan(FrameHeader.Bytes));
        return bytes;
    }

    private int Receive(byte[] input)
    {
        using Process process = Process.Start(new ProcessStartInfo(agent.Path, ["receive", _bench.StateDirectory])
        { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            process.StandardInput.BaseStream.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has refused already.
        }
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }
}
