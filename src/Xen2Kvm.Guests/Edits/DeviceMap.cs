using System.Globalization;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;

namespace Xen2Kvm.Guests.Edits;

/// <summary>Where a device of the old guest is in the new one.</summary>
/// <param name="Disk">Number of the target disk, from 0.</param>
/// <param name="Partition">Partition number; 0 for the whole disk.</param>
/// <param name="TargetName">Device in the new guest: /dev/vda1.</param>
/// <param name="Uuid">UUID of what is on it when it names it without doubt, else null.</param>
/// <param name="Table">Kind of its disk's partition table.</param>
public sealed record MappedDevice(int Disk, int Partition, string TargetName, string? Uuid, PartitionTableKind Table)
{
    /// <summary>Name in the appliance: /dev/sda1.</summary>
    public string ApplianceName => "/dev/sd" + BlockName.Letters(Disk) + (Partition > 0 ? Partition.ToString(CultureInfo.InvariantCulture) : "");

    /// <summary>How fstab and the kernel command line name it best: <c>UUID=…</c>, else the new device name.</summary>
    public string Reference => Uuid is null ? TargetName : $"UUID={Uuid}";

    /// <summary>As GRUB 2 names it: <c>hd0,msdos1</c>.</summary>
    public string GrubName => Partition == 0
        ? string.Create(CultureInfo.InvariantCulture, $"hd{Disk}")
        : string.Create(CultureInfo.InvariantCulture, $"hd{Disk},{(Table == PartitionTableKind.Gpt ? "gpt" : "msdos")}{Partition}");
}

/// <summary>Device names as the guest knew them on Xen (xvda1, sda1, hda1, xen-vbd-51713), mapped to the new disks.</summary>
public sealed class DeviceMap
{
    private readonly Dictionary<(int Disk, int Partition), (int Disk, int Partition)> moves = [];
    private readonly HashSet<int> wholeDisks = [];
    private readonly IReadOnlyList<TargetDisk> targets;
    private readonly Dictionary<(int, int), string> uuids = [];
    private readonly bool emulatedNames;

    /// <summary>Builds the map.</summary>
    /// <param name="source">The guest's disks on Xen.</param>
    /// <param name="targets">The disks on KVM, in order.</param>
    /// <param name="uuids">UUIDs by appliance device name (/dev/sda1).</param>
    public DeviceMap(IReadOnlyList<GuestDisk> source, IReadOnlyList<TargetDisk> targets, IReadOnlyDictionary<string, string> uuids)
    {
        this.targets = targets;
        for (var number = 0; number < targets.Count; number++)
        {
            foreach (var part in targets[number].Parts)
            {
                if (source.FirstOrDefault(disk => disk.Vdev == part.SourceVdev) is not { } old)
                {
                    continue;
                }

                moves.TryAdd((old.DiskIndex, old.Partition), (number, part.PartitionNumber));
                if (old.Partition == 0 && part.PartitionNumber == 0)
                {
                    wholeDisks.Add(old.DiskIndex);
                }
            }
        }

        // A kernel of the EL5/EL6 age shows an sda or hda of the configuration as xvde, if nothing else is called so.
        emulatedNames = source.Any(disk => disk.Vdev.StartsWith("sd", StringComparison.Ordinal) || disk.Vdev.StartsWith("hd", StringComparison.Ordinal))
            && source.All(disk => disk.DiskIndex < 4);

        // A UUID that two file systems share (a cloned disk) names neither.
        foreach (var entry in uuids.GroupBy(entry => entry.Value, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() == 1).SelectMany(group => group))
        {
            if (BlockName.TryParse(entry.Key, out var name) && name.Prefix == "sd")
            {
                this.uuids[(name.Disk, name.Partition)] = entry.Value;
            }
        }
    }

    /// <summary>The device that an old name means; null when it is no disk of the old guest.</summary>
    /// <param name="name">With or without <c>/dev/</c>; <c>/dev/disk/by-path/xen-vbd-…</c> too.</param>
    public MappedDevice? Find(string name)
    {
        if (!BlockName.TryParse(name, out var block) || block.Prefix == "vd")
        {
            return null;
        }

        return Find(block.Disk, block.Partition)
            ?? (emulatedNames && block.Prefix == "xvd" && block.Disk >= 4 ? Find(block.Disk - 4, block.Partition) : null);
    }

    /// <summary>The device by its place on Xen.</summary>
    public MappedDevice? Find(int disk, int partition) =>
        moves.TryGetValue((disk, partition), out var place) ? At(place.Disk, place.Partition)
        : wholeDisks.Contains(disk) ? At(moves[(disk, 0)].Disk, partition)
        : null;

    /// <summary>The device by its place on KVM, from the appliance's name (/dev/sda1); null for LVM, RAID and the like.</summary>
    public MappedDevice? FromAppliance(string device) =>
        BlockName.TryParse(device, out var name) && name.Prefix == "sd" && name.Disk < targets.Count ? At(name.Disk, name.Partition) : null;

    private MappedDevice At(int disk, int partition) => new(
        disk,
        partition,
        $"/dev/{targets[disk].Device}{(partition > 0 ? partition.ToString(CultureInfo.InvariantCulture) : "")}",
        uuids.GetValueOrDefault((disk, partition)),
        targets[disk].Table);
}
