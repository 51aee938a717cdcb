using System.Diagnostics;
using Xen2Kvm.Agent.Tests.Support;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Jobs;
using static Xen2Kvm.Agent.Tests.Support.TestData;

namespace Xen2Kvm.Agent.Tests;

public sealed class CopyTests(AgentBinary agent) : IDisposable
{
    private readonly JobBench _bench = new(agent);

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("auto", "write")]
    [InlineData("auto", "skip")]
    [InlineData("none", "write")]
    [InlineData("3", "skip")]
    public void A_mixed_disk_arrives_bit_by_bit(string compression, string zeroes)
    {
        string source = Mixed(_bench.File("source"), 50 * MiB), target = Empty(_bench.File("target"), 50 * MiB);
        _bench.Write(_bench.Job(JobBench.Disk("xvda", source, target, zeroes: zeroes)) with { Compression = compression });
        DiskStatus disk = _bench.RunToDone().Disks.ShouldHaveSingleItem();
        SameBytes(source, 0, target, 0, 50 * MiB).ShouldBeTrue();
        disk.State.ShouldBe("verified");
        disk.ReadBytes.ShouldBe(50 * MiB);
        (disk.ZeroBytes + disk.DataBytes).ShouldBe(50 * MiB);
        disk.ZeroBytes.ShouldBeGreaterThan(10 * MiB);
        disk.WrittenBytes.ShouldBe(50 * MiB);
        disk.DurableBytes.ShouldBe(50 * MiB);
        disk.VerifiedBytes.ShouldBe(50 * MiB);
        if (compression != "none")
            disk.SentBytes.ShouldBeLessThan(disk.DataBytes);
        disk.RootHash.ShouldBe(_bench.RootHash(source, 0, 50 * MiB));
        disk.RootHash.ShouldBe(_bench.RootHash(target, 0, 50 * MiB));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(4097)]
    [InlineData((4 * MiB) - 1)]
    [InlineData((4 * MiB) + 65536 + 7)]
    [InlineData((9 * MiB) + 512)]
    public void An_odd_length_is_copied_to_its_last_byte_and_not_beyond(int length)
    {
        string source = Random(_bench.File("source"), length), target = Random(_bench.File("target"), length + 9000, seed: 2);
        byte[] after = File.ReadAllBytes(target)[length..];
        _bench.Write(_bench.Job(JobBench.Disk("xvda", source, target)));
        _bench.RunToDone();
        SameBytes(source, 0, target, 0, length).ShouldBeTrue();
        File.ReadAllBytes(target)[length..].ShouldBe(after);
    }

    [Fact]
    public void A_sparse_source_stays_sparse_and_is_not_read()
    {
        const long size = 20L * 1024 * MiB;
        string source = Empty(_bench.File("source"), size), target = Empty(_bench.File("target"), size);
        using (FileStream file = File.OpenWrite(source))
        {
            file.Position = size / 2;
            file.Write("data"u8);
        }
        _bench.Write(_bench.Job(JobBench.Disk("xvda", source, target, zeroes: "skip")));
        DiskStatus disk = _bench.RunToDone().Disks[0];
        disk.DataBytes.ShouldBe(4096);
        disk.VerifiedBytes.ShouldBe(size);
        AllocatedBytes(target).ShouldBeLessThan(MiB);
        disk.RootHash.ShouldBe(_bench.RootHash(target, 0, size));
    }

    [Fact]
    public void A_disk_of_more_than_a_tib_is_copied_in_larger_regions()
    {
        const long size = (1L << 40) + (5 * MiB) + 1234;
        string source = Empty(_bench.File("source"), size), target = Empty(_bench.File("target"), size);
        byte[] data = new byte[(int)(7 * MiB)];
        new Random(9).NextBytes(data);
        using (FileStream file = File.OpenWrite(source))
        {
            // Over the borders of regions and of the pieces in which they are read, and up to the end.
            foreach (long at in (long[])[3 * MiB, (1L << 39) - (2 * MiB), size - data.Length])
            {
                file.Position = at;
                file.Write(data);
            }
        }
        _bench.Write(_bench.Job(JobBench.Disk("xvda", source, target, zeroes: "skip")) with { FlushBytes = 1L << 34 });
        DiskStatus disk = _bench.RunToDone().Disks[0];
        disk.DataBytes.ShouldBeInRange(21 * MiB, 22 * MiB);
        disk.VerifiedBytes.ShouldBe(size);
        SameBytes(source, 0, target, 0, 16 * MiB).ShouldBeTrue();
        SameBytes(source, (1L << 39) - (8 * MiB), target, (1L << 39) - (8 * MiB), 16 * MiB).ShouldBeTrue();
        SameBytes(source, size - (16 * MiB), target, size - (16 * MiB), 16 * MiB).ShouldBeTrue();
        disk.RootHash.ShouldBe(_bench.RootHash(target, 0, size));
    }

    [Fact]
    public void Old_data_of_a_thick_target_is_overwritten_by_zeroes()
    {
        string source = Empty(_bench.File("source"), (12 * MiB) + 100), target = Random(_bench.File("target"), (12 * MiB) + 100);
        using (FileStream file = File.OpenWrite(source))
            file.Write("only this"u8);
        _bench.Write(_bench.Job(JobBench.Disk("xvda", source, target)));
        _bench.RunToDone();
        SameBytes(source, 0, target, 0, (12 * MiB) + 100).ShouldBeTrue();
    }

    [Fact]
    public void Old_data_where_zeroes_were_promised_is_found_and_repaired_by_the_verification()
    {
        string source = Empty(_bench.File("source"), 12 * MiB), target = Random(_bench.File("target"), 12 * MiB);
        _bench.Write(_bench.Job(JobBench.Disk("xvda", source, target, zeroes: "skip")));
        _bench.RunToDone().Disks[0].RepairedBytes.ShouldBe(12 * MiB);
        SameBytes(source, 0, target, 0, 12 * MiB).ShouldBeTrue();
    }

    [Fact]
    public void Several_disks_land_in_one_target_and_leave_the_gaps_alone()
    {
        string a = Mixed(_bench.File("a"), (11 * MiB) + 512, 1), b = Random(_bench.File("b"), 3 * MiB, 2), c = Mixed(_bench.File("c"), 17 * MiB, 3);
        string target = Random(_bench.File("target"), 40 * MiB, 4), before = _bench.File("before");
        File.Copy(target, before);
        // The second starts in the page in which the first ends.
        long atB = MiB + (11 * MiB) + 512, atC = 20 * MiB;
        _bench.Write(_bench.Job(JobBench.Disk("root", a, target, MiB), JobBench.Disk("swap", b, target, atB), JobBench.Disk("var", c, target, atC)));
        TransferStatus status = _bench.RunToDone();
        SameBytes(a, 0, target, MiB, (11 * MiB) + 512).ShouldBeTrue();
        SameBytes(b, 0, target, atB, 3 * MiB).ShouldBeTrue();
        SameBytes(c, 0, target, atC, 17 * MiB).ShouldBeTrue();
        SameBytes(before, 0, target, 0, MiB).ShouldBeTrue();
        SameBytes(before, atB + (3 * MiB), target, atB + (3 * MiB), atC - atB - (3 * MiB)).ShouldBeTrue();
        SameBytes(before, 37 * MiB, target, 37 * MiB, 3 * MiB).ShouldBeTrue();
        status.Disks.Select(d => d.Id).ShouldBe(["root", "swap", "var"]);
        status.Disks[1].RootHash.ShouldBe(_bench.RootHash(target, atB, 3 * MiB));
    }

    [Fact]
    public void A_part_of_a_source_can_be_copied()
    {
        string source = Random(_bench.File("source"), 20 * MiB), target = Empty(_bench.File("target"), 5 * MiB);
        _bench.Write(_bench.Job(JobBench.Disk("p1", source, target) with { SourceOffset = 63 * 512, Length = (5 * MiB) - 100 }));
        _bench.RunToDone();
        SameBytes(source, 63 * 512, target, 0, (5 * MiB) - 100).ShouldBeTrue();
    }

    [Fact]
    public void One_connection_is_enough_and_four_are_not_too_many()
    {
        string source = Mixed(_bench.File("source"), 30 * MiB);
        foreach (int connections in (int[])[1, 4])
        {
            string target = Empty(_bench.File($"target{connections}"), 30 * MiB);
            Directory.Delete(_bench.JobDirectory, recursive: true);
            Directory.CreateDirectory(_bench.JobDirectory);
            _bench.Write(_bench.Job(JobBench.Disk("xvda", source, target)) with
            {
                Connections = connections,
                Transport = [agent.Path, "receive", _bench.File($"state{connections}")],
            });
            _bench.RunToDone();
            SameBytes(source, 0, target, 0, 30 * MiB).ShouldBeTrue();
        }
    }

    [Fact]
    public void A_qcow2_image_is_written_through_qemu_nbd_and_free_afterwards()
    {
        string source = Mixed(_bench.File("source"), 40 * MiB), target = _bench.File("target.qcow2");
        Tool("qemu-img", "create", "-q", "-f", "qcow2", target, $"{42 * MiB}");
        _bench.Write(_bench.Job(JobBench.Disk("xvda", source, target, MiB, "qcow2", "skip")));
        _bench.RunToDone();
        Tool("qemu-img", "check", "-q", target);
        string raw = _bench.File("raw");
        // Without a lock left behind this opens at once.
        Tool("qemu-img", "convert", "-O", "raw", target, raw);
        SameBytes(source, 0, raw, MiB, 40 * MiB).ShouldBeTrue();
    }

    [Fact]
    public void A_file_system_without_direct_access_is_copied_through_the_page_cache()
    {
        string memory = Directory.CreateDirectory($"/dev/shm/x2k-{Guid.NewGuid():N}").FullName;
        try
        {
            string source = Mixed(Path.Combine(memory, "source"), 20 * MiB), target = Empty(Path.Combine(memory, "target"), 20 * MiB);
            _bench.Write(_bench.Job(JobBench.Disk("xvda", source, target)));
            _bench.RunToDone();
            SameBytes(source, 0, target, 0, 20 * MiB).ShouldBeTrue();
        }
        finally
        {
            Directory.Delete(memory, recursive: true);
        }
    }

    [Fact]
    public void Block_devices_are_copied_and_old_data_on_them_is_zeroed()
    {
        Assert.SkipUnless(Environment.UserName == "root" && File.Exists("/dev/loop-control"), "loop devices need root");
        string source = Mixed(_bench.File("source"), 24 * MiB), target = Random(_bench.File("target"), 32 * MiB), before = _bench.File("before");
        File.Copy(target, before);
        string from = Tool("losetup", "--find", "--show", "--read-only", source).Trim(), to = Tool("losetup", "--find", "--show", target).Trim();
        try
        {
            TransferDisk disk = JobBench.Disk("xvda1", source, to, MiB, "block") with { Source = from };
            _bench.Write(_bench.Job(disk));
            _bench.RunToDone().Disks[0].ZeroBytes.ShouldBeGreaterThan(MiB);
        }
        finally
        {
            Tool("losetup", "--detach", from);
            Tool("losetup", "--detach", to);
        }
        SameBytes(source, 0, target, MiB, 24 * MiB).ShouldBeTrue();
        SameBytes(before, 0, target, 0, MiB).ShouldBeTrue();
        SameBytes(before, 25 * MiB, target, 25 * MiB, 7 * MiB).ShouldBeTrue();
    }

    private static long AllocatedBytes(string path) => long.Parse(Tool("stat", "-c", "%b", path), System.Globalization.CultureInfo.InvariantCulture) * 512;

    private static string Tool(string name, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(name, arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.ShouldBe(0, $"{name} {string.Join(' ', arguments)}");
        return output;
    }
}
