using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Transfer.Jobs;

namespace Xen2Kvm.Lab.Tests;

/// <summary>
/// Logical volumes as targets. The lab's KVM host has no device-mapper, so the volume group is the one of xen1: the same code with the same
/// LVM, on a host that happens to run Xen too.
/// </summary>
[Collection(LabCollection.Name)]
public sealed class VolumeTests(LabFixture lab)
{
    private const long MiB = 1 << 20;
    private const string Source = "/dev/vg0/x2k-test-source";
    private const string Target = "/dev/vg0/x2k-test-target";

    private static readonly TargetDisk Disk = new()
    {
        // Not a multiple of the group's extents of 4 MiB: the volume is longer than planned.
        Device = "vda", StorageKind = StorageKind.VolumeGroup, StorageName = "vg0", Path = Target, Format = DiskFormat.Raw, SizeBytes = 9 * MiB + 1536,
        Table = PartitionTableKind.Msdos,
        Parts = [new DiskPart { SourceVdev = "xvda1", SourcePath = Source, OffsetBytes = MiB, LengthBytes = 8 * MiB, PartitionNumber = 1, Action = PartAction.Copy }],
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_volume_is_made_for_a_run_filled_verified_and_deleted_by_that_run_only()
    {
        var shell = lab.Shell("xen1");
        var kvm = lab.Connector.Kvm(shell);
        var (run, other) = (Guid.NewGuid(), Guid.NewGuid());
        await using var job = new AgentJob(shell, "volume");
        try
        {
            // Half of the source is data, half zeroes; it is a partition of the target, so it lands at 1 MiB.
            await Script($"lvcreate -q -y -L 8m -n x2k-test-source vg0 && dd if=/dev/urandom of={Source} bs=1M count=4 status=none && dd if=/dev/zero of={Source} bs=1M seek=4 count=4 status=none");

            // A volume that was there before leaves its bytes behind.
            await Script($"lvcreate -q -y -L 12m -n x2k-test-target vg0 && dd if=/dev/urandom of={Target} bs=1M count=12 oflag=direct status=none && lvremove -q -f vg0/x2k-test-target");

            var made = await kvm.AllocateAsync(Disk, run, Cancel);
            made.ShouldBe(new AllocatedDisk(Target, DiskFormat.Raw, 12 * MiB, true));
            (await Script($"dd if={Target} bs=1M skip=1 count=8 iflag=direct status=none | tr -d '\\0' | wc -c")).ShouldNotBe("0", "the test needs the same extents again");
            (await Script($"(dd if={Target} bs=1M count=1 iflag=direct status=none; dd if={Target} bs=1M skip=9 iflag=direct status=none) | tr -d '\\0' | wc -c"))
                .ShouldBe("0", "nobody's old data outside of what is copied");
            (await kvm.AllocateAsync(Disk, run, Cancel)).ShouldBe(made);
            (await kvm.FindAllocatedAsync(Disk, run, Cancel)).ShouldBe(made);
            (await kvm.FindAllocatedAsync(Disk, other, Cancel)).ShouldBeNull();
            (await kvm.ExistsAsync(Target, Cancel)).ShouldBeTrue();
            (await RefusalAsync(kvm.AllocateAsync(Disk, other, Cancel))).ShouldContain($"{Target} belongs to another run ({run})");
            (await RefusalAsync(kvm.AllocateAsync(Disk with { SizeBytes = 16 * MiB }, run, Cancel))).ShouldContain($"has {12 * MiB} bytes, but {16 * MiB} are needed");
            (await RefusalAsync(kvm.AllocateAsync(Disk with { Path = Source }, run, Cancel))).ShouldContain($"{Source} exists and was not made by this program");
            (await RefusalAsync(kvm.AllocateAsync(Disk with { Path = "/dev/vg0/x2k-test-huge", SizeBytes = 1L << 40 }, run, Cancel)))
                .ShouldMatch(@"the volume group vg0 has \d+ bytes free, but /dev/vg0/x2k-test-huge needs 1099511627776");
            (await kvm.ExistsAsync("/dev/vg0/x2k-test-huge", Cancel)).ShouldBeFalse();

            // What was on the volume before must not show through where the source is zero.
            await Script($"dd if=/dev/urandom of={Target} bs=1M count=12 oflag=direct status=none");
            await job.PrepareAsync(new TransferDisk
            {
                Id = "xvda1", Source = Source, Length = 8 * MiB, Target = new TransferTarget { Kind = "block", Path = Target, Offset = MiB, Zeroes = "write" },
            });
            var status = await job.RunAsync();
            status.State.ShouldBe("done", status.Error?.Message);
            var disk = status.Disks.Single();
            disk.VerifiedBytes.ShouldBe(8 * MiB);
            disk.ZeroBytes.ShouldBe(4 * MiB);
            disk.RepairedBytes.ShouldBe(0);
            disk.SentBytes.ShouldBeLessThan(5 * MiB);
            var sums = (await Script($"sha256sum <{Source}; dd if={Target} bs=1M skip=1 count=8 iflag=direct status=none | sha256sum")).Split('\n');
            sums[1].ShouldBe(sums[0]);

            (await RefusalAsync(kvm.DeleteAsync(Disk, other, Cancel))).ShouldContain($"{Target} belongs to another run ({run})");
            (await RefusalAsync(kvm.DeleteAsync(Disk with { Path = Source }, run, Cancel))).ShouldContain("was not made by this program");
            (await kvm.ExistsAsync(Target, Cancel)).ShouldBeTrue();
            await kvm.DeleteAsync(Disk, run, Cancel);
            (await kvm.ExistsAsync(Target, Cancel)).ShouldBeFalse();
            await kvm.DeleteAsync(Disk, run, Cancel);
            (await kvm.FindAllocatedAsync(Disk, run, Cancel)).ShouldBeNull();
        }
        finally
        {
            await shell.RunAsync(new RemoteCommand("lvremove", "-q", "-f", "vg0/x2k-test-source", "vg0/x2k-test-target"), CancellationToken.None);
        }

        async Task<string> Script(string script) => (await shell.CheckAsync(RemoteCommand.Script("set -e\n" + script), Cancel)).Trim();
    }

    [Fact]
    public async Task A_guest_on_a_volume_is_defined_as_libvirt_wants_it()
    {
        var shell = lab.Shell("kvm1");
        var kvm = lab.Connector.Kvm(shell);
        var run = Guid.NewGuid();
        var guest = new TargetGuest
        {
            Name = "x2k-test-volume", Uuid = Guid.NewGuid(), Vcpus = 1, MaxVcpus = 1, MemoryMiB = 128, MaxMemoryMiB = 128, UseKvm = false, Disks = [Disk],
            Nics = [new TargetNic("00:16:3e:77:00:99", "br0")],
        };
        try
        {
            // Refused by libvirt when it does not hold to libvirt's schema.
            await kvm.DefineAsync(kvm.BuildXml(guest, run), Cancel);
            (await kvm.GetOwnerAsync(guest.Name, Cancel)).ShouldBe(run);
            var xml = (await shell.CheckAsync(new RemoteCommand("virsh", "dumpxml", guest.Name), Cancel)).ReplaceLineEndings("");
            xml.ShouldContain($"<disk type='block' device='disk'>");
            xml.ShouldContain("<driver name='qemu' type='raw' cache='none' io='native' discard='unmap'/>");
            xml.ShouldContain($"<source dev='{Target}'/>");
        }
        finally
        {
            await kvm.UndefineAsync(guest.Name, CancellationToken.None);
        }
    }

    private static async Task<string> RefusalAsync(Task refused) => (await refused.ShouldThrowAsync<RemoteException>()).Message;
}
