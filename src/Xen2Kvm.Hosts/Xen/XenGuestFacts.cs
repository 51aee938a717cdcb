using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Hosts.Xen.Config;

namespace Xen2Kvm.Hosts.Xen;

/// <summary>Facts of a guest card, each with the place where it was read. Pure.</summary>
internal static class XenGuestFacts
{
    /// <summary>The facts in the order of the card.</summary>
    public static IEnumerable<GuestFact> Read(XenSource source, Func<DiskSpec, XenDiskProbe?> disk)
    {
        foreach (var (name, keys, value) in Values(source.Booting))
        {
            if (value is { Length: > 0 })
            {
                yield return source.File is { } file && ReferenceEquals(source.Booting, source.Config)
                    ? new(name, value, FactSource.Config, Where(source, file, keys))
                    : new(name, value, FactSource.RunningDomain, Command(source));
            }
        }

        if (source.Running is { DomainId: { } id })
        {
            yield return new("Domain id", $"{id}", FactSource.RunningDomain, Command(source));
        }

        foreach (var spec in source.Truth.Disks)
        {
            var name = spec.Vdev?.Name ?? spec.VdevText;
            if (disk(spec) is not { } probe)
            {
                continue;
            }

            if (probe.Content is { } content)
            {
                yield return new($"Content of {name}", content + (probe.Uuid is { } uuid ? $", UUID {uuid}" : "") + (probe.Label is { } label ? $", label {label}" : ""),
                    FactSource.Disk, $"blkid -p {probe.Path}");
            }

            if (probe.Drbd is { } drbd)
            {
                yield return new($"DRBD {spec.Target}", drbd, FactSource.Host, $"drbdadm dstate {spec.Target}");
            }
        }
    }

    private static IEnumerable<(string Name, string[] Keys, string? Value)> Values(GuestDefinition definition)
    {
        var boot = definition.Boot;
        yield return ("Type", ["type", "builder"], definition.Type.ToString().ToUpperInvariant());
        yield return ("Kernel", ["kernel"], boot.Kernel);
        yield return ("Initial RAM disk", ["ramdisk"], boot.Ramdisk);
        yield return ("Kernel command line", ["cmdline", "extra", "root"], boot.CommandLine);
        yield return ("Boot loader", ["bootloader"], boot.Bootloader);
        yield return ("Firmware", ["firmware", "bios", "firmware_override"], boot.Firmware ?? boot.Bios);
        yield return ("PV shim", ["pvshim"], boot.PvShim ? "yes" : null);
        yield return ("CPU pinning", ["cpus"], definition.Cpus);
        yield return ("CPU weight", ["cpu_weight"], definition.CpuWeight?.ToString(System.Globalization.CultureInfo.InvariantCulture));
        yield return ("CPU cap", ["cap"], definition.CpuCap is > 0 and var cap ? $"{cap} %" : null);
        yield return ("Clock offset", ["rtc_timeoffset"], definition.Clock.RtcOffsetSeconds is { } offset ? $"{offset} s" : null);
        yield return ("Display", ["vnc", "vfb", "sdl", "spice"], definition.Graphics.Count == 0 ? null : string.Join(", ", definition.Graphics.Select(screen => screen.Kind)));
    }

    private static string Where(XenSource source, XlConfig file, string[] keys) =>
        keys.Select(file.Find).FirstOrDefault(setting => setting is not null) is { } found
            ? $"{source.ConfigPath}:{found.Line}"
            : $"{source.ConfigPath} (not said, Xen's default)";

    private static string Command(XenSource source) => source.Truth.SourceName is { Length: > 0 } name ? name : "xl list -l";
}
