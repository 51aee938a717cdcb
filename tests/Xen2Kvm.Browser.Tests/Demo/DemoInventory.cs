using Xen2Kvm.Domain.Inventory;

namespace Xen2Kvm.Demo;

/// <summary>Hosts and guests of a small but varied installation, for pages that need something to show.</summary>
internal static class DemoInventory
{
    public const long GiB = 1024L * 1024 * 1024;

    public static Host Xen1(DateTimeOffset now) => Host("xen1", HostKind.Xen, "192.0.2.11", now) with { DataAddress = "198.51.100.11" };

    public static Host Xen2(DateTimeOffset now) => Host("xen2", HostKind.Xen, "192.0.2.12", now - TimeSpan.FromMinutes(47)) with
    {
        Ssh = Endpoint("192.0.2.12") with { AllowLegacyAlgorithms = true, JumpHost = "ops@bastion.example.org" },
        UnreachableSince = now - TimeSpan.FromMinutes(41),
        LastError = "xen2 (192.0.2.12, port 22) did not answer within 10 s. Check that it is on and that a firewall lets this machine in.",
    };

    public static Host Kvm1(DateTimeOffset now) => Host("kvm1", HostKind.Kvm, "192.0.2.21", now) with { DataAddress = "198.51.100.21" };

    public static HostSnapshot Xen1Snapshot(DateTimeOffset now) => new()
    {
        TakenAt = now - TimeSpan.FromSeconds(52),
        Facts = new HostFacts
        {
            Hostname = "xen1.example.org", OperatingSystem = "Debian GNU/Linux 12 (bookworm)", Kernel = "6.1.0-40-amd64", Hypervisor = "Xen 4.17.5",
            Cpus = 16, CpuModel = "Intel(R) Xeon(R) Silver 4208", MemoryMiB = 131072, FreeMemoryMiB = 73216,
            Bridges = [new Bridge("xenbr0", 1500, ["192.0.2.11/24"]), new Bridge("xenbr1", 9000, [])],
            Storage = [new StorageSpace(StorageKind.VolumeGroup, "vg0", "/dev/vg0", 1860 * GiB, 402 * GiB)],
            Tools = new Dictionary<string, string> { ["xl"] = "4.17.5", ["lvm"] = "2.03.16", ["ssh"] = "9.2p1", ["drbdadm"] = "9.22.0" },
        },
        Guests = [Files(), Web(), Old(), Mail(), .. Others()],
        Problems = ["/etc/xen/broken.cfg:7: a list was not closed; this guest is not shown"],
    };

    public static HostSnapshot Xen2Snapshot(DateTimeOffset now) => new()
    {
        TakenAt = now - TimeSpan.FromMinutes(47),
        Facts = new HostFacts
        {
            Hostname = "xen2.example.org", OperatingSystem = "CentOS release 5.11 (Final)", Kernel = "2.6.18-419.el5xen", Hypervisor = "Xen 3.4.4",
            Cpus = 8, CpuModel = "Intel(R) Xeon(R) E5420", MemoryMiB = 32768, FreeMemoryMiB = 9216,
            Bridges = [new Bridge("xenbr0", 1500, ["192.0.2.12/24"])],
            Storage = [new StorageSpace(StorageKind.VolumeGroup, "VolGroup00", "/dev/VolGroup00", 930 * GiB, 118 * GiB)],
            Tools = new Dictionary<string, string> { ["xm"] = "3.4.4", ["lvm"] = "2.02.88" },
        },
        Guests = [Plain("legacy-crm", GuestKind.Pv, 40, 30), Plain("fax", GuestKind.Hvm, 20, 31) with { Power = PowerState.Off }],
    };

    public static HostSnapshot Kvm1Snapshot(DateTimeOffset now) => new()
    {
        TakenAt = now - TimeSpan.FromSeconds(49),
        Facts = new HostFacts
        {
            Hostname = "kvm1.example.org", OperatingSystem = "Debian GNU/Linux 12 (bookworm)", Kernel = "6.1.0-40-amd64",
            Hypervisor = "QEMU 7.2.19, libvirt 9.0.0", Cpus = 32, CpuModel = "AMD EPYC 7302P 16-Core Processor", MemoryMiB = 262144,
            FreeMemoryMiB = 201728, KvmUsable = true,
            Bridges = [new Bridge("br0", 1500, ["192.0.2.21/24"]), new Bridge("br1", 9000, []), new Bridge("virbr0", 1500, ["192.168.122.1/24"])],
            Storage =
            [
                new StorageSpace(StorageKind.VolumeGroup, "vg_kvm", "/dev/vg_kvm", 3600 * GiB, 2212 * GiB),
                new StorageSpace(StorageKind.Directory, "default", "/var/lib/libvirt/images", 440 * GiB, 212 * GiB),
            ],
            Tools = new Dictionary<string, string> { ["virsh"] = "9.0.0", ["qemu-img"] = "7.2.19", ["guestfish"] = "1.48.6", ["virt-v2v"] = "2.2.0", ["grub-mkimage"] = "2.06", ["ssh"] = "9.2p1" },
        },
        Guests =
        [
            Plain("proxy", GuestKind.Kvm, 12, 40), Plain("ntp", GuestKind.Kvm, 4, 41),
        ],
    };

