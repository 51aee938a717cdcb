using Xen2Kvm.Hosts.Xen.Config;

namespace Xen2Kvm.Hosts.Tests.Xen.Config;

public sealed class DiskSpecTests
{
    [Theory]
    [InlineData("/dev/vg/guest-volume,,hda")]
    [InlineData("/dev/vg/guest-volume,raw,hda,rw")]
    [InlineData("format=raw, vdev=hda, access=rw, target=/dev/vg/guest-volume")]
    [InlineData("raw:/dev/vg/guest-volume,hda,w")]
    [InlineData("phy:/dev/vg/guest-volume,hda,w")]
    [InlineData("phy:vg/guest-volume,ioemu:hda,w")]
    public void All_spellings_of_the_manual_s_first_disk_are_the_same(string text)
    {
        var disk = DiskSpec.Parse(text);

        disk.Path.ShouldBe("/dev/vg/guest-volume");
        disk.Format.ShouldBe(DiskFormat.Raw);
        disk.Vdev.ShouldNotBeNull().Name.ShouldBe("hda");
        disk.ReadOnly.ShouldBeFalse();
        disk.IsCdrom.ShouldBeFalse();
        disk.Problems.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("/root/image.iso,,hdc,cdrom")]
    [InlineData("/root/image.iso,,hdc,,cdrom")]
    [InlineData("/root/image.iso,raw,hdc,devtype=cdrom")]
    [InlineData("format=raw, vdev=hdc, access=ro, devtype=cdrom, target=/root/image.iso")]
    [InlineData("raw:/root/image.iso,hdc:cdrom,ro")]
    [InlineData("file:/root/image.iso,hdc:cdrom,r")]
    public void All_spellings_of_the_manual_s_cd_are_the_same(string text)
    {
        var disk = DiskSpec.Parse(text);

        disk.Path.ShouldBe("/root/image.iso");
        disk.Format.ShouldBe(DiskFormat.Raw);
        disk.VdevText.ShouldBe("hdc");
        disk.ReadOnly.ShouldBeTrue();
        disk.IsCdrom.ShouldBeTrue();
        disk.Problems.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("devtype=cdrom,,,hdc")]
    [InlineData(",,hdc:cdrom,r")]
    [InlineData(",hdc:cdrom,r")]
    [InlineData("vdev=hdc,access=r,devtype=cdrom,target=")]
    [InlineData(",empty,hdc:cdrom,r")]
    [InlineData("vdev=hdc,access=r,devtype=cdrom,format=empty")]
    [InlineData("vdev=hdc,access=r,devtype=cdrom")]
    public void A_cd_drive_may_be_empty(string text)
    {
        var disk = DiskSpec.Parse(text);

        disk.Format.ShouldBe(DiskFormat.Empty);
        disk.Path.ShouldBeNull();
        disk.Target.ShouldBe("");
        disk.VdevText.ShouldBe("hdc");
        disk.IsCdrom.ShouldBeTrue();
        disk.Problems.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("iscsi:iqn.2001-05.com.example:0-8a0906-host,xvda,w", "block-iscsi", "iqn.2001-05.com.example:0-8a0906-host")]
    [InlineData("vdev=xvda,access=w,script=block-iscsi,target=iqn.2001-05.com.example:0-8a0906-host", "block-iscsi", "iqn.2001-05.com.example:0-8a0906-host")]
    [InlineData("drbd:app01,hda,w", "block-drbd", "app01")]
    [InlineData("nbd:host 10809,xvda,w", "block-nbd", "host 10809")]
    [InlineData("enbd:/res,xvda,w", "block-enbd", "/res")]
    public void A_block_script_s_target_is_a_resource_and_no_path(string text, string script, string target)
    {
        var disk = DiskSpec.Parse(text);

        disk.Script.ShouldBe(script);
        disk.Target.ShouldBe(target);
        disk.Path.ShouldBeNull();
        disk.Problems.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("tap:aio:/srv/xen/a.img,xvda,w", DiskFormat.Raw, "tap aio")]
    [InlineData("tap2:tapdisk:aio:/srv/xen/a.img,xvda,w", DiskFormat.Raw, "tap2 tapdisk aio")]
    [InlineData("tap:qcow:/srv/xen/a.img,xvda,w", DiskFormat.Qcow, "tap qcow")]
    [InlineData("tap:qcow2:/srv/xen/a.img,xvda,w", DiskFormat.Qcow2, "tap qcow2")]
    [InlineData("tap2:vhd:/srv/xen/a.img,xvda,w", DiskFormat.Vhd, "tap2 vhd")]
    [InlineData("tap:vmdk:/srv/xen/a.img,xvda,w", DiskFormat.Vmdk, "tap vmdk")]
    [InlineData("tapdisk:/srv/xen/a.img,xvda,w", DiskFormat.Raw, "tapdisk")]
    [InlineData("aio:/srv/xen/a.img,xvda,w", DiskFormat.Raw, "aio")]
    [InlineData("ioemu:/srv/xen/a.img,xvda,w", DiskFormat.Raw, "ioemu")]
    [InlineData("vhd:/srv/xen/a.img,xvda,w", DiskFormat.Vhd, "vhd")]
    [InlineData("qcow2:/srv/xen/a.img,xvda,w", DiskFormat.Qcow2, "qcow2")]
    public void Deprecated_prefixes_are_stripped_and_only_image_formats_count(string text, DiskFormat format, string prefixes)
    {
        var disk = DiskSpec.Parse(text);

        disk.Path.ShouldBe("/srv/xen/a.img");
        disk.Format.ShouldBe(format);
        string.Join(' ', disk.Prefixes).ShouldBe(prefixes);
        disk.Vdev.ShouldNotBeNull().Name.ShouldBe("xvda");
        disk.Problems.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("r", true, false)]
    [InlineData("ro", true, false)]
    [InlineData("w", false, false)]
    [InlineData("rw", false, false)]
    [InlineData("", false, false)]
    [InlineData("w!", false, true)]
    [InlineData("r!", true, true)]
    public void Access_modes_are_read_with_xm_s_exclamation_mark(string mode, bool readOnly, bool shared)
    {
        var disk = DiskSpec.Parse($"phy:/dev/vg/a,xvda,{mode}");

        disk.ReadOnly.ShouldBe(readOnly);
        disk.Shared.ShouldBe(shared);
        disk.Problems.ShouldBeEmpty();
    }

