using Xen2Kvm.Guests.Edits;

namespace Xen2Kvm.Guests.Tests.Edits;

public sealed class DeviceMapTests
{
    [Theory]
    [InlineData("/dev/xvda1", "/dev/vda1")]
    [InlineData("/dev/sda2", "/dev/vda2")]
    [InlineData("hda3", "/dev/vda3")]
    [InlineData("/dev/disk/by-path/xen-vbd-51713", "/dev/vda1")]
    [InlineData("/dev/disk/by-path/vbd-2050", "/dev/vda2")]
    [InlineData("/dev/disk/by-path/xen-vbd-51712-part3", "/dev/vda3")]
    [InlineData("/dev/disk/by-path/xen-vbd-268435457", "/dev/vda1")]
    [InlineData("/dev/xvda4", null)]
    [InlineData("/dev/xvda", null)]
    [InlineData("/dev/xvdb1", null)]
    [InlineData("/dev/vda1", null)]
    [InlineData("/dev/xvda1x", null)]
    [InlineData("/dev/mapper/xvda1", null)]
    [InlineData("", null)]
    public void All_old_names_of_a_partition_mean_the_new_one(string old, string? expected)
    {
        var (source, target) = Support.Guests.Files();
        new DeviceMap(source.Disks, target.Disks, new Dictionary<string, string>()).Find(old)?.TargetName.ShouldBe(expected);
    }

    [Fact]
    public void Partitions_of_a_whole_disk_keep_their_numbers()
    {
        var (source, target) = Support.Guests.Whole(100);
        var map = new DeviceMap(source.Disks, target.Disks, new Dictionary<string, string> { ["/dev/sda5"] = "1234-5678" });
        map.Find("/dev/xvda5")!.Reference.ShouldBe("UUID=1234-5678");
        map.Find("/dev/xvda6")!.Reference.ShouldBe("/dev/vda6");
        map.Find("/dev/xvda")!.TargetName.ShouldBe("/dev/vda");
    }

    [Fact]
    public void The_name_xvde_of_old_kernels_is_the_first_scsi_disk_of_the_configuration()
    {
        var (source, target) = Support.Guests.Files("sd");
        new DeviceMap(source.Disks, target.Disks, new Dictionary<string, string>()).Find("/dev/xvde1")!.TargetName.ShouldBe("/dev/vda1");
        var (other, disks) = Support.Guests.Files("xvd");
        new DeviceMap(other.Disks, disks.Disks, new Dictionary<string, string>()).Find("/dev/xvde1").ShouldBeNull();
    }

    [Fact]
    public void A_uuid_that_two_file_systems_share_names_neither()
    {
        var (source, target) = Support.Guests.Files();
        var map = new DeviceMap(source.Disks, target.Disks, new Dictionary<string, string> { ["/dev/sda1"] = "same", ["/dev/sda2"] = "SAME", ["/dev/sda3"] = "other" });
        map.Find("xvda1")!.Reference.ShouldBe("/dev/vda1");
        map.Find("xvda3")!.Reference.ShouldBe("UUID=other");
    }

    [Theory]
    [InlineData(0, "a")]
    [InlineData(25, "z")]
    [InlineData(26, "aa")]
    [InlineData(701, "zz")]
    public void Letters_count_as_the_kernel_does(int disk, string letters)
    {
        BlockName.Letters(disk).ShouldBe(letters);
        BlockName.TryParse("/dev/xvd" + letters + "7", out var name).ShouldBeTrue();
        name.ShouldBe(new BlockName("xvd", disk, 7));
    }
}
