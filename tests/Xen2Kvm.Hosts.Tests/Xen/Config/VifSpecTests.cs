using Xen2Kvm.Hosts.Xen.Config;

namespace Xen2Kvm.Hosts.Tests.Xen.Config;

public sealed class VifSpecTests
{
    [Fact]
    public void The_manual_s_example_is_read()
    {
        var vif = VifSpec.Parse("mac=00:16:3E:74:3d:76,model=rtl8139,bridge=xenbr0");

        vif.Mac.ShouldBe("00:16:3e:74:3d:76");
        vif.Model.ShouldBe("rtl8139");
        vif.Bridge.ShouldBe("xenbr0");
        vif.Type.ShouldBe(VifType.Default);
        vif.Problems.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(",,")]
    public void An_empty_entry_is_a_device_with_defaults(string text)
    {
        var vif = VifSpec.Parse(text);

        vif.Mac.ShouldBeNull();
        vif.Bridge.ShouldBeNull();
        vif.Problems.ShouldBeEmpty();
        vif.Extra.ShouldBeEmpty();
    }

    [Fact]
    public void Every_key_is_read()
    {
        var vif = VifSpec.Parse(
            "type=vif, mac = 0:16:3e:1:2:3, bridge=br0, gatewaydev=eth0, model=e1000, vifname=web0, script=vif-route, ip=10.0.0.2 10.0.0.3, "
            + "backend=net, rate=1MB/s@20ms, devid=3, mtu=9000, vlan=10p/100+10x4, untrusted, accel=x, forwarddev=y, colo_checkpoint_host=z");

        vif.Type.ShouldBe(VifType.Vif);
        vif.Mac.ShouldBe("00:16:3e:01:02:03");
        vif.GatewayDevice.ShouldBe("eth0");
        vif.HostName.ShouldBe("web0");
        vif.Script.ShouldBe("vif-route");
        vif.Ip.ShouldBe("10.0.0.2 10.0.0.3");
        vif.Backend.ShouldBe("net");
        vif.Rate.ShouldNotBeNull().BytesPerInterval.ShouldBe(20_000UL);
        vif.DeviceId.ShouldBe(3);
        vif.Mtu.ShouldBe(9000);
        vif.Vlan.ShouldBe("10p/100+10x4");
        vif.Trusted.ShouldBe(false);
        vif.Extra.Keys.ShouldBe(["accel", "colo_checkpoint_host", "forwarddev"]);
        vif.Problems.ShouldBeEmpty();
    }

    [Fact]
    public void Xm_s_style_and_xl_s_old_word_are_read()
    {
        VifSpec.Parse("type=ioemu, bridge=xenbr0").Type.ShouldBe(VifType.Ioemu);
        VifSpec.Parse("type=netfront,bridge=xenbr0").Type.ShouldBe(VifType.Vif);
        VifSpec.Parse("netdev=eth1").GatewayDevice.ShouldBe("eth1");
    }

    [Theory]
    [InlineData("rate=16000000b/s", 2_000_000UL, 100_000UL, 50_000u)]
    [InlineData("rate=2000000B/s@50ms", 2_000_000UL, 100_000UL, 50_000u)]
    [InlineData("rate=16Kb/s", 2_000UL, 100UL, 50_000u)]
    [InlineData("rate=2KB/s@50ms", 2_000UL, 100UL, 50_000u)]
    [InlineData("rate=16Mb/s", 2_000_000UL, 100_000UL, 50_000u)]
    [InlineData("rate=8Gb/s", 1_000_000_000UL, 50_000_000UL, 50_000u)]
    [InlineData("rate=1GB/s@50ms", 1_000_000_000UL, 50_000_000UL, 50_000u)]
    [InlineData("rate=80Mb/s@1s", 10_000_000UL, 10_000_000UL, 1_000_000u)]
    [InlineData("rate=10Mb/s", 1_250_000UL, 62_500UL, 50_000u)]
    [InlineData("rate=250KB/s", 250_000UL, 12_500UL, 50_000u)]
    [InlineData("rate=1MB/s@20ms", 1_000_000UL, 20_000UL, 20_000u)]
    [InlineData("rate=1MB/s@20000us", 1_000_000UL, 20_000UL, 20_000u)]
    [InlineData("rate=1MB/s@2", 1_000_000UL, 2_000_000UL, 2_000_000u)]
    public void Rates_are_read_in_every_unit(string text, ulong perSecond, ulong perInterval, uint interval)
    {
        var rate = VifSpec.Parse(text).Rate.ShouldNotBeNull();

        rate.BytesPerSecond.ShouldBe(perSecond);
        rate.BytesPerInterval.ShouldBe(perInterval);
        rate.IntervalMicroseconds.ShouldBe(interval);
        VifRate.FromCredit(perInterval, interval).ShouldBe(rate);
    }

    [Theory]
    [InlineData("rate=foo")]
    [InlineData("rate=10MB")]
    [InlineData("rate=10MB/m")]
    [InlineData("rate=10ZB/s")]
    [InlineData("rate=4294967296b/s")]
    [InlineData("rate=0B/s")]
    [InlineData("rate=10Mb/s@foo")]
    [InlineData("rate=10Mb/s@10h")]
    [InlineData("rate=1B/s@4294967296us")]
    [InlineData("rate=1B/s@4294968ms")]
    [InlineData("rate=1B/s@4295s")]
    [InlineData("rate=1B/s@0us")]
    [InlineData("rate=4294967295GB/s@5us")]
    [InlineData("rate=@")]
    [InlineData("mac=00:16:3e")]
    [InlineData("mac=00:16:3e:zz:00:00")]
    [InlineData("mac=00:16:3e:111:00:00")]
    [InlineData("type=magic")]
    [InlineData("mtu=big")]
    [InlineData("devid=-1")]
    [InlineData("frob=1")]
    [InlineData("foo")]
    public void What_is_wrong_is_said(string text) => VifSpec.Parse(text).Problems.ShouldHaveSingleItem();
}
