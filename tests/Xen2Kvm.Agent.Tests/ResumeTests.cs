using Xen2Kvm.Agent.Tests.Support;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Jobs;
using static Xen2Kvm.Agent.Tests.Support.TestData;

namespace Xen2Kvm.Agent.Tests;

public sealed class ResumeTests(AgentBinary agent) : IDisposable
{
    private const int Size = 64 * MiB;
    private readonly JobBench _bench = new(agent);

    public void Dispose() => _bench.Dispose();

    private TransferJob Slow(params TransferDisk[] disks) => _bench.Job(disks) with { RateLimitBytesPerSecond = 8 * MiB };

    [Fact]
    public void A_killed_sender_resumes_without_sending_what_is_durable()
    {
        string source = Random(_bench.File("source"), Size), target = Empty(_bench.File("target"), Size);
        TransferJob job = Slow(JobBench.Disk("xvda", source, target));
        _bench.Write(job);
        _bench.Start();
        TransferStatus before = _bench.WaitFor("something durable", s => s.Disks is [{ DurableBytes: > Size / 4 }]);
        JobBench.Kill(before.Pid);
        TransferStatus dead = _bench.WaitFor("the lock's end", s => s.State != "running");
        dead.State.ShouldBe("interrupted");

        _bench.Write(job with { RateLimitBytesPerSecond = 0 });
        TransferStatus after = _bench.RunToDone();
        after.Attempt.ShouldBe(2);
        after.StartedAt.ShouldBe(before.StartedAt);
        DiskStatus disk = after.Disks[0];
        disk.ResumedBytes.ShouldBeGreaterThanOrEqualTo(before.Disks[0].DurableBytes);
        disk.SentBytes.ShouldBeLessThan(Size - disk.ResumedBytes + MiB, "durable regions are not sent again");
        disk.ReadBytes.ShouldBe(Size);
        SameBytes(source, 0, target, 0, Size).ShouldBeTrue();
    }

    [Fact]
    public void Kills_at_any_moment_lose_nothing()
    {
        string a = Mixed(_bench.File("a"), Size, 1), b = Random(_bench.File("b"), 20 * MiB, 2), target = Random(_bench.File("target"), Size + (20 * MiB), 3);
        TransferJob job = Slow(JobBench.Disk("a", a, target, 20 * MiB), JobBench.Disk("b", b, target)) with { RateLimitBytesPerSecond = 12 * MiB };
        var random = new Random(11);
        long durable = 0;
        for (int round = 0; round < 6; round++)
        {
            _bench.Write(job);
            StartAnswer start = _bench.Start();
            if (start.Finished)
                break;
            start.Started.ShouldBeTrue($"round {round}: {_bench.Status()}");
            long goal = durable + random.Next(0, 10 * MiB);
            TransferStatus status = _bench.WaitFor($"{goal} bytes", s => s.State != "running" || s.Disks.Sum(d => d.DurableBytes) >= goal);
            status.Disks.Sum(d => d.ResumedBytes).ShouldBeGreaterThanOrEqualTo(durable, "what was durable stays so");
            JobBench.Kill(start.Pid);
            durable = _bench.WaitForEnd().Disks.Sum(d => d.DurableBytes);
        }
        _bench.Write(job with { RateLimitBytesPerSecond = 0 });
        _bench.Start();
        _bench.WaitForEnd().State.ShouldBe("done");
        SameBytes(a, 0, target, 20 * MiB, Size).ShouldBeTrue();
        SameBytes(b, 0, target, 0, 20 * MiB).ShouldBeTrue();
    }

