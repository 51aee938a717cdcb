using Xen2Kvm.Hosts.Xen.Config;

namespace Xen2Kvm.Hosts.Tests.Xen.Config;

public sealed class GuestDefinitionTests
{
    private static GuestDefinition Read(string config) => GuestDefinition.FromXlConfig(XlConfigParser.Parse(config, "guest.cfg"));

    [Theory]
    [InlineData("", GuestType.Pv, GuestTypeOrigin.Default)]
    [InlineData("type='pv'", GuestType.Pv, GuestTypeOrigin.TypeKey)]
    [InlineData("type='pvh'", GuestType.Pvh, GuestTypeOrigin.TypeKey)]
    [InlineData("type='hvm'", GuestType.Hvm, GuestTypeOrigin.TypeKey)]
    [InlineData("builder='hvm'", GuestType.Hvm, GuestTypeOrigin.BuilderKey)]
    [InlineData("builder='generic'", GuestType.Pv, GuestTypeOrigin.BuilderKey)]
    [InlineData("builder='linux'", GuestType.Pv, GuestTypeOrigin.BuilderKey)]
    [InlineData("builder=''", GuestType.Pv, GuestTypeOrigin.Default)]
    [InlineData("type='hvm'\nbuilder='hvm'", GuestType.Hvm, GuestTypeOrigin.TypeKey)]
    public void The_type_says_where_it_is_known_from(string config, GuestType type, GuestTypeOrigin origin)
    {
        var guest = Read("name='a'\n" + config);

        guest.Type.ShouldBe(type);
        guest.TypeOrigin.ShouldBe(origin);
        guest.Problems.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("type='pv'\nbuilder='hvm'", "contradicts")]
    [InlineData("type='qemu'", "Unknown guest type")]
    [InlineData("builder='netbsd'", "Unknown builder")]
    [InlineData("uuid='xyz'", "no UUID")]
    [InlineData("memory='lots'", "whole number")]
    [InlineData("memory=-5", "number of MiB")]
    [InlineData("vcpus=100000", "between 0 and 4096")]
    [InlineData("vcpus=4\nmaxvcpus=2", "less than vcpus")]
    [InlineData("pae='maybe'", "0 or 1")]
    [InlineData("kernel=['a']", "is a list")]
    [InlineData("disk=['phy:/a,zzz,w']", "Unknown vdev")]
    [InlineData("vif=['frob=1']", "Unknown key")]
    [InlineData("disk=[['a']]", "should be a text")]
    public void A_value_that_xl_would_refuse_is_named_with_its_line(string config, string message)
    {
        var problem = Read("name='a'\n" + config).Problems.ShouldHaveSingleItem();

        problem.Message.ShouldContain(message);
        problem.Line.ShouldBeInRange(2, 3);
        problem.Kind.ShouldBe(ConfigProblemKind.Value);
    }

    [Theory]
    [InlineData("", 32, 32, 1, 1, "memoryMiB maxMemoryMiB vcpus maxVcpus")]
    [InlineData("memory=512", 512, 512, 1, 1, "maxMemoryMiB vcpus maxVcpus")]
    [InlineData("maxmem=1024", 1024, 1024, 1, 1, "memoryMiB vcpus maxVcpus")]
    [InlineData("memory='256'\nmaxmem=0x400\nvcpus=2\nmaxvcpus=4", 256, 1024, 2, 4, "")]
    [InlineData("vcpus=0", 32, 32, 1, 1, "memoryMiB maxMemoryMiB vcpus maxVcpus")]
    public void Missing_memory_and_cpus_are_xl_s_defaults_and_marked(string config, long memory, long max, int vcpus, int maxVcpus, string defaults)
    {
        var guest = Read("name='a'\non_poweroff='destroy'\non_reboot='restart'\non_crash='destroy'\n" + config);

        (guest.MemoryMiB, guest.MaxMemoryMiB, guest.Vcpus, guest.MaxVcpus).ShouldBe((memory, max, vcpus, maxVcpus));
        string.Join(' ', guest.Defaults).ShouldBe(defaults);
    }

    [Fact]
    public void A_computed_value_is_unknown_and_no_default()
    {
        var guest = Read("name='a'\nmemory = 4 * 256\nvcpus=2\nmaxvcpus=2\n");

        guest.UnknownKeys.ShouldBe(["memory"]);
        guest.Defaults.ShouldNotContain("memoryMiB");
        guest.IsCertain.ShouldBeFalse();
    }

    [Theory]
    [InlineData("root='/dev/xvda1 ro'\nextra='quiet'", "root=/dev/xvda1 ro quiet", "/dev/xvda1")]
    [InlineData("root='/dev/xvda1'", "root=/dev/xvda1", "/dev/xvda1")]
    [InlineData("root='root=/dev/xvda1'", "root=/dev/xvda1", "/dev/xvda1")]
    [InlineData("extra='console=hvc0'", "console=hvc0", null)]
    [InlineData("cmdline='root=UUID=1 ro'\nroot='/dev/x'\nextra='y'", "root=UUID=1 ro", "UUID=1")]
    [InlineData("", null, null)]
    public void The_effective_command_line_is_xl_s(string config, string? commandLine, string? rootDevice)
    {
        var boot = Read("name='a'\n" + config).Boot;

        boot.CommandLine.ShouldBe(commandLine);
        boot.RootDevice.ShouldBe(rootDevice);
    }

