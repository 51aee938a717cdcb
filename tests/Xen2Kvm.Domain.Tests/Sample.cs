using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Preflight;

namespace Xen2Kvm.Domain.Tests;

/// <summary>A sound guest, plan and pair of hosts; each test breaks one thing.</summary>
internal static class Sample
{
    public static readonly DateTimeOffset Now = new(2026, 11, 21, 8, 0, 0, TimeSpan.Zero);

    public static Host Xen { get; } = new()
    {
        Id = Guid.Parse("00000000-0000-0000-0000-000000000001"), Name = "xen1", Kind = HostKind.Xen, Ssh = new SshEndpoint { Address = "10.0.0.1", HostKey = "ssh-ed25519 A" },
    };

    public static Host Kvm { get; } = Xen with { Id = Guid.Parse("00000000-0000-0000-0000-000000000002"), Name = "kvm1", Kind = HostKind.Kvm };

    public static Guest Guest { get; } = new()
    {
        Name = "files",
        Uuid = Guid.Parse("4ad0b0a4-7b6f-4dc5-9f7e-93a7e4d3a001"),
        Kind = GuestKind.Pv,
        Power = PowerState.Running,
        MemoryMiB = 256,
        MaxMemoryMiB = 256,
        ConfigPath = "/etc/xen/files.cfg",
        Boot = new GuestBoot { Method = BootMethod.HostKernel, Kernel = "/boot/vmlinuz-6.1", Ramdisk = "/boot/initrd.img-6.1" },
        Disks = [Disk("xvda1", 1, 1500), Disk("xvda2", 2, 500), Disk("xvda3", 3, 128) with { Content = "swap", ContentUuid = "1b8f7a46" }],
        Nics = [new GuestNic { Index = 0, Mac = "00:16:3e:77:00:31", MacIsFixed = true, Bridge = "xenbr0", Addresses = ["10.0.0.31"] }],
    };

    public static HostFacts KvmFacts { get; } = new()
    {
        Hostname = "kvm1", MemoryMiB = 8192, FreeMemoryMiB = 4096, KvmUsable = true,
        Bridges = [new Bridge("br0", 1500, [])],
        Storage = [new StorageSpace(StorageKind.Directory, "default", "/var/lib/libvirt/images", 1L << 40, 1L << 39)],
        Tools = new Dictionary<string, string> { ["virsh"] = "9", ["qemu-img"] = "7.2", ["guestfish"] = "1.48", ["grub-mkimage"] = "2.06" },
    };

    public static PreflightFacts Facts { get; } = FactsFor(Guest);

    public static GuestDisk Disk(string vdev, int partition, long sizeMiB) => new()
    {
        Vdev = vdev, DiskIndex = vdev[3] - 'a', Partition = partition, GuestName = vdev, Path = "/dev/vg0/files-" + vdev, Backing = DiskBacking.LogicalVolume,
        SizeBytes = sizeMiB * 1024 * 1024, Content = "ext4",
    };

    public static Plan Plan(Guest guest, PlanChoices? choices = null) =>
        PlanProposal.Make(Guid.Parse("00000000-0000-0000-0000-00000000000a"), Xen, guest, Kvm, KvmFacts, choices ?? new PlanChoices(), "tester", Now);

    public static PreflightFacts FactsFor(Guest guest) => new()
    {
        Plan = Plan(guest),
        SourceHost = Xen,
        TargetHost = Kvm,
        Source = new HostSnapshot
        {
            TakenAt = Now, Guests = [guest], Facts = new HostFacts { Hostname = "xen1", Tools = new Dictionary<string, string> { ["xl"] = "4.17" } },
        },
        Target = new HostSnapshot { TakenAt = Now, Guests = [], Facts = KvmFacts },
        SourceToTargetError = "",
        HostKernel = new KernelCapabilities("6.1", true, true, true),
    };

    /// <summary>The facts with the guest changed after planning.</summary>
    public static PreflightFacts Later(Func<Guest, Guest> change) =>
        Facts with { Source = Facts.Source with { Guests = [change(Guest)] } };
}
