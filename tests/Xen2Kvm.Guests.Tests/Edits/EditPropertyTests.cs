using System.Text;
using Xen2Kvm.Guests.Edits;

namespace Xen2Kvm.Guests.Tests.Edits;

/// <summary>Whatever a guest's files hold, an edit does not throw, is idempotent, and leaves lines alone that do not concern it.</summary>
public sealed class EditPropertyTests
{
    private static readonly string[] Words =
    [
        "/dev/xvda1", "/dev/sda2", "/dev/hdb1", "root=/dev/xvda1", "console=hvc0", "console=xvc0", "console=ttyS0", "linux", "kernel", "initrd", "menuentry", "{", "}", "set", "root=", "'(hd0)'",
        "1:2345:respawn:/sbin/getty", "#1:2345:respawn:/sbin/mingetty", "hvc0", "tty1", "38400", "GRUB_CMDLINE_LINUX=", "GRUB_TERMINAL=console", "\"", "'", "`", "$(", "\\", "#", " ", "\t", "\n", "\r\n", "\n\n",
        "UUID=", "none", "swap", "xenfs", "options", "append", "kernelopts=", "RESUME=", "DEVICE=eth0", "HWADDR=", "terminal_input console", "=", ":", "é", "\u0000", "\uD800", "%s", "${x}", "INITRD_MODULES=\"a b\"",
    ];

    private static readonly string[] Paths =
    [
        "/etc/fstab", "/etc/crypttab", "/etc/inittab", "/etc/securetty", "/etc/default/grub", "/boot/grub/grub.cfg", "/boot/grub/menu.lst", "/boot/loader/entries/a.conf", "/etc/kernel/cmdline",
        "/boot/grub2/grubenv", "/etc/initramfs-tools/modules", "/etc/initramfs-tools/conf.d/resume", "/etc/sysconfig/kernel", "/etc/sysconfig/network-scripts/ifcfg-eth0", "/boot/extlinux.conf",
    ];

    [Fact]
    public void Random_text_never_throws_and_a_second_application_changes_nothing()
    {
        var random = new Random(20261121);
        for (var round = 0; round < 4000; round++)
        {
            var text = new StringBuilder();
            for (var count = random.Next(40); count > 0; count--)
            {
                text.Append(Words[random.Next(Words.Length)]).Append(random.Next(3) == 0 ? " " : "");
            }

            var context = Support.Guests.Context(names: random.Next(2) == 0) with { AddVirtioToInitrd = random.Next(2) == 0 };
            foreach (var path in Paths)
            {
                var once = GuestFileEdits.Apply(path, text.ToString(), context).Text;
                var twice = GuestFileEdits.Apply(path, once, context).Text;
                Assert.True(twice == once, $"round {round}, {path}:\n{UnifiedDiff.Create(path, once, twice)}");
            }
        }
    }

    [Fact]
    public void Lines_that_are_not_concerned_come_back_byte_for_byte()
    {
        var random = new Random(7);
        for (var round = 0; round < 500; round++)
        {
            var lines = Enumerable.Range(0, random.Next(1, 30)).Select(_ => new string([.. Enumerable.Range(0, random.Next(30)).Select(_ => (char)random.Next(32, 255))]) + (random.Next(4) == 0 ? "\r\n" : "\n"));
            var text = string.Concat(lines.Select(line => "#" + line));
            foreach (var path in Paths.Where(path => path is not "/etc/securetty"))
            {
                GuestFileEdits.Apply(path, text, Support.Guests.Context()).Text.ShouldBe(text, path);
            }
        }
    }

    [Fact]
    public void Files_that_no_rule_concerns_stay()
    {
        foreach (var path in new[] { "/etc/passwd", "/etc/fstab.bak", "/boot/grub/grub.cfg.old", "/etc/grub.d/40_custom" })
        {
            GuestFileEdits.Apply(path, "/dev/xvda1 / ext4 console=hvc0\n", Support.Guests.Context()).Reasons.ShouldBeEmpty();
        }
    }

    [Theory]
    [InlineData("", "console=tty0 console=ttyS0,115200n8")]
    [InlineData("console=hvc0", "console=tty0 console=ttyS0,115200n8")]
    [InlineData("root=/dev/sda1 ro quiet", "root=UUID=" + Support.Guests.RootUuid + " ro quiet console=tty0 console=ttyS0,115200n8")]
    [InlineData("root=/dev/hda1  ro", "root=UUID=" + Support.Guests.RootUuid + "  ro console=tty0 console=ttyS0,115200n8")]
    [InlineData("root=/dev/xvdb1 ro", "root=/dev/xvdb1 ro console=tty0 console=ttyS0,115200n8")]
    [InlineData("root=LABEL=/ console=ttyS0,9600", "root=LABEL=/ console=ttyS0,9600")]
    [InlineData("a=\"console=hvc0 b\" console=hvc0,115200 xencons=tty clocksource=xen elevator=noop", "a=\"console=hvc0 b\" elevator=noop console=tty0 console=ttyS0,115200n8")]
    [InlineData("xen_blkfront.max=64 xen-netfront.x=1 xen_emul_unplug=unnecessary ro", "ro console=tty0 console=ttyS0,115200n8")]
    public void A_kernel_command_line_loses_xen_and_gains_the_serial_console(string before, string after) =>
        KernelCommandLine.Edit(before, Support.Guests.Context(), complete: true).ShouldBe(after);

    [Fact]
    public void A_kernel_without_initrd_gets_its_root_by_device_name() =>
        KernelCommandLine.Edit("root=/dev/xvda1 ro", Support.Guests.Context(), complete: false, hasInitrd: false).ShouldBe("root=/dev/vda1 ro");

    [Fact]
    public void The_naming_switch_is_added_once()
    {
        var once = KernelCommandLine.Edit("ro", Support.Guests.Context(names: true), complete: true);
        once.ShouldBe("ro console=tty0 console=ttyS0,115200n8 net.ifnames=0");
        KernelCommandLine.Edit(once, Support.Guests.Context(names: true), complete: true).ShouldBe(once);
    }

    [Fact]
    public void Grubenv_keeps_its_size()
    {
        var before = "# GRUB Environment Block\nsaved_entry=x\nkernelopts=root=/dev/xvda1 ro console=hvc0 \n".PadRight(1024, '#');
        var after = GuestFileEdits.Apply("/boot/grub2/grubenv", before, Support.Guests.Context()).Text;
        after.Length.ShouldBe(1024);
        after.ShouldContain($"kernelopts=root=UUID={Support.Guests.RootUuid} ro console=tty0 console=ttyS0,115200n8 \n#");
    }

    [Fact]
    public void Initrd_module_lists_gain_virtio_only_when_the_initrd_lacks_it_and_lose_nothing()
    {
        var context = Support.Guests.Context() with { AddVirtioToInitrd = true };
        GuestFileEdits.Apply("/etc/initramfs-tools/modules", "# modules\nxen-blkfront\nvirtio_blk\n", context).Text.ShouldBe("# modules\nxen-blkfront\nvirtio_blk\nvirtio_pci\nvirtio_net\nvirtio_scsi\n");
        GuestFileEdits.Apply("/etc/sysconfig/kernel", "INITRD_MODULES=\"xenblk ext3\"\n", context).Text.ShouldBe("INITRD_MODULES=\"xenblk ext3 virtio_pci virtio_blk virtio_net virtio_scsi\"\n");
        GuestFileEdits.Apply("/etc/initramfs-tools/modules", "", Support.Guests.Context()).Reasons.ShouldBeEmpty();
    }
}
