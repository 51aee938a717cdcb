using System.Text.Json;

namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>Devices of a libxl_domain_config: libxl_device_disk, libxl_device_nic, libxl_device_vfb (libxl_types.idl).</summary>
internal static class XlListDevices
{
    /// <summary>A disk. libxl leaves out what is 0, so a disk without "readwrite" is read-only.</summary>
    public static DiskSpec Disk(JsonElement disk)
    {
        var vdev = JsonBag.Text(disk, "vdev") ?? "";
        var parsed = Vdev.Parse(vdev);
        return new DiskSpec
        {
            Target = JsonBag.Text(disk, "pdev_path") ?? "",
            Format = JsonBag.Text(disk, "format") is { } format and not "unknown" ? DiskWords.Format(format) : DiskFormat.Raw,
            VdevText = vdev,
            Vdev = parsed,
            ReadOnly = JsonBag.Flag(disk, "readwrite") is not true,
            IsCdrom = JsonBag.Flag(disk, "is_cdrom") ?? false,
            Backend = Backend(disk),
            BackendType = JsonBag.Text(disk, "backend") is { } backend and not "unknown" ? backend : null,
            Script = Script(JsonBag.Text(disk, "script")),
            Specification = JsonBag.Text(disk, "specification") is { } kind and not "unknown" ? kind : null,
            DirectIoSafe = JsonBag.Flag(disk, "direct_io_safe") ?? false,
            Discard = JsonBag.Flag(disk, "discard_enable"),
            Trusted = JsonBag.Flag(disk, "trusted"),
            Problems = parsed is null ? [new ConfigProblem(ConfigProblemKind.Value, 0, 0, Secrets.Show(vdev), "Unknown vdev of a running disk", "disks")] : [],
        };
    }

    /// <summary>A network device.</summary>
    public static VifSpec Vif(JsonElement nic)
    {
        var mac = JsonBag.Text(nic, "mac") is { } text ? VifKeys.ReadMac(text) : null;
        var bytes = JsonBag.Number(nic, "rate_bytes_per_interval") ?? 0;
        var interval = JsonBag.Number(nic, "rate_interval_usecs") ?? 0;
        return new VifSpec
        {
            Mac = mac == "00:00:00:00:00:00" ? null : mac,
            Bridge = JsonBag.Text(nic, "bridge"),
            GatewayDevice = JsonBag.Text(nic, "gatewaydev"),
            Type = JsonBag.Text(nic, "nictype") switch
            {
                "vif" => VifType.Vif,
                "vif_ioemu" or "ioemu" => VifType.Ioemu,
                _ => VifType.Default,
            },
            Model = JsonBag.Text(nic, "model"),
            HostName = JsonBag.Text(nic, "ifname"),
            Script = JsonBag.Text(nic, "script"),
            Ip = JsonBag.Text(nic, "ip"),
            Backend = Backend(nic),
            Rate = bytes > 0 && interval is > 0 and <= uint.MaxValue ? VifRate.FromCredit((ulong)bytes, (uint)interval) : null,
            DeviceId = JsonBag.Number(nic, "devid") is >= 0 and <= int.MaxValue and var id ? (int)id : null,
            Mtu = JsonBag.Number(nic, "mtu") is > 0 and <= int.MaxValue and var mtu ? (int)mtu : null,
            Vlan = JsonBag.Text(nic, "vlan"),
            Trusted = JsonBag.Flag(nic, "trusted"),
        };
    }

    /// <summary>The fields of a frame buffer with the names of the config.</summary>
    public static IReadOnlyDictionary<string, string> Vfb(JsonElement vfb)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var kind in new[] { "vnc", "sdl" })
        {
            if (vfb.TryGetProperty(kind, out var screen))
            {
                foreach (var (key, text) in JsonBag.Screen(screen, kind))
                {
                    fields[key] = text;
                }
            }
        }

        if (JsonBag.Text(vfb, "keymap") is { } keymap)
        {
            fields["keymap"] = keymap;
        }

        return fields;
    }

    /// <summary>The plain block script is how libxl attaches any path; only others make the target a resource name.</summary>
    internal static string? Script(string? script) =>
        script is null or "block" || script.EndsWith("/block", StringComparison.Ordinal) ? null : script;

    private static string? Backend(JsonElement device) =>
        JsonBag.Text(device, "backend_domname") is { } name and not "0" and not "Domain-0" ? name
        : JsonBag.Text(device, "backend_domid") is { } id and not "0" ? id : null;
}
