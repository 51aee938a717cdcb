using System.Globalization;
using System.Text.Json;

namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>A running domain's libxl_domain_config becomes a definition (libxl_types.idl; Xen 4.2 to 4.20).</summary>
internal static class XlListGuest
{
    private static readonly string[] Unions = ["type.pv", "type.hvm", "type.pvh", "u"];

    private static readonly string[] Viridian =
    [
        "base", "freq", "time_ref_count", "reference_tsc", "hcall_remote_tlb_flush", "apic_assist", "crash_ctl", "synic", "stimer", "hcall_ipi",
        "ex_processor_masks", "no_vp_limit", "cpu_hotplug",
    ];

    public static GuestDefinition Map(XlListDomain domain)
    {
        ArgumentNullException.ThrowIfNull(domain);
        var config = domain.Config;
        var create = Object(config, "c_info");
        var build = Object(config, "b_info");

        // Later ones win: the fields of a guest type are the older place of what b_info holds now.
        var bag = new SettingBag();
        foreach (var union in Unions)
        {
            JsonBag.Add(bag, Object(build, union));
        }

        JsonBag.Add(bag, build, except: [.. Unions, "avail_vcpus", "vcpu_hard_affinity", "vcpu_soft_affinity", "cpumap", "nodemap"]);
        JsonBag.Add(bag, create);
        JsonBag.Add(bag, config, except: ["c_info", "b_info", "disks", "nics", "vfbs", "vkbs", "pcidevs"]);
        var pci = JsonBag.Objects(config, "pcidevs").Select(PciAddress).ToList();
        bag.Set("pcidevs", BagValue.List(pci));
        SetPinning(bag, build);
        SetNames(bag, "viridian_enable");
        SetNames(bag, "viridian_disable");
        SetGenerationId(bag);

        var type = Type(bag, build);
        var (memory, maxMemory) = Memory(bag);
        var (vcpus, maxVcpus) = Vcpus(bag, build);
        var guest = new GuestDefinition
        {
            Source = DefinitionSource.XlList,
            SourceName = domain.SourceName,
            DomainId = domain.DomainId,
            Name = bag.Text("name") ?? "",
            Uuid = GuestMapper.Uuid(bag),
            Type = type,
            TypeOrigin = GuestTypeOrigin.Running,
            MemoryMiB = memory,
            MaxMemoryMiB = maxMemory,
            Vcpus = vcpus,
            MaxVcpus = maxVcpus,
            Disks = [.. JsonBag.Objects(config, "disks").Select(XlListDevices.Disk)],
            Vifs = [.. JsonBag.Objects(config, "nics").Select(XlListDevices.Vif)],
            Graphics = GraphicsReader.Read(type, [.. JsonBag.Objects(config, "vfbs").Select(XlListDevices.Vfb)], bag, running: true),
            PciDevices = pci,
        };
        bag.Problems.AddRange(guest.Disks.SelectMany(disk => disk.Problems));
        return GuestMapper.Complete(guest, bag);
    }

    private static JsonElement Object(JsonElement source, string name) =>
        source.ValueKind == JsonValueKind.Object && source.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : default;

    private static GuestType Type(SettingBag bag, JsonElement build)
    {
        var word = bag.Text("type")?.ToUpperInvariant();
        return word switch
        {
            "HVM" => GuestType.Hvm,
            "PVH" => GuestType.Pvh,
            "PV" => GuestType.Pv,
            _ when Object(build, "type.hvm").ValueKind == JsonValueKind.Object => GuestType.Hvm,
            _ when Object(build, "type.pvh").ValueKind == JsonValueKind.Object => GuestType.Pvh,
            _ => GuestType.Pv,
        };
    }

    private static (long Memory, long Max) Memory(SettingBag bag)
    {
        var target = Kib(bag, "target_memkb");
        var max = Kib(bag, "max_memkb");
        if (target is null)
        {
            bag.Defaults.Add("memoryMiB");
        }

        if (max is null)
        {
            bag.Defaults.Add("maxMemoryMiB");
        }

        var now = target ?? max ?? GuestDefinition.DefaultMemoryMiB;
        return (now, max ?? now);
    }

    private static long? Kib(SettingBag bag, string key) => bag.Number(key) is > 0 and < long.MaxValue / 2 and var kib ? (kib + 1023) / 1024 : null;

    private static (int Vcpus, int Max) Vcpus(SettingBag bag, JsonElement build)
    {
        var max = bag.Count(1, 4096, "max_vcpus");
        int? online = build.ValueKind == JsonValueKind.Object && build.TryGetProperty("avail_vcpus", out var map) && map.ValueKind == JsonValueKind.Array
            ? map.GetArrayLength()
            : null;
        if (online is null or 0)
        {
            online = null;
            bag.Defaults.Add("vcpus");
        }

        if (max is null)
        {
            bag.Defaults.Add("maxVcpus");
        }

        return (online ?? max ?? 1, max ?? online ?? 1);
    }

    private static void SetPinning(SettingBag bag, JsonElement build)
    {
        if (build.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        if (build.TryGetProperty("vcpu_hard_affinity", out var each) && each.ValueKind == JsonValueKind.Array)
        {
            bag.Set("cpus", BagValue.List(each.EnumerateArray().Select(bitmap => JsonBag.CpuList(bitmap) ?? "")));
        }
        else if (build.TryGetProperty("cpumap", out var all) && JsonBag.CpuList(all) is { Length: > 0 } list)
        {
            bag.Set("cpus", BagValue.Atom(list));
        }
    }

    /// <summary>The bits of libxl_viridian_enlightenment by their names in a config.</summary>
    private static void SetNames(SettingBag bag, string key)
    {
        if (bag.Take(key) is { Text: null } bits)
        {
            bag.Set(key, BagValue.List(bits.Items.Select(bit => XlNumber.Read(bit) is >= 0 and var n && n < Viridian.Length ? Viridian[n] : bit)));
        }
    }

    /// <summary>libxl keeps the id as 16 bytes; Windows reads them as a GUID, which is what libvirt's genid wants.</summary>
    private static void SetGenerationId(SettingBag bag)
    {
        if (bag.Take("ms_vm_genid") is { Text: null, Items.Count: 16 } id && id.Items.All(part => XlNumber.Read(part) is >= 0 and <= 255))
        {
            bag.Set("ms_vm_genid", BagValue.Atom(new Guid([.. id.Items.Select(part => (byte)XlNumber.Read(part)!.Value)]).ToString("D")));
        }
    }

    private static string PciAddress(JsonElement pci)
    {
        long Part(string name) => JsonBag.Number(pci, name) ?? 0;
        return string.Create(CultureInfo.InvariantCulture, $"{Part("domain"):x4}:{Part("bus"):x2}:{Part("dev"):x2}.{Part("func"):x}");
    }
}
