using System.Text;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Guests.Conversion;
using Xen2Kvm.Guests.Edits;
using Xen2Kvm.Guests.Inspection;

namespace Xen2Kvm.Guests.Tests.Conversion;

public sealed class ConversionPlannerTests
{
    private const string Release = "6.1.0-40-amd64";
    private static readonly StagedKernel Dom0 = new("/run/k", "/run/i", "vmlinuz-" + Release, "initrd.img-" + Release, true, true, 40 << 20);
    private static readonly GuestKernel Own = new("/boot/vmlinuz-" + Release, "/boot/initrd.img-" + Release, new(Release, true, true, true));

    [Fact]
    public void A_guest_without_kernel_and_menu_gets_dom0s_kernel_a_menu_and_a_loader()
    {
        var decision = Decide(Guest(), Dom0);
        decision.Concerns.ShouldNotContain(concern => concern.Severity == Severity.Blocker);
        decision.Changes.Select(change => change.Path).ShouldBe(
        [
            "/etc/fstab", "/etc/systemd/network/10-x2k-eth0.link", "/etc/systemd/system/getty.target.wants/serial-getty@hvc0.service",
            "/etc/systemd/system/getty.target.wants/serial-getty@ttyS0.service", "/boot/vmlinuz-" + Release, "/boot/initrd.img-" + Release, "/boot/grub/grub.cfg",
        ], ignoreOrder: true);
        Menu(decision).ShouldContain($"linux /boot/vmlinuz-{Release} root=UUID={Support.Guests.RootUuid} ro elevator=noop console=tty0 console=ttyS0,115200n8 net.ifnames=0\n");
        decision.Loader!.EarlyConfiguration.ShouldBe($"search --no-floppy --fs-uuid --set=root {Support.Guests.RootUuid}\nset prefix=($root)/boot/grub\nnormal ($root)/boot/grub/grub.cfg\n");
        decision.Loader.Area.ShouldBe(new(1, 2047));
    }

    [Fact]
    public void Deciding_again_over_the_result_changes_nothing_but_the_staged_files()
    {
        var first = Decide(Guest(), Dom0);
        var files = Files();
        foreach (var write in first.Changes.OfType<WriteFile>())
        {
            files[write.Path] = write.After;
        }

        var converted = Guest(files) with { XenGettyLinks = [], Kernels = [Own], Present = new HashSet<string>([.. Guest().Present, "/etc/systemd/system/getty.target.wants/serial-getty@ttyS0.service"]) };
        var second = Decide(converted, Dom0);
        second.Changes.ShouldAllBe(change => change is StageFile);
        second.Loader.ShouldBe(first.Loader);
    }

    [Theory]
    [InlineData(false, true, "no bzImage")]
    [InlineData(true, false, "no virtio drivers")]
    public void A_kernel_of_dom0_that_cannot_boot_on_kvm_blocks_and_says_what_to_install(bool bootable, bool virtio, string why)
    {
        var decision = Decide(Guest(), Dom0 with { Bootable = bootable, InitrdHasVirtio = virtio });
        var blocker = decision.Concerns.ShouldHaveSingleItem(concern => concern.Severity == Severity.Blocker);
        blocker.Id.ShouldBe("X08");
        blocker.Evidence.ShouldContain(why);
        blocker.Fix.ShouldContain("linux-image-amd64");
    }

    [Fact]
    public void No_kernel_at_all_blocks_once_even_when_the_engine_says_so_too()
    {
        Decide(Guest(), null).Concerns.Count(concern => concern.Severity == Severity.Blocker).ShouldBe(1);
        Decide(Guest(), null, assess: _ => [new("X08", Severity.Blocker, "files", "none", "", "")]).Concerns.Count(concern => concern.Severity == Severity.Blocker).ShouldBe(1);
    }

    [Fact]
    public void A_blocker_of_the_engine_blocks() =>
        Decide(Guest(), Dom0, assess: _ => [new("X10", Severity.Blocker, "/", "full", "", "")]).IsBlocked.ShouldBeTrue();

