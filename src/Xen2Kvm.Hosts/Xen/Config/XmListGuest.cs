using System.Globalization;

namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>A domain of <c>xm list -l</c> becomes a definition (XendConfig.py of Xen 3 and 4.0; xl_sxp.c of Xen 4.1).</summary>
internal static class XmListGuest
{
    private static readonly HashSet<string> Unread = new(StringComparer.Ordinal)
    {
        "device", "image", "domid", "notes", "create_info", "build_info", "hvm", "name", "memory", "maxmem", "vcpus", "online_vcpus", "linux",
        "status", "state", "start_time", "up_time", "cpu_time", "store_mfn", "console_mfn", "max_memkb", "target_memkb", "max_vcpus", "cpus", "pci",
    };

    public static GuestDefinition Map(XmListDomain domain)
    {
        ArgumentNullException.ThrowIfNull(domain);
        var record = domain.Domain;
        var image = record.All("image").FirstOrDefault();
        var kind = image?.Items.OfType<SxpList>().FirstOrDefault();
        var bag = new SettingBag();
        foreach (var list in new[] { image, kind, record })
        {
            AddFields(bag, list);
        }

        var cpus = Pinning(record.All("cpus").LastOrDefault());
        if (cpus.Count > 0)
        {
            bag.Set("cpus", BagValue.List(cpus));
        }

        var devices = record.All("device").Select(device => device.Items.OfType<SxpList>().FirstOrDefault()).OfType<SxpList>().ToList();
        foreach (var device in devices.Where(device => device.Key is "vtpm" or "vscsi" or "vusb" or "ioports" or "irq"))
        {
            bag.Set(device.Key, BagValue.Atom(Secrets.Show(Show(device))));
        }

        var pci = devices.Where(device => device.Key == "pci").SelectMany(PciAddresses).ToList();
        bag.Set("pci", BagValue.List(pci));
        var type = kind?.Key == "hvm" || record.Text("hvm") == "1" ? GuestType.Hvm : GuestType.Pv;
        var (memory, max) = Memory(record, bag);
        var vcpus = Count(record, "vcpus") ?? Count(record, "max_vcpus");
        if (vcpus is null)
        {
            bag.Defaults.AddRange(["vcpus", "maxVcpus"]);
        }

        var guest = new GuestDefinition
        {
            Source = DefinitionSource.XmList,
            SourceName = domain.SourceName,
            DomainId = int.TryParse(record.Text("domid"), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null,
            Name = record.Text("name") ?? "",
            Uuid = GuestMapper.Uuid(bag),
            Type = type,
            TypeOrigin = GuestTypeOrigin.Running,
            MemoryMiB = memory,
            MaxMemoryMiB = max,
            Vcpus = Count(record, "online_vcpus") ?? vcpus ?? 1,
            MaxVcpus = vcpus ?? 1,
            Disks = [.. devices.Where(device => device.Key is "vbd" or "tap" or "tap2").Select(XmListDevices.Disk)],
            Vifs = [.. devices.Where(device => device.Key == "vif").Select(XmListDevices.Vif)],
            Graphics = GraphicsReader.Read(type, [.. devices.Where(device => device.Key == "vfb").Select(Fields)], bag, running: true),
            PciDevices = pci,
        };
        bag.Problems.AddRange(guest.Disks.SelectMany(disk => disk.Problems));

        // xend gives an HVM guest's VNC server both in the image and as a device; one screen is enough.
        if (guest.Graphics.Any(screen => screen.Origin == "vfb"))
        {
            guest = guest with { Graphics = [.. guest.Graphics.Where(screen => screen.Origin == "vfb")] };
        }

        return GuestMapper.Complete(guest, bag);
    }

    /// <summary>The fields of a device with one text each.</summary>
    internal static Dictionary<string, string> Fields(SxpList device)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in device.Items.OfType<SxpList>())
        {
            if (field.Key.Length > 0 && field.Value is { } value)
            {
                fields[field.Key] = value;
            }
        }

        return fields;
    }

    private static void AddFields(SettingBag bag, SxpList? list)
    {
        foreach (var field in list?.Items.OfType<SxpList>().Where(field => field.Key.Length > 0 && !Unread.Contains(field.Key)) ?? [])
        {
            // xl 4.1 prints what is not set as (null) and <default>.
            if (field.Value is { } value and not "<default>" and not "<unknown>")
            {
                bag.Set(field.Key, BagValue.Atom(value));
            }
        }
    }

    private static (long Memory, long Max) Memory(SxpList record, SettingBag bag)
    {
        var memory = Positive(record.Text("memory")) ?? FromKib(record.Text("target_memkb"));
        var max = Positive(record.Text("maxmem")) ?? FromKib(record.Text("max_memkb"));
        if (memory is null)
        {
            bag.Defaults.Add("memoryMiB");
        }

        if (max is null)
        {
            bag.Defaults.Add("maxMemoryMiB");
        }

        var now = memory ?? max ?? GuestDefinition.DefaultMemoryMiB;
        return (now, max ?? now);
    }

    private static long? Positive(string? text) => text is not null && XlNumber.Read(text) is > 0 and < int.MaxValue and var number ? number : null;

    private static long? FromKib(string? text) =>
        text is not null && XlNumber.Read(text) is > 0 and < long.MaxValue / 2 and var kib ? (kib + 1023) / 1024 : null;

    private static int? Count(SxpList record, string key) => Positive(record.Text(key)) is <= 4096 and var count ? (int)count : null;

    /// <summary>(cpus ((0 1) (0 1))): one list of host CPUs for each virtual CPU; empty lists are not pinned.</summary>
    private static List<string> Pinning(SxpList? cpus)
    {
        if (cpus is null)
        {
            return [];
        }

        if (cpus.Value is { } plain)
        {
            return [plain.Replace(' ', ',')];
        }

        var each = cpus.Items.OfType<SxpList>().FirstOrDefault()?.Items.OfType<SxpList>()
            .Select(vcpu => string.Join(',', vcpu.Items.OfType<SxpAtom>().Select(atom => atom.Text))).ToList() ?? [];
        return each.All(list => list.Length == 0) ? [] : each;
    }

    /// <summary>(pci (dev (domain 0x0) (bus 0x1) (slot 0x0) (func 0x0))), or xl 4.1's (pci dev 0000:01:00.0@ff).</summary>
    private static IEnumerable<string> PciAddresses(SxpList pci)
    {
        foreach (var device in pci.All("dev"))
        {
            long Part(string key) => XlNumber.Read(device.Text(key) ?? "") ?? 0;
            yield return string.Create(CultureInfo.InvariantCulture, $"{Part("domain"):x4}:{Part("bus"):x2}:{Part("slot"):x2}.{Part("func"):x}");
        }

        foreach (var address in pci.All("pci").Select(inner => inner.Value).OfType<string>())
        {
            yield return address.Replace("dev ", "", StringComparison.Ordinal).Split('@')[0];
        }
    }

    private static string Show(SxpList list) => string.Join(' ', list.Items.OfType<SxpList>().Select(field => $"{field.Key}={field.Value}"));
}
