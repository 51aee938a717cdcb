namespace Xen2Kvm.Browser.Tests.Demo;

/// <summary>Texts kept as proof by the demo's runs.</summary>
internal static class DemoFiles
{
    public const string Console = """
        GRUB loading...
        [    0.000000] Linux version 6.1.0-40-amd64 (debian-kernel@lists.debian.org)
        [    0.000000] Command line: root=UUID=5f1d4c0e-1111-4e5b-9a7b-5d3a1c9f0001 ro console=tty1 console=ttyS0,115200n8
        [    1.204211] virtio_blk virtio2: [vda] 25165824 512-byte logical blocks (12.9 GB/12.0 GiB)
        [    1.662093] EXT4-fs (vda1): mounted filesystem with ordered data mode.
        [    2.950117] systemd[1]: Set hostname to <proxy>.
        [    5.120443] virtio_net virtio0 eth0: renamed from ens3

        Debian GNU/Linux 12 proxy ttyS0

        proxy login:
        """;

    public const string Diff = """
        # /etc/fstab: device names become UUIDs
        --- /etc/fstab
        +++ /etc/fstab
        @@ -1,3 +1,3 @@
         # <file system> <mount point> <type> <options> <dump> <pass>
        -/dev/xvda1 / ext4 errors=remount-ro 0 1
        -/dev/xvda2 none swap sw 0 0
        +UUID=5f1d4c0e-1111-4e5b-9a7b-5d3a1c9f0001 / ext4 errors=remount-ro 0 1
        +UUID=5f1d4c0e-1111-4e5b-9a7b-5d3a1c9f0002 none swap sw 0 0
        # /etc/udev/rules.d/70-x2k-net.rules: the NIC keeps its name by its MAC
        --- /dev/null
        +++ /etc/udev/rules.d/70-x2k-net.rules
        @@ -0,0 +1 @@
        +SUBSYSTEM=="net", ACTION=="add", ATTR{address}=="00:16:3e:5a:20:38", NAME="eth0"
        """;

    public const string Xml = """
        <domain type="kvm">
          <name>proxy</name>
          <memory unit="MiB">2048</memory>
          <vcpu>2</vcpu>
          <os><type arch="x86_64" machine="q35">hvm</type></os>
        </domain>
        """;
}