    [Fact]
    public void A_full_root_blocks_the_kernel_from_dom0()
    {
        var full = Guest() with { Mounts = [new GuestMount("/dev/sda1", "/", "") { Free = (50 << 20, 1000) }] };
        Decide(full, Dom0).Concerns.ShouldContain(concern => concern.Id == "X10" && concern.Severity == Severity.Blocker);
    }

    [Fact]
    public void The_guests_own_kernel_and_menu_are_kept_and_get_a_loader_when_the_disk_has_none()
    {
        var decision = Decide(Web(), null, whole: true);
        decision.IsBlocked.ShouldBeFalse();
        decision.Changes.OfType<StageFile>().ShouldBeEmpty();
        Menu(decision).ShouldContain("ro console=tty0 console=ttyS0,115200n8");
        decision.Loader!.Menu.ShouldBe("/boot/grub/grub.cfg");
        decision.Inspection.BootConfiguration.ShouldBe("grub2");
    }

    [Fact]
    public void A_disk_with_its_own_loader_keeps_it()
    {
        var head = Head();
        Encoding.ASCII.GetBytes("GRUB ").CopyTo(head, 0x180);
        Decide(Web() with { DiskHead = head }, null, whole: true).Loader.ShouldBeNull();
        Decide(Web(), null, whole: true, method: BootMethod.Firmware).Loader.ShouldBeNull();
    }

    [Fact]
    public void No_room_before_the_first_partition_blocks()
    {
        var head = Head();
        head[446 + 8] = 63;
        head[446 + 9] = 0;
        var blocker = Decide(Web() with { DiskHead = head }, null, whole: true).Concerns.ShouldHaveSingleItem(concern => concern.Severity == Severity.Blocker);
        blocker.Id.ShouldBe("X11");
        blocker.Evidence.ShouldContain("62 sectors");
    }

    [Fact]
    public void An_initrd_without_virtio_is_built_anew_by_the_guests_tool_or_blocks()
    {
        var old = Own with { Capabilities = Own.Capabilities with { InitrdHasVirtio = false } };
        var decision = Decide(Web(old), null, whole: true);
        decision.Rebuild.ShouldBe([old]);
        decision.Changes.ShouldContain(change => change.Path == "/etc/initramfs-tools/modules");
        Decide(Web(old) with { Present = Guest().Present }, null, whole: true).Concerns.ShouldContain(concern => concern.Id == "X08" && concern.Severity == Severity.Blocker);
    }

    [Fact]
    public void A_menu_of_old_grub_is_read_by_the_new_one()
    {
        var files = Files();
        files["/boot/grub/menu.lst"] = $"default 0\ntitle Debian\nroot (hd0)\nkernel /boot/vmlinuz-{Release} root=/dev/xvda1 ro\ninitrd /boot/initrd.img-{Release}\n";
        var decision = Decide(Guest(files) with { Kernels = [Own] }, null);
        decision.Loader!.Menu.ShouldBe("/boot/grub/x2k.cfg");
        Text(decision, "/boot/grub/x2k.cfg").ShouldContain("legacy_configfile ($root)/boot/grub/menu.lst");
        Text(decision, "/boot/grub/menu.lst").ShouldContain("root (hd0,0)\n");
        decision.Inspection.BootConfiguration.ShouldBe("grub-legacy");
    }

    [Fact]
    public void A_boot_file_system_of_its_own_shortens_the_paths()
    {
        var guest = Guest() with { Mounts = [.. Guest().Mounts.Take(1), new("/dev/sda2", "/boot", "") { Free = (90 << 20, 1000) }] };
        var decision = Decide(guest, Dom0);
        Menu(decision).ShouldContain($"linux /vmlinuz-{Release} root=UUID={Support.Guests.RootUuid}");
        decision.Loader!.Menu.ShouldBe("/grub/grub.cfg");
        decision.Loader.BootUuid.ShouldBe(Support.Guests.VarUuid);
    }