    public static Guest Files() => new()
    {
        Name = "files", Uuid = new Guid("6a5f0a52-3f4b-4c1e-9d6e-0d6f4c1b7a01"), Kind = GuestKind.Pv, Power = PowerState.Running, Vcpus = 2, MaxVcpus = 4,
        MemoryMiB = 2048, MaxMemoryMiB = 4096, Autostart = true, ConfigPath = "/etc/xen/files.cfg",
        Boot = new GuestBoot
        {
            Method = BootMethod.HostKernel, Kernel = "/boot/vmlinuz-6.1.0-40-amd64", Ramdisk = "/boot/initrd.img-6.1.0-40-amd64",
            CommandLine = "root=/dev/xvda1 ro console=hvc0",
        },
        Disks =
        [
            Part("xvda1", 1, "/dev/vg0/files-root", 8 * GiB, "ext4", "root"),
            Part("xvda2", 2, "/dev/vg0/files-data", 120 * GiB, "ext4", "data"),
            Part("xvda3", 3, "/dev/vg0/files-swap", 2 * GiB, "swap", null),
        ],
        Nics = [Nic(0, "00:16:3e:5a:10:01", "xenbr0", "192.0.2.101"), Nic(1, "00:16:3e:5a:10:02", "xenbr1", "10.10.0.101")],
        Facts =
        [
            new GuestFact("OS", "Debian GNU/Linux 12 (bookworm)", FactSource.RunningDomain, "xenstore data/os_distro"),
            new GuestFact("Domain id", "7", FactSource.RunningDomain, "xl list -l"),
            new GuestFact("Console", "hvc0", FactSource.Config, "/etc/xen/files.cfg:12"),
        ],
        Drift = ["memory: the file says 4096 MiB, the domain runs with 2048 MiB"],
    };

    public static Guest Web() => Plain("web", GuestKind.Pv, 24, 2) with
    {
        Boot = new GuestBoot { Method = BootMethod.HostBootLoader, BootLoader = "pygrub" },
        Autostart = true,
        Facts = [new GuestFact("OS", "Debian GNU/Linux 11 (bullseye)", FactSource.RunningDomain, "xenstore data/os_distro")],
    };

    public static Guest Old() => Plain("old", GuestKind.Pv, 6, 3) with
    {
        Disks =
        [
            new GuestDisk
            {
                Vdev = "sda1", DiskIndex = 0, Partition = 1, GuestName = "sda1", Path = "/srv/xen/old/disk.img", Format = "raw", Backing = DiskBacking.File,
                SizeBytes = 6 * GiB, Content = "ext3",
            },
            new GuestDisk { Vdev = "hdc", DiskIndex = 2, IsCdrom = true, Writable = false, Backing = DiskBacking.Missing },
        ],
        Nics = [Nic(0, null, "xenbr0", "192.0.2.103") with { MacIsFixed = false }],
        Unsupported = ["vtpm = ['backend=0']"],
        ConfigProblems = ["/etc/xen/old.cfg:9: `import os` is Python code; it was not run"],
        Facts = [new GuestFact("OS", "Debian GNU/Linux 6.0 (squeeze)", FactSource.Config, "/etc/xen/old.cfg, a comment")],
    };

    public static Guest Mail() => Plain("mail", GuestKind.Pvh, 60, 4);

    private static IEnumerable<Guest> Others()
    {
        string[] names = ["build", "crm", "db1", "git", "ldap", "monitoring", "proxy", "radius", "shop", "wiki", "<script>alert(1)</script>", "intranet"];
        for (var i = 0; i < names.Length; i++)
        {
            yield return Plain(names[i], i % 4 == 3 ? GuestKind.Hvm : GuestKind.Pv, 10 + (i * 13), 50 + i) with
            {
                Power = i switch { 1 => PowerState.Off, 5 => PowerState.Paused, _ => PowerState.Running },
            };
        }
    }

    private static Guest Plain(string name, GuestKind kind, int gib, int number) => new()
    {
        Name = name, Uuid = new Guid(number, 7, 7, 1, 2, 3, 4, 5, 6, 7, 8), Kind = kind, Power = PowerState.Running, Vcpus = 1 + (number % 4), MaxVcpus = 1 + (number % 4),
        MemoryMiB = 512 << (number % 5), MaxMemoryMiB = 512 << (number % 5), ConfigPath = $"/etc/xen/{name.Replace('/', '_')}.cfg",
        Boot = new GuestBoot { Method = kind is GuestKind.Hvm or GuestKind.Kvm ? BootMethod.Firmware : BootMethod.HostBootLoader, BootLoader = "pygrub", Firmware = kind is GuestKind.Hvm or GuestKind.Kvm ? "bios" : null },
        Disks =
        [
            new GuestDisk
            {
                Vdev = "xvda", DiskIndex = 0, GuestName = "xvda", Path = $"/dev/vg0/{Domain.Planning.DiskLayout.SafeName(name)}", Backing = DiskBacking.LogicalVolume,
                SizeBytes = gib * GiB, Content = "partition table dos",
            },
        ],
        Nics = [Nic(0, $"00:16:3e:5a:20:{number:x2}", "xenbr0", $"192.0.2.{100 + number}")],
    };

    private static GuestDisk Part(string vdev, int number, string path, long size, string content, string? label) => new()
    {
        Vdev = vdev, DiskIndex = 0, Partition = number, GuestName = vdev, Path = path, Backing = DiskBacking.LogicalVolume, SizeBytes = size, Content = content,
        ContentLabel = label, ContentUuid = new Guid(number, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10).ToString(),
    };

    private static GuestNic Nic(int index, string? mac, string bridge, string address) =>
        new() { Index = index, Mac = mac, MacIsFixed = mac is not null, Bridge = bridge, Addresses = [address] };

    private static Host Host(string name, HostKind kind, string address, DateTimeOffset seen) => new()
    {
        Id = Guid.CreateVersion7(), Name = name, Kind = kind, Ssh = Endpoint(address), LastSeenAt = seen - TimeSpan.FromSeconds(50),
    };

    private static SshEndpoint Endpoint(string address) => new()
    {
        Address = address, HostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHq0c2k2cXh2Zk1uT3BxclN0dVZ3eFl6MDEyMzQ1Njc4OTA",
    };
}