    [Fact]
    public void Target_eats_the_rest_with_commas_colons_and_equals()
    {
        DiskSpec.Parse("vdev=xvda,target=/srv/a,b:c=d ").Target.ShouldBe("/srv/a,b:c=d ");
        DiskSpec.Parse("vdev=xvda,target=/srv/a,").Target.ShouldBe("/srv/a");
        DiskSpec.Parse(",raw,xvda,rw,target=/srv/a").Target.ShouldBe("/srv/a");
    }

    [Fact]
    public void Every_key_is_read()
    {
        var disk = DiskSpec.Parse(
            "backendtype=qdisk,backend=storage,vdev=xvdb,access=ro,direct-io-safe,discard,untrusted,specification=virtio,format=qed,target=/a");

        disk.BackendType.ShouldBe("qdisk");
        disk.Backend.ShouldBe("storage");
        disk.ReadOnly.ShouldBeTrue();
        disk.DirectIoSafe.ShouldBeTrue();
        disk.Discard.ShouldBe(true);
        disk.Trusted.ShouldBe(false);
        disk.Specification.ShouldBe("virtio");
        disk.Format.ShouldBe(DiskFormat.Qed);
        disk.Problems.ShouldBeEmpty();
        DiskSpec.Parse("/a,,xvda,no-discard").Discard.ShouldBe(false);
    }

    [Fact]
    public void Colo_keys_are_kept_and_unknown_ones_too_with_a_complaint()
    {
        var disk = DiskSpec.Parse("/a,raw,xvda,rw,colo,colo-host=h,colo-port=9000,colo-export=e,active-disk=x,hidden-disk=y,grant_usage=1,frob=7");

        disk.Extra["colo"].ShouldBe("");
        disk.Extra["colo-port"].ShouldBe("9000");
        disk.Extra["grant_usage"].ShouldBe("1");
        disk.Extra["frob"].ShouldBe("7");
        disk.Problems.ShouldHaveSingleItem().Message.ShouldStartWith("Unknown disk parameter");
    }

    [Fact]
    public void A_word_may_be_said_twice_but_not_a_name()
    {
        DiskSpec.Parse("backendtype=phy,backendtype=phy,format=raw,format=raw,vdev=xvda,target=/a").Problems.ShouldBeEmpty();
        DiskSpec.Parse("backendtype=phy,backendtype=tap,vdev=xvda,target=/a").Problems.ShouldHaveSingleItem();
        DiskSpec.Parse("vdev=xvda,vdev=xvda,target=/a").Problems.ShouldHaveSingleItem();
    }

    [Fact]
    public void Xm_s_fourth_field_is_the_backend_domain() =>
        DiskSpec.Parse("phy:/dev/vg/a,xvda,w,storage").Backend.ShouldBe("storage");

    [Fact]
    public void A_positional_target_may_hold_equals_and_colons()
    {
        DiskSpec.Parse("phy:/dev/disk/by-path/ip-10.0.0.1:3260-iscsi-iqn.a:b-lun-1,xvda,w").Path.ShouldBe("/dev/disk/by-path/ip-10.0.0.1:3260-iscsi-iqn.a:b-lun-1");
        DiskSpec.Parse("/dev/disk/by-id/x=y,raw,xvda,w").Path.ShouldBe("/dev/disk/by-id/x=y");
    }

    [Theory]
    [InlineData("", "no vdev")]
    [InlineData("foo", "no vdev")]
    [InlineData("vdev=xvda", "no target")]
    [InlineData("/a,raw,zzz,w", "Unknown vdev")]
    [InlineData("/a,floppy,xvda,w", "Unknown disk format")]
    [InlineData("/a,raw,xvda,maybe", "Unknown access")]
    [InlineData("/a,raw,xvda,w,more", "Too many fields")]
    [InlineData("bogus:/a,xvda,w", "Unknown prefix")]
    [InlineData("/a,raw,xvda:tape,w", "Unknown device type")]
    [InlineData("/a,raw,xvda,w,target=/b", "target is given twice")]
    [InlineData("/a,raw,xvda,w,format=vhd", "format is given twice")]
    public void What_is_wrong_is_said(string text, string message) =>
        DiskSpec.Parse(text).Problems.ShouldContain(problem => problem.Message.Contains(message, StringComparison.Ordinal));
}
