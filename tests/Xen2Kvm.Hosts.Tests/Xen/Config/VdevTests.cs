using Xen2Kvm.Hosts.Xen.Config;

namespace Xen2Kvm.Hosts.Tests.Xen.Config;

public sealed class VdevTests
{
    [Theory]
    [InlineData("d0", VdevBus.Xvd, 0, 0, 51712)]
    [InlineData("d0p0", VdevBus.Xvd, 0, 0, 51712)]
    [InlineData("xvda", VdevBus.Xvd, 0, 0, 51712)]
    [InlineData("xvda1", VdevBus.Xvd, 0, 1, 51713)]
    [InlineData("d1p2", VdevBus.Xvd, 1, 2, 51730)]
    [InlineData("xvdb2", VdevBus.Xvd, 1, 2, 51730)]
    [InlineData("xvdp15", VdevBus.Xvd, 15, 15, 51967)]
    [InlineData("xvdq", VdevBus.Xvd, 16, 0, 268439552)]
    [InlineData("xvda16", VdevBus.Xvd, 0, 16, 268435472)]
    [InlineData("xvdzz", VdevBus.Xvd, 701, 0, 268614912)]
    [InlineData("d536p37", VdevBus.Xvd, 536, 37, 268572709)]
    [InlineData("xvdtq37", VdevBus.Xvd, 536, 37, 268572709)]
    [InlineData("sda", VdevBus.Sd, 0, 0, 2048)]
    [InlineData("sda1", VdevBus.Sd, 0, 1, 2049)]
    [InlineData("sdb3", VdevBus.Sd, 1, 3, 2067)]
    [InlineData("sdq", VdevBus.Sd, 16, 0, 16640)]
    [InlineData("hda", VdevBus.Hd, 0, 0, 768)]
    [InlineData("hdb", VdevBus.Hd, 1, 0, 832)]
    [InlineData("hdc", VdevBus.Hd, 2, 0, 5632)]
    [InlineData("hdc2", VdevBus.Hd, 2, 2, 5634)]
    [InlineData("hdd63", VdevBus.Hd, 3, 63, 5759)]
    [InlineData("/dev/xvda1", VdevBus.Xvd, 0, 1, 51713)]
    [InlineData("51712", VdevBus.Xvd, 0, 0, 51712)]
    [InlineData("0xca01", VdevBus.Xvd, 0, 1, 51713)]
    [InlineData("0145000", VdevBus.Xvd, 0, 0, 51712)]
    [InlineData("2049", VdevBus.Sd, 0, 1, 2049)]
    [InlineData("0x301", VdevBus.Hd, 0, 1, 769)]
    [InlineData("268439552", VdevBus.Xvd, 16, 0, 268439552)]
    [InlineData("1", VdevBus.Other, 0, 0, 1)]
    public void Names_and_numbers_are_read(string text, VdevBus bus, int disk, int partition, long number) =>
        Vdev.Parse(text).ShouldBe(new Vdev(bus, disk, partition, number));

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("xvd")]
    [InlineData("xvda01")]
    [InlineData("xvda256")]
    [InlineData("xvda1x")]
    [InlineData("xvdA")]
    [InlineData("sda16")]
    [InlineData("hda64")]
    [InlineData("d")]
    [InlineData("d1p256")]
    [InlineData("d1048576")]
    [InlineData("d01")]
    [InlineData("-1")]
    [InlineData("99999999999999999999")]
    [InlineData("cdrom")]
    public void What_is_no_vdev_is_none(string? text) => Vdev.Parse(text).ShouldBeNull();

    [Theory]
    [InlineData("xvda", "xvda", "xvda")]
    [InlineData("xvda2", "xvda2", "xvda2")]
    [InlineData("hda", "xvda", "hda")]
    [InlineData("hdc1", "xvdc1", "hdc1")]
    [InlineData("sda", "xvde", "sda")]
    [InlineData("sda1", "xvde1", "sda1")]
    [InlineData("sdb", "xvdf", "sdb")]
    [InlineData("d26p1", "xvdaa1", "xvdaa1")]
    [InlineData("7", null, null)]
    public void The_guest_s_name_depends_on_its_kernel(string text, string? modern, string? classic)
    {
        var vdev = Vdev.Parse(text).ShouldNotBeNull();

        vdev.GuestName.ShouldBe(modern);
        vdev.ClassicGuestName.ShouldBe(classic);
    }

    [Fact]
    public void Sda_is_xvda_when_the_kernel_is_told_so() => Vdev.Parse("sda1")!.LinuxName(sdaIsXvda: true).ShouldBe("xvda1");

    [Fact]
    public void Every_name_survives_the_way_to_its_number_and_back()
    {
        var random = new Random(20170);
        for (var i = 0; i < 20_000; i++)
        {
            var name = random.Next(3) switch
            {
                0 => $"d{random.Next(1 << random.Next(1, 21))}p{random.Next(256)}",
                1 => Vdev.FromNumber((8 << 8) | random.Next(256))!.Name,
                _ => Vdev.FromNumber(((random.Next(2) == 0 ? 3 : 22) << 8) | random.Next(128))!.Name,
            };
            var vdev = Vdev.Parse(name).ShouldNotBeNull(name);

            Vdev.FromNumber(vdev.Number).ShouldBe(vdev, name);
            Vdev.Parse(vdev.Name).ShouldBe(vdev, name);
            Vdev.Parse(vdev.Number.ToString(System.Globalization.CultureInfo.InvariantCulture)).ShouldBe(vdev, name);
        }
    }

    [Fact]
    public void Every_number_is_read_without_a_fault()
    {
        for (long number = -3; number < 70_000; number++)
        {
            var vdev = Vdev.FromNumber(number);
            if (vdev is not null && vdev.Bus != VdevBus.Other)
            {
                Vdev.Parse(vdev.Name).ShouldNotBeNull().Number.ShouldBe(number);
            }
        }

        Vdev.FromNumber(long.MaxValue).ShouldBeNull();
        Vdev.FromNumber(1L << 30).ShouldNotBeNull().Bus.ShouldBe(VdevBus.Other);
    }
}
