using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Hosts.Scripts;
using Xen2Kvm.Hosts.Xen.Config;
using ConfigBoot = Xen2Kvm.Hosts.Xen.Config.GuestBoot;
using DiskFormat = Xen2Kvm.Hosts.Xen.Config.DiskFormat;
using GuestBoot = Xen2Kvm.Domain.Inventory.GuestBoot;

namespace Xen2Kvm.Hosts.Xen;

/// <summary>Turns a guest's definitions and what was found of its disks into the inventory's guest. Pure.</summary>
internal static class XenGuestReader
{
    /// <summary>The guest.</summary>
    /// <param name="source">Its definitions.</param>
    /// <param name="disk">What the host says of a disk; null when it was not asked.</param>
    /// <param name="neighbours">Addresses by MAC that the host has seen.</param>
    public static Guest Read(XenSource source, Func<DiskSpec, XenDiskProbe?> disk, ILookup<string, string> neighbours)
    {
        var truth = source.Truth;
        var boot = source.Booting;
        var config = source.Config;
        return new Guest
        {
            Name = source.Name,
            Uuid = Guid.TryParse(truth.Uuid ?? config?.Uuid, out var uuid) ? uuid : null,
            Kind = truth.Type switch { GuestType.Hvm => GuestKind.Hvm, GuestType.Pvh => GuestKind.Pvh, _ => GuestKind.Pv },
            Power = source.Power,
            Vcpus = truth.Vcpus,
            MaxVcpus = Math.Max(truth.Vcpus, truth.MaxVcpus),
            MemoryMiB = truth.MemoryMiB,
            MaxMemoryMiB = Math.Max(truth.MemoryMiB, truth.MaxMemoryMiB),
            Boot = Boot(boot.Boot, truth.Type),
            Disks = [.. truth.Disks.Select(spec => Disk(spec, disk(spec)))],
            Nics = [.. truth.Vifs.Select((vif, index) => Nic(vif, index, source, neighbours))],
            Autostart = source.Autostart,
            ConfigPath = source.ConfigPath,
            IsLocked = source.IsLocked,
            Lifecycle = new((config ?? truth).OnPoweroff, (config ?? truth).OnReboot, (config ?? truth).OnCrash),
            LocalTime = (config ?? truth).Clock.LocalTime ?? false,
            Unsupported = [.. truth.Unsupported.Concat(config is not null && config != truth ? config.Unsupported : [])
                .DistinctBy(setting => setting.Key).Select(setting => $"{setting.Key} = {setting.Value}")],
            ConfigProblems = [.. (config?.Problems ?? []).Where(problem => problem.HidesValue)
                .Select(problem => $"{source.ConfigPath}:{problem.Line}: {problem.Message}")],
            Drift = config is not null && source.Running is { } running
                ? [.. GuestDefinitionDiff.Compare(config, running).Select(difference => difference.ToString())]
                : [],
            Facts = [.. XenGuestFacts.Read(source, disk)],
        };
    }

    private static GuestBoot Boot(ConfigBoot boot, GuestType type)
    {
        if (boot.Kernel is { } kernel && type != GuestType.Hvm && !IsLoader(kernel))
        {
            return new() { Method = BootMethod.HostKernel, Kernel = kernel, Ramdisk = boot.Ramdisk, CommandLine = boot.CommandLine };
        }

        if (type == GuestType.Hvm)
        {
            // A kernel given to an HVM guest by direct boot is rare; hvmloader as kernel= is the old way to say HVM.
            return boot.Kernel is { } direct && !IsLoader(direct)
                ? new() { Method = BootMethod.HostKernel, Kernel = direct, Ramdisk = boot.Ramdisk, CommandLine = boot.CommandLine }
                : new() { Method = BootMethod.Firmware, Firmware = boot.Uefi ? "uefi" : "bios" };
        }

        var loader = boot.Bootloader ?? boot.Firmware ?? boot.Kernel;
        return loader is null
            ? new() { Method = BootMethod.Unknown, CommandLine = boot.CommandLine }
            : new() { Method = BootMethod.HostBootLoader, BootLoader = loader, CommandLine = boot.CommandLine };
    }

    /// <summary>Files given as kernel= that are boot loaders themselves.</summary>
    private static bool IsLoader(string kernel) => Path.GetFileName(kernel) is var name
        && (name.StartsWith("pv-grub", StringComparison.Ordinal) || name.StartsWith("grub-", StringComparison.Ordinal)
            || name.StartsWith("pvgrub", StringComparison.Ordinal) || name == "hvmloader");

    private static GuestDisk Disk(DiskSpec spec, XenDiskProbe? probe)
    {
        var vdev = spec.Vdev;
        return new GuestDisk
        {
            Vdev = vdev?.Name ?? spec.VdevText,
            DiskIndex = vdev?.Disk ?? 0,
            Partition = vdev?.Partition ?? 0,

            // Today's kernels show sda as xvda; only RHEL 6 moved it to xvde.
            GuestName = vdev?.LinuxName(sdaIsXvda: true),
            Path = probe?.Path ?? (spec.Target.Length == 0 ? null : spec.Path ?? spec.Target),
            Format = spec.Format switch
            {
                DiskFormat.Qcow2 => "qcow2",
                DiskFormat.Qcow => "qcow",
                DiskFormat.Vhd => "vhd",
                DiskFormat.Raw or DiskFormat.Empty => "raw",
                var other => other.ToString().ToLowerInvariant(),
            },
            Backing = spec.Target.Length == 0 ? DiskBacking.Missing : probe?.Backing ?? DiskBacking.Unknown,
            SizeBytes = probe?.SizeBytes,
            IsCdrom = spec.IsCdrom,
            Writable = !spec.ReadOnly,
            SharedWritable = spec.Shared && !spec.ReadOnly,
            Content = probe?.Content,
            ContentUuid = probe?.Uuid,
            ContentLabel = probe?.Label,
        };
    }

    private static GuestNic Nic(VifSpec vif, int index, XenSource source, ILookup<string, string> neighbours)
    {
        // The same interface in the file, to learn whether that fixes the MAC.
        var said = source.Config is not { } config ? null
            : config.Vifs.FirstOrDefault(other => other.Mac is not null && other.Mac == vif.Mac)
                ?? config.Vifs.Where(other => other.Mac is null).ElementAtOrDefault(index - config.Vifs.Take(index).Count(other => other.Mac is not null));
        var addresses = new List<string>();
        addresses.AddRange((vif.Ip ?? said?.Ip ?? "").Split([' ', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        if (vif.Mac is { } mac)
        {
            addresses.AddRange(neighbours[mac].Where(address => !addresses.Any(known => known.Split('/')[0] == address)));
        }

        return new GuestNic
        {
            Index = index,
            Mac = vif.Mac,
            MacIsFixed = said?.Mac is not null,
            Bridge = vif.Bridge ?? said?.Bridge ?? VifSpec.DefaultBridge,
            Model = vif.Model,
            Addresses = addresses,
            RateBytesPerSecond = vif.Rate is { } rate ? (long)Math.Min(rate.BytesPerSecond, long.MaxValue) : null,
            Mtu = vif.Mtu,
        };
    }
}
