namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>Devices of <c>xm list -l</c>: (vbd (uname phy:/dev/vg/a) (dev xvda:disk) (mode w)), (vif (mac …) (bridge …)).</summary>
internal static class XmListDevices
{
    private static readonly HashSet<string> NoVifKeys = new(StringComparer.Ordinal) { "devid", "backend_domid", "frontend_domid", "handle" };

    public static DiskSpec Disk(SxpList device)
    {
        var fields = XmListGuest.Fields(device);
        if (fields.TryGetValue("virtpath", out var virtpath))
        {
            return Xl41Disk(fields, virtpath);
        }

        var uname = fields.GetValueOrDefault("uname", "");
        var dev = fields.GetValueOrDefault("dev", "");
        var mode = fields.GetValueOrDefault("mode", "w");
        var colon = dev.LastIndexOf(':');
        var (vdev, kind) = colon < 0 ? (dev, "disk") : (dev[..colon], dev[(colon + 1)..]);

        // The prefixes are read by the disk grammar; the path may hold commas, so it is taken apart from the rest.
        var prefixes = DiskSpec.Parse(uname.Replace(',', '_') + ",xvda,w");
        var length = prefixes.Prefixes.Sum(prefix => prefix.Length + 1);
        return prefixes with
        {
            Text = "",
            Target = uname[length..],
            Format = uname.Length == 0 ? DiskFormat.Empty : length > 0 ? prefixes.Format : DiskFormat.Raw,
            VdevText = vdev,
            Vdev = Vdev.Parse(vdev),
            IsCdrom = kind == "cdrom",
            ReadOnly = kind == "cdrom" || mode.StartsWith('r') && !mode.StartsWith("rw", StringComparison.Ordinal),
            Shared = mode.EndsWith('!'),
            Backend = fields.GetValueOrDefault("backend") is { } backend and not "0" and not "Domain-0" ? backend : null,
            Problems = Vdev.Parse(vdev) is null
                ? [new ConfigProblem(ConfigProblemKind.Value, 0, 0, Secrets.Show(dev), "Unknown vdev of a running disk", "device")]
                : [],
        };
    }

    public static VifSpec Vif(SxpList device)
    {
        var spec = new VifSpec();
        var extra = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in XmListGuest.Fields(device))
        {
            if (NoVifKeys.Contains(key) || (key == "backend" && value is "0" or "Domain-0"))
            {
                continue;
            }

            if (VifKeys.Apply(spec, key, value).Spec is { } next)
            {
                spec = next;
            }
            else
            {
                extra[key] = value;
            }
        }

        return spec with { Extra = extra };
    }

    private static DiskSpec Xl41Disk(Dictionary<string, string> fields, string virtpath)
    {
        var cdrom = fields.GetValueOrDefault("is_cdrom") == "1";
        var target = fields.GetValueOrDefault("physpath", "");
        return new DiskSpec
        {
            Target = target,
            Format = cdrom && target.Length == 0 ? DiskFormat.Empty : DiskFormat.Raw,
            VdevText = virtpath,
            Vdev = Vdev.Parse(virtpath),
            IsCdrom = cdrom,
            ReadOnly = cdrom || fields.GetValueOrDefault("readwrite") == "0",
        };
    }
}
