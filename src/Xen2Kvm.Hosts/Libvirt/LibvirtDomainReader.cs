using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using Xen2Kvm.Domain.Inventory;

namespace Xen2Kvm.Hosts.Libvirt;

/// <summary>Reads a libvirt definition. Pure.</summary>
internal static class LibvirtDomainReader
{
    /// <summary>Parses XML of a host; no document type, no entities from elsewhere.</summary>
    /// <exception cref="XmlException">It is no XML.</exception>
    public static XElement Parse(string xml)
    {
        using var reader = XmlReader.Create(new StringReader(xml.Trim()), new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
        return XElement.Load(reader);
    }

    /// <summary>The run that made the definition, or null.</summary>
    public static Guid? Owner(XElement domain) =>
        Guid.TryParse((string?)domain.Element("metadata")?.Element(LibvirtXmlBuilder.RunNamespace + "run")?.Attribute("id"), out var id) ? id : null;

    /// <summary>Name.</summary>
    public static string Name(XElement domain) => (string?)domain.Element("name") ?? "";

    /// <summary>UUID, or null.</summary>
    public static Guid? Uuid(XElement domain) => Guid.TryParse((string?)domain.Element("uuid"), out var uuid) ? uuid : null;

    /// <summary>The file that the serial console is logged to, or null.</summary>
    public static string? ConsoleLog(XElement domain) =>
        domain.Element("devices")?.Elements().Where(element => element.Name.LocalName is "serial" or "console")
            .Select(element => (string?)element.Element("log")?.Attribute("file")).FirstOrDefault(file => file is not null);

    /// <summary>It has a display.</summary>
    public static bool HasDisplay(XElement domain) =>
        domain.Element("devices")?.Elements("video").Any(video => (string?)video.Element("model")?.Attribute("type") != "none") ?? false;

    /// <summary>The guest as the inventory shows it.</summary>
    /// <param name="domain">Its definition.</param>
    /// <param name="power">Its state.</param>
    /// <param name="autostart">The host starts it at boot.</param>
    /// <param name="sizes">Size in bytes by target device.</param>
    /// <param name="logicalVolumes">Paths of the host's logical volumes.</param>
    /// <param name="neighbours">Addresses by MAC that the host has seen.</param>
    public static Guest Read(
        XElement domain, PowerState power, bool autostart, IReadOnlyDictionary<string, long> sizes, IReadOnlySet<string> logicalVolumes,
        ILookup<string, string> neighbours)
    {
        var vcpu = domain.Element("vcpu");
        var maxVcpus = (int?)vcpu ?? 1;
        var maxMemory = MiB(domain.Element("memory"));
        var os = domain.Element("os");
        var kernel = (string?)os?.Element("kernel");
        var uefi = (string?)os?.Attribute("firmware") == "efi" || (string?)os?.Element("loader")?.Attribute("type") == "pflash";
        var facts = new List<GuestFact>();
        Add("Virtualisation", (string?)domain.Attribute("type"));
        Add("Machine", (string?)os?.Element("type")?.Attribute("machine"));
        Add("CPU", (string?)domain.Element("cpu")?.Attribute("mode"));
        Add("Made by run", Owner(domain)?.ToString());
        return new Guest
        {
            Name = Name(domain),
            Uuid = Uuid(domain),
            Kind = GuestKind.Kvm,
            Power = power,
            Vcpus = (int?)vcpu?.Attribute("current") ?? maxVcpus,
            MaxVcpus = maxVcpus,
            MemoryMiB = domain.Element("currentMemory") is { } current ? MiB(current) : maxMemory,
            MaxMemoryMiB = maxMemory,
            Boot = new()
            {
                Method = kernel is null ? BootMethod.Firmware : BootMethod.HostKernel,
                Kernel = kernel,
                Ramdisk = (string?)os?.Element("initrd"),
                CommandLine = (string?)os?.Element("cmdline"),
                Firmware = kernel is null ? uefi ? "uefi" : "bios" : null,
            },
            Disks = [.. (domain.Element("devices")?.Elements("disk") ?? []).Select((disk, index) => Disk(disk, index, sizes, logicalVolumes))],
            Nics = [.. (domain.Element("devices")?.Elements("interface") ?? []).Select((nic, index) => Nic(nic, index, neighbours))],
            Autostart = autostart,
            Lifecycle = new(
                (string?)domain.Element("on_poweroff") ?? "destroy", (string?)domain.Element("on_reboot") ?? "restart",
                (string?)domain.Element("on_crash") ?? "destroy"),
            LocalTime = (string?)domain.Element("clock")?.Attribute("offset") == "localtime",
            Facts = facts,
        };

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                facts.Add(new(name, value, FactSource.Config, "virsh dumpxml"));
            }
        }
    }

    private static GuestDisk Disk(XElement disk, int index, IReadOnlyDictionary<string, long> sizes, IReadOnlySet<string> logicalVolumes)
    {
        var source = disk.Element("source");
        var path = (string?)source?.Attribute("file") ?? (string?)source?.Attribute("dev");
        var target = (string?)disk.Element("target")?.Attribute("dev") ?? $"disk{index}";
        var type = (string?)disk.Attribute("type");
        return new GuestDisk
        {
            Vdev = target,
            DiskIndex = index,
            GuestName = target,
            Path = path,
            Format = (string?)disk.Element("driver")?.Attribute("type") ?? "raw",
            Backing = path switch
            {
                null => type is "network" or "volume" ? DiskBacking.Unknown : DiskBacking.Missing,
                _ when type == "file" => DiskBacking.File,
                _ when logicalVolumes.Contains(path) => DiskBacking.LogicalVolume,
                _ when path.StartsWith("/dev/drbd", StringComparison.Ordinal) => DiskBacking.Drbd,
                _ => DiskBacking.BlockDevice,
            },
            SizeBytes = sizes.TryGetValue(target, out var size) ? size : null,
            IsCdrom = (string?)disk.Attribute("device") == "cdrom",
            Writable = disk.Element("readonly") is null,
            SharedWritable = disk.Element("shareable") is not null,
        };
    }

    private static GuestNic Nic(XElement nic, int index, ILookup<string, string> neighbours)
    {
        var mac = ((string?)nic.Element("mac")?.Attribute("address"))?.ToLowerInvariant();
        var source = nic.Element("source");
        return new GuestNic
        {
            Index = index,
            Mac = mac,
            MacIsFixed = mac is not null,
            Bridge = (string?)source?.Attribute("bridge") ?? (string?)source?.Attribute("network") ?? (string?)source?.Attribute("dev"),
            Model = (string?)nic.Element("model")?.Attribute("type"),
            Addresses = mac is null ? [] : [.. neighbours[mac].Distinct()],
            RateBytesPerSecond = (long?)nic.Element("bandwidth")?.Element("outbound")?.Attribute("average") * 1024,
            Mtu = (int?)nic.Element("mtu")?.Attribute("size"),
        };
    }

    private static long MiB(XElement? element)
    {
        if (element is null || !long.TryParse(element.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return 0;
        }

        return (string?)element.Attribute("unit") switch
        {
            "b" or "bytes" => number >> 20,
            "MiB" or "M" => number,
            "GiB" or "G" => number << 10,
            "TiB" or "T" => number << 20,
            "KB" => number * 1000 >> 20,
            "MB" => number * 1_000_000 >> 20,
            "GB" => number * 1_000_000_000 >> 20,
            _ => number >> 10,
        };
    }
}