    [Fact]
    public void Hvmloader_is_no_kernel_of_the_guest()
    {
        Read("builder='hvm'\nkernel='/usr/lib/xen/boot/hvmloader'").Boot.Kernel.ShouldBeNull();
        Read("type='hvm'\nkernel='/boot/vmlinuz'").Boot.Kernel.ShouldBe("/boot/vmlinuz");
    }

    [Fact]
    public void Boot_loader_arguments_may_be_a_list_or_a_text()
    {
        Read("bootloader='pygrub'\nbootloader_args=['--kernel=a b', '-q']").Boot.BootloaderArgs.ShouldBe(["--kernel=a b", "-q"]);
        Read("bootloader='pygrub'\nbootargs='--kernel=a -q'").Boot.BootloaderArgs.ShouldBe(["--kernel=a", "-q"]);
        Read("firmware='pvgrub64'").Boot.Firmware.ShouldBe("pvgrub64");
    }

    [Theory]
    [InlineData("cpus='2-7,^4'", "2-7,^4", "")]
    [InlineData("cpus=3", "3", "")]
    [InlineData("cpus=['2','3']", null, "2 3")]
    [InlineData("cpus=['2','2']", "2", "")]
    [InlineData("cpus=['all']", "all", "")]
    [InlineData("cpus=[]", null, "")]
    [InlineData("cpus=''", null, "")]
    public void Pinning_is_for_all_cpus_or_for_each(string config, string? all, string each)
    {
        var guest = Read("name='a'\n" + config);

        guest.Cpus.ShouldBe(all);
        string.Join(' ', guest.CpusPerVcpu).ShouldBe(each);
    }

    [Fact]
    public void Screens_never_keep_the_password()
    {
        var pv = Read("vfb=['vnc=1,vnclisten=[::1]:3,vncpasswd=hunter2','type=sdl,keymap=de']\nvnc=1\nvncpasswd='hunter2'");
        pv.Graphics.Select(screen => (screen.Kind, screen.Origin, screen.Listen, screen.Display, screen.HasPassword)).ShouldBe(
        [
            (GraphicsKind.Vnc, "vfb", "[::1]", 3, true),
            (GraphicsKind.Sdl, "vfb", null, null, false),
        ]);
        Read("vnc=1\nkeymap='fr'").Graphics.ShouldHaveSingleItem().Keymap.ShouldBe("fr");
        Read("name='pv'").Graphics.ShouldBeEmpty();
        Read("type='hvm'").Graphics.ShouldHaveSingleItem().Origin.ShouldBe("default");
        Read("type='hvm'\nvnc=0").Graphics.ShouldBeEmpty();
        Read("type='hvm'\nvnc=0\nspice=1\nspicehost='0.0.0.0'\nspiceport=6000\nspicepasswd='hunter2'").Graphics.ShouldHaveSingleItem()
            .ShouldBe(new GuestGraphics(GraphicsKind.Spice, "topLevel", "0.0.0.0", 6000, null, null, true));
        GuestDefinitionJson.Write(pv).ShouldNotContain("hunter2");
    }

    [Fact]
    public void An_entry_that_is_no_list_and_xm_s_nics_are_read()
    {
        var guest = Read("disk='phy:/dev/a,xvda,w'\nnics=2\nvif=['bridge=b']");

        guest.Disks.ShouldHaveSingleItem().Path.ShouldBe("/dev/a");
        guest.Vifs.Select(vif => vif.Bridge).ShouldBe(["b", null]);
    }

    [Theory]
    [InlineData("vtpm=['x']", "vtpm")]
    [InlineData("usbctrl=['type=pv']", "usbctrl")]
    [InlineData("driver_domain=1", "driver_domain")]
    [InlineData("gfx_passthru='igd'", "gfx_passthru")]
    [InlineData("device_model_args=['-nodefaults']", "device_model_args")]
    [InlineData("usbdevice='host:1234:5678'", "usbdevice")]
    [InlineData("vscsi=['/dev/sdb,0:0:0:0']", "vscsi")]
    public void What_has_no_counterpart_on_kvm_is_listed(string config, string key) =>
        Read(config).Unsupported.ShouldHaveSingleItem().Key.ShouldBe(key);

    [Fact]
    public void Nothing_is_listed_for_what_is_off()
    {
        var guest = Read("vtpm=[]\npci=[]\ngfx_passthru=0\ndriver_domain=False\nunknown=1\nmypassword='hunter2'");

        guest.Unsupported.ShouldBeEmpty();
        guest.Other.Select(other => (other.Key, other.Value, other.Line)).ShouldBe([("unknown", "1", 5), ("mypassword", "***", 6)]);
    }

    [Fact]
    public void Viridian_is_off_on_or_a_list()
    {
        Read("name='a'").Features.Viridian.ShouldBeNull();
        Read("viridian=0").Features.Viridian.ShouldNotBeNull().ShouldBeEmpty();
        Read("viridian=1").Features.Viridian.ShouldBe(["defaults"]);
        Read("viridian=['all','!stimer']").Features.Viridian.ShouldBe(["all", "!stimer"]);
    }
}
