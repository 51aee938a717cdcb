using Xen2Kvm.Agent.Tests.Support;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Jobs;
using static Xen2Kvm.Agent.Tests.Support.TestData;

namespace Xen2Kvm.Agent.Tests;

public sealed class VerifyTests(AgentBinary agent) : IDisposable
{
    private const int Size = 20 * MiB, Bad = (9 * MiB) + 12345;
    private readonly JobBench _bench = new(agent);

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void A_byte_that_the_medium_wrote_wrongly_is_found_and_its_region_copied_again()
    {
        string source = Random(_bench.File("source"), Size);
        int spoiled = 0;
        using var server = new FakeNbdServer(_bench.File("nbd"), Size);
        server.OnWrite = (offset, bytes) =>
        {
            if (Bad >= offset && Bad < offset + bytes.Length && Interlocked.Exchange(ref spoiled, 1) == 0)
                bytes[Bad - offset] ^= 1;
        };
        _bench.Write(_bench.Job(JobBench.Disk("xvda", source, server.Path, kind: "nbd")));
        DiskStatus disk = _bench.RunToDone().Disks[0];
        spoiled.ShouldBe(1);
        disk.RepairedBytes.ShouldBe(DiskLayout.MinRegionBytes);
        disk.VerifiedBytes.ShouldBe(Size);
        server.Content.SequenceEqual(File.ReadAllBytes(source)).ShouldBeTrue();
        _bench.Log().ShouldContain($"offset {2 * DiskLayout.MinRegionBytes} differs");
    }

    [Fact]
    public void A_medium_that_never_keeps_a_byte_fails_the_job_with_disk_and_offset()
    {
        string source = Random(_bench.File("source"), Size);
        using var server = new FakeNbdServer(_bench.File("nbd"), Size);
        server.OnRead = (offset, bytes) =>
        {
            if (Bad >= offset && Bad < offset + bytes.Length)
                bytes[Bad - offset] ^= 1;
        };
        _bench.Write(_bench.Job(JobBench.Disk("xvda2", source, server.Path, kind: "nbd")));
        _bench.Start();
        TransferStatus status = _bench.WaitForEnd();
        status.State.ShouldBe("failed");
        status.Error!.Disk.ShouldBe("xvda2");
        status.Error.Message.ShouldContain($"offset {2 * DiskLayout.MinRegionBytes}");
        status.Disks[0].State.ShouldBe("failed");
    }

    [Fact]
    public void A_finished_job_can_be_verified_again_and_later_damage_is_repaired()
    {
        string source = Mixed(_bench.File("source"), Size), target = Empty(_bench.File("target"), Size);
        _bench.Write(_bench.Job(JobBench.Disk("xvda", source, target)));
        _bench.RunToDone();
        Corrupt(target, Bad);
        _bench.Start().Finished.ShouldBeTrue("a plain start knows that it is done");
        SameBytes(source, 0, target, 0, Size).ShouldBeFalse();
        DiskStatus disk = _bench.RunToDone("--reverify").Disks[0];
        disk.ResumedBytes.ShouldBe(Size);
        disk.RepairedBytes.ShouldBe(DiskLayout.MinRegionBytes);
        SameBytes(source, 0, target, 0, Size).ShouldBeTrue();
    }

    [Fact]
    public void A_source_that_changed_since_is_not_mixed_in()
    {
        string source = Random(_bench.File("source"), Size), target = Empty(_bench.File("target"), Size);
        _bench.Write(_bench.Job(JobBench.Disk("xvda", source, target)));
        _bench.RunToDone();
        Corrupt(source, Bad);
        Corrupt(target, Bad + 1);
        _bench.Start("--reverify");
        TransferStatus status = _bench.WaitForEnd();
        status.State.ShouldBe("failed");
        status.Error!.Message.ShouldContain("changed");
        status.Error.Disk.ShouldBe("xvda");
    }

    [Fact]
    public void A_write_error_of_the_target_is_told_as_it_is()
    {
        string source = Random(_bench.File("source"), Size);
        using var server = new FakeNbdServer(_bench.File("nbd"), Size) { WriteError = 28, FailFrom = 8 * MiB };
        _bench.Write(_bench.Job(JobBench.Disk("xvda", source, server.Path, kind: "nbd")));
        _bench.Start();
        TransferStatus status = _bench.WaitForEnd();
        status.State.ShouldBe("failed");
        status.Error!.Message.ShouldContain("No space left");
        server.WriteError = 0;
        _bench.RunToDone();
        server.Content.SequenceEqual(File.ReadAllBytes(source)).ShouldBeTrue();
    }
}
