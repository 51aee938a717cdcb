namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>A config file becomes a definition (xl.cfg(5), parse_config_data in xl_parse.c).</summary>
internal static class XlConfigGuest
{
    private const int MaxVifs = 64;
    private const long MaxMemoryMiB = 64L * 1024 * 1024;

    public static GuestDefinition Map(XlConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var bag = new SettingBag();
        bag.Problems.AddRange(config.Problems);
        foreach (var setting in config.Settings)
        {
            bag.Set(setting.Key, Flatten(setting.Value));
        }

        var (type, origin) = Type(bag);
        var name = bag.Text("name");
        if (name is null && !config.Unparseable.Any(problem => problem.Key == "name"))
        {
            bag.Problems.Add(new ConfigProblem(ConfigProblemKind.Value, 0, 0, "", "The config names no guest (name=)", "name"));
        }

        var (memory, maxMemory) = Memory(bag);
        var (vcpus, maxVcpus) = Vcpus(bag);
        var guest = new GuestDefinition
        {
            Source = config.Dialect == ConfigDialect.Xl ? DefinitionSource.XlConfig : DefinitionSource.XmConfig,
            SourceName = config.FileName,
            Name = name ?? "",
            Uuid = GuestMapper.Uuid(bag),
            Type = type,
            TypeOrigin = origin,
            MemoryMiB = memory,
            MaxMemoryMiB = maxMemory,
            Vcpus = vcpus,
            MaxVcpus = maxVcpus,
            Disks =
            [
                .. Entries(config, bag, "disk").Where(entry => !string.IsNullOrWhiteSpace(entry.Text))
                    .Select(entry => Place(bag, DiskSpec.Parse(entry.Text), entry.At)),
            ],
            Vifs = Vifs(config, bag),
            Graphics = GraphicsReader.Read(type, [.. Entries(config, bag, "vfb").Select(entry => GraphicsReader.Fields(entry.Text))], bag, running: false),
            PciDevices = bag.Items("pci"),
        };
        return GuestMapper.Complete(guest, bag);
    }

    private static BagValue Flatten(XlValue value) => value is XlList list
        ? new BagValue(null, [.. list.Items.Select(item => item.AsText ?? item.ToString()!)], value.Line, value.Column)
        : new BagValue(value.AsText, [value.AsText!], value.Line, value.Column);

    private static (GuestType Type, GuestTypeOrigin Origin) Type(SettingBag bag)
    {
        GuestType? type = bag.Text("type") switch
        {
            "pv" => GuestType.Pv,
            "pvh" => GuestType.Pvh,
            "hvm" => GuestType.Hvm,
            null => null,
            _ => Unknown(bag, "type", "Unknown guest type (pv, pvh, hvm)"),
        };
        GuestType? builder = bag.Text("builder") switch
        {
            "hvm" => GuestType.Hvm,
            // xl knows generic; xm also linux.
            "generic" or "linux" => GuestType.Pv,
            null => null,
            _ => Unknown(bag, "builder", "Unknown builder (generic, linux, hvm)"),
        };
        if (type is not null && builder is not null && type != builder)
        {
            bag.Wrong("builder", bag.Take("builder")!, "builder= contradicts type=; xl refuses such a config");
        }

        return (type, builder) switch
        {
            ({ } said, _) => (said, GuestTypeOrigin.TypeKey),
            (null, { } said) => (said, GuestTypeOrigin.BuilderKey),
            _ => (GuestType.Pv, GuestTypeOrigin.Default),
        };
    }

    private static GuestType? Unknown(SettingBag bag, string key, string message)
    {
        bag.Wrong(key, bag.Take(key)!, message);
        return null;
    }

    private static (long Memory, long Max) Memory(SettingBag bag)
    {
        var memory = MiB(bag, "memory");
        var max = MiB(bag, "maxmem");
        if (memory is null)
        {
            bag.Defaults.Add("memoryMiB");
        }

        if (max is null)
        {
            bag.Defaults.Add("maxMemoryMiB");
        }

        var start = memory ?? max ?? GuestDefinition.DefaultMemoryMiB;
        return (start, max ?? start);
    }

    private static long? MiB(SettingBag bag, string key)
    {
        var value = bag.Number(key);
        if (value is <= 0 or > MaxMemoryMiB)
        {
            bag.Wrong(key, bag.Take(key)!, $"{key} should be a number of MiB");
            return null;
        }

        return value;
    }

    private static (int Vcpus, int Max) Vcpus(SettingBag bag)
    {
        var vcpus = bag.Count(0, 4096, "vcpus");
        var max = bag.Count(0, 4096, "maxvcpus");
        if (vcpus is null or 0)
        {
            bag.Defaults.Add("vcpus");
        }

        if (max is null or 0)
        {
            bag.Defaults.Add("maxVcpus");
        }

        var start = vcpus is null or 0 ? 1 : vcpus.Value;
        if (max is > 0 && max < start)
        {
            bag.Wrong("maxvcpus", bag.Take("maxvcpus")!, "maxvcpus is less than vcpus; xl refuses such a config");
        }

        return (start, max is null or 0 ? start : max.Value);
    }

    private static IReadOnlyList<VifSpec> Vifs(XlConfig config, SettingBag bag)
    {
        var vifs = Entries(config, bag, "vif").Select(entry => Place(bag, VifSpec.Parse(entry.Text), entry.At)).ToList();

        // xm's old nics=N fills up with devices that have every default.
        var nics = bag.Count(0, MaxVifs, "nics") ?? 0;
        while (vifs.Count < nics)
        {
            vifs.Add(new VifSpec());
        }

        return vifs;
    }

    /// <summary>The texts of a list of device entries, each with its place; what is no text is a problem.</summary>
    private static IEnumerable<(string Text, XlValue At)> Entries(XlConfig config, SettingBag bag, string key)
    {
        bag.Take(key);
        var value = config.Find(key)?.Value;
        if (value is null)
        {
            yield break;
        }

        if (value is not XlList)
        {
            bag.Note(key, $"{key} should be a list; xl ignores a single value");
        }

        foreach (var item in value.AsList)
        {
            if (item.AsText is { } text)
            {
                yield return (text, item);
            }
            else
            {
                bag.Problems.Add(new ConfigProblem(
                    ConfigProblemKind.Value, item.Line, item.Column, Secrets.Show(item.ToString()), $"An entry of {key} should be a text", key));
            }
        }
    }

    private static DiskSpec Place(SettingBag bag, DiskSpec disk, XlValue at)
    {
        disk = disk with { Problems = Place(disk.Problems, at) };
        bag.Problems.AddRange(disk.Problems);
        return disk;
    }

    private static VifSpec Place(SettingBag bag, VifSpec vif, XlValue at)
    {
        vif = vif with { Problems = Place(vif.Problems, at) };
        bag.Problems.AddRange(vif.Problems);
        return vif;
    }

    private static List<ConfigProblem> Place(IReadOnlyList<ConfigProblem> problems, XlValue at) =>
        [.. problems.Select(problem => problem with { Line = at.Line, Column = at.Column })];
}