    [Fact]
    public void A_killed_receiver_is_reconnected_without_help()
    {
        string source = Random(_bench.File("source"), Size), target = Empty(_bench.File("target"), Size);
        _bench.Write(Slow(JobBench.Disk("xvda", source, target)));
        _bench.Start();
        for (int slot = 0; slot < 2; slot++)
        {
            long seen = _bench.WaitFor("progress", s => s.Connections == 2 && s.Disks[0].DurableBytes > 0).Disks[0].DurableBytes;
            JobBench.Kill(_bench.ReceiverPid(slot));
            _bench.WaitFor("progress after it", s => s.State == "done" || s.Disks[0].DurableBytes > seen);
        }
        TransferStatus status = _bench.WaitForEnd();
        status.State.ShouldBe("done", _bench.Log());
        status.Attempt.ShouldBe(1);
        SameBytes(source, 0, target, 0, Size).ShouldBeTrue();
    }

    [Fact]
    public void A_target_host_that_stays_away_fails_the_job_and_a_later_start_finishes_it()
    {
        string source = Random(_bench.File("source"), Size), target = Empty(_bench.File("target"), Size), gate = _bench.File("gate");
        File.WriteAllText(gate, "");
        // A host that is reachable as long as the gate exists.
        TransferJob job = Slow(JobBench.Disk("xvda", source, target)) with
        {
            Transport = ["sh", "-c", "test -e \"$1\" || { echo unreachable >&2; exit 255; }; exec \"$2\" receive \"$3\"", "sh", gate, agent.Path, _bench.StateDirectory],
            ReconnectSeconds = 2,
        };
        _bench.Write(job);
        _bench.Start();
        _bench.WaitFor("progress", s => s.Connections == 2 && s.Disks[0].DurableBytes > 0);
        File.Delete(gate);
        JobBench.Kill(_bench.ReceiverPid(0));
        JobBench.Kill(_bench.ReceiverPid(1));
        _bench.WaitFor("reconnecting", s => s.Reconnecting || s.State == "failed");
        TransferStatus failed = _bench.WaitForEnd();
        failed.State.ShouldBe("failed");
        failed.Error!.Message.ShouldContain("unreachable");

        File.WriteAllText(gate, "");
        _bench.Write(job with { RateLimitBytesPerSecond = 0 });
        DiskStatus disk = _bench.RunToDone().Disks[0];
        disk.ResumedBytes.ShouldBeGreaterThan(0);
        SameBytes(source, 0, target, 0, Size).ShouldBeTrue();
    }

    [Fact]
    public void A_kill_while_verifying_resumes_there()
    {
        string source = Random(_bench.File("source"), Size);
        using var server = new FakeNbdServer(_bench.File("nbd"), Size);
        using var gate = new ManualResetEventSlim();
        var read = new HashSet<long>();
        server.OnRead = (offset, _) =>
        {
            bool wait;
            lock (read)
            {
                read.Add(offset / DiskLayout.MinRegionBytes);
                wait = read.Count > 8;
            }
            if (wait)
                gate.Wait();
        };
        _bench.Write(_bench.Job(JobBench.Disk("xvda", source, server.Path, kind: "nbd")));
        _bench.Start();
        TransferStatus before = _bench.WaitFor("half verified", s => s.Disks is [{ VerifiedBytes: >= 4L * DiskLayout.MinRegionBytes }]);
        before.Phase.ShouldBe("verify");
        JobBench.Kill(before.Pid);
        _bench.WaitForEnd().State.ShouldBe("interrupted");
        gate.Set();
        long written = Interlocked.Read(ref server.BytesWritten);
        int again = 0;
        server.OnRead = (_, _) => Interlocked.Increment(ref again);

        DiskStatus disk = _bench.RunToDone().Disks[0];
        Interlocked.Read(ref server.BytesWritten).ShouldBe(written, "nothing is copied again");
        disk.ResumedBytes.ShouldBe(Size);
        (again * (long)MiB).ShouldBeLessThanOrEqualTo(Size - before.Disks[0].VerifiedBytes, "verified regions are not read again");
        server.Content.SequenceEqual(File.ReadAllBytes(source)).ShouldBeTrue();
    }
}
