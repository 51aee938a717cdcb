using FsCheck;
using FsCheck.Fluent;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;

namespace Xen2Kvm.Domain.Tests;

public sealed class DiskLayoutTests
{
    private const long MiB = 1024 * 1024;
    private static readonly DiskLayout.Destination Pool = new(StorageKind.Directory, "default", "/pool/", DiskFormat.Raw);

    [Fact]
    public void Partitions_given_as_disks_become_one_disk_with_their_numbers_kept()
    {
        var disk = DiskLayout.Assemble(Sample.Guest, "files", Pool).ShouldHaveSingleItem();
        disk.Path.ShouldBe("/pool/files-vda.raw");
        disk.Table.ShouldBe(PartitionTableKind.Msdos);
        disk.Parts.Select(part => (part.SourceVdev, part.PartitionNumber, part.OffsetBytes / MiB))
            .ShouldBe([("xvda1", 1, 1), ("xvda2", 2, 1501), ("xvda3", 3, 2001)]);
        disk.SizeBytes.ShouldBe(2129 * MiB);
    }

    [Fact]
    public void Swap_is_made_anew_with_its_uuid()
    {
        var swap = DiskLayout.Assemble(Sample.Guest, "files", Pool)[0].Parts[2];
        (swap.Action, swap.SwapUuid).ShouldBe((PartAction.RecreateSwap, "1b8f7a46"));
    }

    [Fact]
    public void A_whole_disk_is_copied_one_to_one()
    {
        var disk = DiskLayout.Assemble(Sample.Guest with { Disks = [Sample.Disk("xvda", 0, 1400)] }, "web", Pool).ShouldHaveSingleItem();
        (disk.Table, disk.SizeBytes, disk.Parts[0].OffsetBytes, disk.Parts[0].PartitionNumber).ShouldBe((PartitionTableKind.Copied, 1400 * MiB, 0L, 0));
    }

    [Fact]
    public void More_than_four_partitions_or_more_than_two_tebibytes_get_a_guid_table()
    {
        DiskLayout.Assemble(Sample.Guest with { Disks = [Sample.Disk("xvda5", 5, 10)] }, "g", Pool)[0].Table.ShouldBe(PartitionTableKind.Gpt);
        var big = DiskLayout.Assemble(Sample.Guest with { Disks = [Sample.Disk("xvda1", 1, 3L * 1024 * 1024)] }, "g", Pool)[0];
        (big.Table, big.Parts[0].OffsetBytes).ShouldBe((PartitionTableKind.Gpt, 2 * MiB));
    }

    [Fact]
    public void A_disk_of_unknown_size_is_refused_by_name()
    {
        var guest = Sample.Guest with { Disks = [Sample.Disk("xvda1", 1, 10) with { SizeBytes = null }] };
        Should.Throw<PlanningException>(() => DiskLayout.Assemble(guest, "g", Pool)).Message.ShouldContain("xvda1");
    }

    [Fact]
    public void A_whole_disk_beside_its_own_partition_is_refused()
    {
        var guest = Sample.Guest with { Disks = [Sample.Disk("xvda", 0, 10), Sample.Disk("xvda1", 1, 10)] };
        Should.Throw<PlanningException>(() => DiskLayout.Assemble(guest, "g", Pool));
    }

    [Fact]
    public void No_two_parts_overlap_and_all_lie_within_the_disk()
    {
        var sizes = Gen.Choose(1, int.MaxValue).ListOf().Where(list => list.Count is > 0 and < 12).ToArbitrary();
        Prop.ForAll(sizes, list =>
        {
            var guest = Sample.Guest with
            {
                Disks = [.. list.Select((size, index) => Sample.Disk($"xvda{index + 1}", index + 1, 1) with { SizeBytes = size * 513L })],
            };
            var disk = DiskLayout.Assemble(guest, "g", Pool).Single();
            var end = DiskLayout.Alignment;
            foreach (var part in disk.Parts)
            {
                if (part.OffsetBytes < end || part.OffsetBytes % DiskLayout.Alignment != 0)
                {
                    return false;
                }

                end = part.OffsetBytes + part.LengthBytes;
            }

            return end + (disk.Table == PartitionTableKind.Gpt ? 34 * 512 : 0) <= disk.SizeBytes;
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("../../etc/passwd", "_.._etc_passwd")]
    [InlineData("-rf", "rf")]
    [InlineData("$(reboot)", "__reboot_")]
    [InlineData("", "guest")]
    [InlineData("...", "guest")]
    public void A_hostile_name_never_leaves_its_directory(string name, string safe) => DiskLayout.SafeName(name).ShouldBe(safe);

    [Theory]
    [InlineData(0, "vda")]
    [InlineData(25, "vdz")]
    [InlineData(26, "vdaa")]
    [InlineData(701, "vdzz")]
    public void Devices_are_lettered_like_linux_does(int index, string name) => DiskLayout.DeviceName(index).ShouldBe(name);
}