    [Fact]
    public void A_first_entry_that_cannot_boot_is_named()
    {
        var web = Web();
        var files = web.Files.ToDictionary(file => file.Key, file => file.Value.Text.Replace("linux /boot", "linux /boot/vmlinuz-2.6.18-xen root=/dev/xvda1\n linux /boot", StringComparison.Ordinal));
        Decide(Guest(files) with { Kernels = web.Kernels, DiskHead = web.DiskHead }, null, whole: true).Concerns
            .ShouldContain(concern => concern.Id == "X08" && concern.Severity == Severity.Warning && concern.Evidence.Contains("2.6.18-xen"));
    }

    [Fact]
    public void A_hostile_command_line_stays_one_line_of_the_menu()
    {
        var request = Request(Support.Guests.Files(), _ => []);
        request = request with { Source = request.Source with { Boot = request.Source.Boot with { CommandLine = "root=/dev/xvda1 ro a=b\n}\nmenuentry 'x' { ; $(reboot)" } } };
        BootDecision.CommandLine(request, Guest(), Support.Guests.Context(), hasInitrd: true)
            .ShouldBe($"root=UUID={Support.Guests.RootUuid} ro a=b menuentry x reboot console=tty0 console=ttyS0,115200n8");
    }

    [Fact]
    public void Sysvinit_and_upstart_get_their_prompt_in_their_own_way()
    {
        var files = Files();
        files["/etc/inittab"] = "id:2:initdefault:\n1:2345:respawn:/sbin/getty 38400 hvc0\n";
        var sysv = Decide(Guest(files) with { InitLink = "", XenGettyLinks = [], Present = new HashSet<string> { "/sbin/init", "/etc/udev/rules.d" } }, Dom0);
        sysv.Inspection.InitSystem.ShouldBe("sysvinit");
        Text(sysv, "/etc/inittab").ShouldContain("respawn:/sbin/getty -L ttyS0 115200");
        Text(sysv, PersistentNetRules.Path).ShouldContain("NAME=\"eth0\"");
        Menu(sysv).ShouldNotContain("net.ifnames");

        files = Files();
        files["/etc/init/hvc0.conf"] = "exec /sbin/getty -8 38400 hvc0\n";
        files["/etc/os-release"] = "ID=ubuntu\nVERSION_ID=\"14.04\"\n";
        var upstart = Decide(Guest(files) with { InitLink = "", XenGettyLinks = [], Present = new HashSet<string> { "/sbin/init", "/sbin/initctl", "/etc/init/rc.conf" } }, Dom0);
        upstart.Inspection.InitSystem.ShouldBe("upstart");
        upstart.Changes.ShouldContain(change => change is RemoveFile && change.Path == "/etc/init/hvc0.conf");
        Text(upstart, "/etc/init/ttyS0.conf").ShouldBe("exec /sbin/getty -8 115200 ttyS0\n");
    }

    [Theory]
    [InlineData("/etc/redhat-release", "CentOS release 5.11 (Final)\n", "centos", "5.11")]
    [InlineData("/etc/SuSE-release", "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\n", "sles", "11")]
    [InlineData("/etc/debian_version", "4.0\n", "debian", "4.0")]
    [InlineData("/etc/lsb-release", "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=10.04\n", "ubuntu", "10.04")]
    [InlineData("/etc/os-release", "ID=\"freebsd\"\nVERSION_ID=13\n", "freebsd", "13")]
    public void Releases_without_os_release_are_told_by_their_own_files(string path, string text, string id, string version)
    {
        var files = Files();
        files.Remove("/etc/os-release");
        files[path] = text;
        var decision = Decide(Guest(files), Dom0);
        decision.Inspection.Distribution.ShouldBe(id);
        decision.Inspection.Version.ShouldBe(version);
        decision.Concerns.Any(concern => concern.Id == "X20").ShouldBe(id == "freebsd");
    }

