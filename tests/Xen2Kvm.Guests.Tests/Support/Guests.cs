using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Guests.Edits;

namespace Xen2Kvm.Guests.Tests.Support;

/// <summary>Guests and plans as the lab has them.</summary>
internal static class Guests
{
    public const long MiB = 1 << 20;
    public const string RootUuid = "0a1b2c3d-0000-4000-8000-000000000001";
    public const string VarUuid = "0a1b2c3d-0000-4000-8000-000000000002";
    public const string SwapUuid = "0a1b2c3d-0000-4000-8000-000000000003";
    public static readonly Guid TargetUuid = new("11111111-2222-3333-4444-555555555555");

    /// <summary>Root, var and swap as devices of their own, made into one disk.</summary>
    public static (Guest Source, TargetGuest Target) Files(string prefix = "xvd", PartitionTableKind table = PartitionTableKind.Msdos, long rootMiB = 600, long varMiB = 100, long swapMiB = 32)
    {
        var start = table == PartitionTableKind.Gpt ? 2 : 1;
        GuestDisk Disk(int number, long size) => new() { Vdev = $"{prefix}a{number}", DiskIndex = 0, Partition = number, GuestName = $"xvda{number}", Path = $"/dev/vg0/part{number}", SizeBytes = size * MiB };
        DiskPart Part(int number, long offset, long size, PartAction action) => new()
        {
            SourceVdev = $"{prefix}a{number}",
            SourcePath = $"/dev/vg0/part{number}",
            OffsetBytes = offset * MiB,
            LengthBytes = size * MiB,
            PartitionNumber = number,
            Action = action,
            SwapUuid = action == PartAction.RecreateSwap ? SwapUuid : null,
            SwapLabel = action == PartAction.RecreateSwap ? "files-swap" : null,
        };
        var source = Source(new() { Method = BootMethod.HostKernel, Kernel = "/boot/vmlinuz", Ramdisk = "/boot/initrd.img", CommandLine = $"root=/dev/{prefix}a1 ro elevator=noop" },
            [Disk(1, rootMiB), Disk(2, varMiB), Disk(3, swapMiB)]);
        return (source, Target(new()
        {
            Device = "vda",
            StorageKind = StorageKind.Directory,
            StorageName = "default",
            Path = "/none",
            Format = DiskFormat.Raw,
            SizeBytes = (start + rootMiB + varMiB + swapMiB + 1) * MiB,
            Table = table,
            Parts = [Part(1, start, rootMiB, PartAction.Copy), Part(2, start + rootMiB, varMiB, PartAction.Copy), Part(3, start + rootMiB + varMiB, swapMiB, PartAction.RecreateSwap)],
        }));
    }

    /// <summary>A whole disk with its own table.</summary>
    public static (Guest Source, TargetGuest Target) Whole(long sizeMiB, BootMethod method = BootMethod.HostBootLoader)
    {
        var source = Source(new() { Method = method, BootLoader = "pygrub" }, [new() { Vdev = "xvda", GuestName = "xvda", Path = "/dev/vg0/disk", SizeBytes = sizeMiB * MiB }]);
        return (source, Target(new()
        {
            Device = "vda",
            StorageKind = StorageKind.Directory,
            StorageName = "default",
            Path = "/none",
            Format = DiskFormat.Raw,
            SizeBytes = sizeMiB * MiB,
            Table = PartitionTableKind.Copied,
            Parts = [new() { SourceVdev = "xvda", SourcePath = "/dev/vg0/disk", OffsetBytes = 0, LengthBytes = sizeMiB * MiB, PartitionNumber = 0, Action = PartAction.Copy }],
        }));
    }

    /// <summary>The context of the edits for <see cref="Files"/>.</summary>
    public static EditContext Context(string prefix = "xvd", bool names = false)
    {
        var (source, target) = Files(prefix);
        var devices = new DeviceMap(source.Disks, target.Disks, new Dictionary<string, string> { ["/dev/sda1"] = RootUuid, ["/dev/sda2"] = VarUuid, ["/dev/sda3"] = SwapUuid });
        return new() { Devices = devices, Root = devices.FromAppliance("/dev/sda1"), Pins = [new("eth0", "00:16:3e:00:00:01")], KeepKernelNetworkNames = names };
    }

    private static Guest Source(GuestBoot boot, IReadOnlyList<GuestDisk> disks) =>
        new() { Name = "files", Kind = GuestKind.Pv, Power = PowerState.Off, Boot = boot, Disks = disks, Nics = [new() { Index = 0, Mac = "00:16:3e:00:00:01", MacIsFixed = true }] };

    private static TargetGuest Target(TargetDisk disk) => new()
    {
        Name = "files",
        Uuid = TargetUuid,
        Vcpus = 1,
        MaxVcpus = 1,
        MemoryMiB = 256,
        MaxMemoryMiB = 256,
        UseKvm = false,
        Disks = [disk],
        Nics = [new("00:16:3e:00:00:01", "br0")],
    };
}
