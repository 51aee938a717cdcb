using System.IO.Compression;
using System.Text;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Hosts.Libvirt;
using Xen2Kvm.Hosts.Scripts;

namespace Xen2Kvm.Hosts.Tests.Libvirt;

/// <summary>What is made of the inventory scripts' output, and of pictures.</summary>
public sealed class KvmInventoryTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 9, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_host_is_read_from_the_sections()
    {
        const string uuid = "6a5f3f0e-0000-4000-8000-00000000abcd";
        var facts = Sections(
            ("hostname", "kvm1\n"), ("os", "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"), ("kernel", "6.1.0-40-amd64\n"),
            ("cpus", "2\n"), ("cpuinfo", "model name\t: Some CPU\nflags\t\t: fpu sse4_2 vmx\n"), ("meminfo", "MemTotal:  2048000 kB\nMemAvailable:  1024000 kB\n"),
            ("bridges", "br0 1500\n"), ("addresses", "3: br0    inet 10.77.0.20/24 brd 10.77.0.255 scope global br0\n3: br0    inet6 fe80::1/64 scope link\n"),
            ("neighbours", "10.77.0.101 dev br0 lladdr 00:16:3E:00:00:01 REACHABLE\n10.77.0.9 dev br0 FAILED\n"),
            ("vgs", "  vg0|10737418240|5368709120\n"), ("lvs", "  vg0|files|1073741824|-wi-a-----||\n"),
            ("tools", "virsh 9.0.0\nqemu-img qemu-img version 7.2.19 (Debian 1:7.2+dfsg-7+deb12u16)\ngrub-i386-pc\nzstd *** Zstandard CLI (64-bit) v1.5.4, by Yann Collet ***\n"));
        var libvirt = Sections(
            ("version", "Compiled against library: libvirt 9.0.0\nUsing library: libvirt 9.0.0\nUsing API: QEMU 9.0.0\nRunning hypervisor: QEMU 7.2.19\n"),
            ("pool images", "<pool type='dir'><name>images</name><target><path>/var/lib/libvirt/images</path></target></pool>"),
            ("pool-df images", "/dev/sda1 1000 600 400 60% /\n"), ("pool lvm", "<pool type='logical'><target><path>/dev/vg0</path></target></pool>"),
            ($"state {uuid}", "running\n"), ($"info {uuid}", "Id:             3\nAutostart:      enable\n"),
            ($"xml {uuid}", $"<domain type='kvm'><name>files</name><uuid>{uuid}</uuid><memory unit='KiB'>1048576</memory><vcpu>1</vcpu><os><type machine='pc-q35-7.2'>hvm</type></os>"
                + "<devices><disk type='block' device='disk'><source dev='/dev/vg0/files'/><target dev='vda'/></disk>"
                + "<interface type='bridge'><mac address='00:16:3e:00:00:01'/><source bridge='br0'/></interface></devices></domain>"),
            ($"blocks {uuid}", " vda      1073741824   0   1073741824\n"), ("xml broken", "<domain>"));
        var snapshot = KvmInventory.Read(facts, libvirt, "no there is no /dev/kvm", Now);
        snapshot.Facts.ShouldSatisfyAllConditions(
            host => host.OperatingSystem.ShouldBe("Debian GNU/Linux 12 (bookworm)"), host => host.Hypervisor.ShouldBe("QEMU 7.2.19, libvirt 9.0.0"),
            host => host.MemoryMiB.ShouldBe(2000), host => host.FreeMemoryMiB.ShouldBe(1000), host => host.KvmUsable.ShouldBe(false),
            host => host.CpuFlags.ShouldBe(["fpu", "sse4_2", "vmx"]), host => host.Tools["qemu-img"].ShouldBe("7.2.19"), host => host.Tools["zstd"].ShouldBe("1.5.4"),
            host => host.Tools.Keys.ShouldContain("grub-i386-pc"));
        snapshot.Facts.Bridges.Single().ShouldSatisfyAllConditions(
            bridge => bridge.Name.ShouldBe("br0"), bridge => bridge.Mtu.ShouldBe(1500), bridge => bridge.Addresses.ShouldBe(["10.77.0.20/24"]));
        snapshot.Facts.Storage.ShouldBe([
            new(StorageKind.VolumeGroup, "vg0", "/dev/vg0", 10737418240, 5368709120),
            new(StorageKind.Directory, "images", "/var/lib/libvirt/images", 1024000, 409600)]);
        var guest = snapshot.Guests.Single();
        guest.ShouldSatisfyAllConditions(
            () => guest.Power.ShouldBe(PowerState.Running), () => guest.Autostart.ShouldBeTrue(), () => guest.MemoryMiB.ShouldBe(1024),
            () => guest.Disks[0].Backing.ShouldBe(DiskBacking.LogicalVolume), () => guest.Disks[0].SizeBytes.ShouldBe(1073741824),
            () => guest.Nics[0].Addresses.ShouldBe(["10.77.0.101"]));
        snapshot.Problems.ShouldContain("KVM: there is no /dev/kvm.");
        snapshot.Problems.ShouldContain(problem => problem.StartsWith("The definition of guest broken cannot be read", StringComparison.Ordinal));
    }

    [Fact]
    public void A_libvirt_that_does_not_answer_is_a_problem_and_no_crash()
    {
        var snapshot = KvmInventory.Read(Sections(), Sections(("version", "error: failed to connect to the hypervisor\n")), "unknown no kernel", Now);
        snapshot.Problems.ShouldContain(problem => problem.Contains("failed to connect", StringComparison.Ordinal));
        snapshot.Facts.KvmUsable.ShouldBeNull();
    }

    [Fact]
    public void A_files_content_cannot_pass_for_a_section()
    {
        var nonce = ScriptSections.NewNonce();
        var sections = ScriptSections.Parse($"noise\u001e{nonce} one\na\n\u001eother two\nb\n\u001e{nonce} three\nc", nonce);
        sections["one"].ShouldBe("a\n\u001eother two\nb\n");
        sections["two"].ShouldBe("");
        sections["three"].ShouldBe("c");
    }

    [Fact]
    public void A_pixmap_becomes_a_PNG_with_the_same_pixels()
    {
        byte[] pixels = [255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 2, 3];
        var png = PortablePixmap.ToPng([.. "P6\n# made by qemu\n2 2\n255\n"u8, .. pixels])!;
        png[..8].ShouldBe([0x89, .. "PNG\r\n\x1a\n"u8]);
        var data = png.AsSpan(png.AsSpan().IndexOf("IDAT"u8) + 4);
        using var raw = new ZLibStream(new MemoryStream(data.ToArray()), CompressionMode.Decompress);
        var rows = new byte[14];
        raw.ReadExactly(rows);
        rows.ShouldBe([0, .. pixels[..6], 0, .. pixels[6..]]);
        PortablePixmap.ToPng(png).ShouldBe(png);
    }

    [Theory]
    [InlineData("")]
    [InlineData("P6")]
    [InlineData("P6 2 2 255\nxx")]
    [InlineData("P6 999999 999999 255\n")]
    [InlineData("<html>")]
    public void What_is_no_picture_becomes_none(string text) => PortablePixmap.ToPng(Encoding.ASCII.GetBytes(text)).ShouldBeNull();

    private static ScriptSections Sections(params (string Name, string Body)[] sections) =>
        ScriptSections.Parse(string.Concat(sections.Select(section => $"\u001en {section.Name}\n{section.Body}")), "n");
}