    private static string Menu(ConversionDecision decision) => Text(decision, "/boot/grub/grub.cfg");

    private static string Text(ConversionDecision decision, string path) => decision.Changes.OfType<WriteFile>().Single(change => change.Path == path).After;

    private static ConversionDecision Decide(
        InspectedGuest guest, StagedKernel? staged, bool whole = false, BootMethod method = BootMethod.HostBootLoader, Func<GuestInspection, IReadOnlyList<Concern>>? assess = null)
    {
        var request = Request(whole ? Support.Guests.Whole(1000, method) : Support.Guests.Files(), assess ?? (_ => []));
        var devices = new DeviceMap(request.Source.Disks, request.Target.Disks, guest.FileSystems.ToDictionary(system => system.Device, system => system.Uuid!));
        return ConversionPlanner.Decide(request, guest, staged, devices);
    }

    private static ConversionRequest Request((Guest Source, TargetGuest Target) pair, Func<GuestInspection, IReadOnlyList<Concern>> assess) => new()
    {
        RunId = Guid.NewGuid(),
        Source = pair.Source,
        Target = pair.Target,
        Disks = [new("/disk", DiskFormat.Raw, pair.Target.Disks[0])],
        Assess = assess,
        WorkDirectory = "/work",
    };

    private static Dictionary<string, string> Files() => new()
    {
        ["/etc/fstab"] = "/dev/xvda1 / ext4 defaults 0 1\n/dev/xvda2 /var ext4 defaults 0 2\n/dev/xvda3 none swap sw 0 0\n",
        ["/etc/os-release"] = "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n",
        ["/etc/network/interfaces"] = "auto eth0\niface eth0 inet static\n address 10.77.0.31/24\n",
    };

    private static byte[] Head()
    {
        var head = new byte[34 * 512];
        (head[446 + 4], head[446 + 9], head[510], head[511]) = (0x83, 8, 0x55, 0xAA);
        return head;
    }

    private static InspectedGuest Guest(Dictionary<string, string>? files = null) => new()
    {
        FileSystems = [new("/dev/sda1", "ext4", Support.Guests.RootUuid, "root", true), new("/dev/sda2", "ext4", Support.Guests.VarUuid, "var", true), new("/dev/sda3", "swap", Support.Guests.SwapUuid, null, null)],
        Mounts = [new GuestMount("/dev/sda1", "/", "") { Free = (400 << 20, 1000) }, new GuestMount("/dev/sda2", "/var", "") { Free = (80 << 20, 1000) }],
        Files = (files ?? Files()).ToDictionary(file => file.Key, file => new GuestFile(file.Key, file.Key, file.Value, true)),
        Present = new HashSet<string> { "/sbin/init", "/lib/systemd/systemd", "/lib/systemd/system/serial-getty@.service", "/lib/udev/rules.d/80-net-setup-link.rules" },
        InitLink = "/lib/systemd/systemd",
        Kernels = [],
        ModuleReleases = [Release],
        XenGettyLinks = ["/etc/systemd/system/getty.target.wants/serial-getty@hvc0.service"],
        DiskHead = new byte[34 * 512],
    };

    private static InspectedGuest Web(GuestKernel? kernel = null)
    {
        var files = Files();
        files["/boot/grub/grub.cfg"] = $"menuentry 'Debian' {{\n linux /boot/vmlinuz-{Release} root=UUID={Support.Guests.RootUuid} ro console=hvc0\n initrd /boot/initrd.img-{Release}\n}}\n";
        files["/etc/initramfs-tools/modules"] = "# modules\n";
        var guest = Guest(files);
        return guest with { Kernels = [kernel ?? Own], DiskHead = Head(), Present = new HashSet<string>([.. guest.Present, "/usr/sbin/update-initramfs"]) };
    }
}

internal static class ShouldlyExtensions
{
    public static T ShouldHaveSingleItem<T>(this IEnumerable<T> items, Func<T, bool> which) => items.Where(which).ShouldHaveSingleItem();
}
