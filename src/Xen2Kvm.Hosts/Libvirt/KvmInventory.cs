using System.Xml;
using System.Xml.Linq;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Hosts.Scripts;

namespace Xen2Kvm.Hosts.Libvirt;

/// <summary>Makes a snapshot of what the inventory scripts printed on a KVM host. Pure.</summary>
internal static class KvmInventory
{
    /// <summary>The snapshot.</summary>
    /// <param name="facts">Sections of host-facts.sh.</param>
    /// <param name="libvirt">Sections of kvm-inventory.sh.</param>
    /// <param name="kvm">Answer of kvm-probe.sh.</param>
    /// <param name="neighbours">Addresses by MAC that the host has seen.</param>
    /// <param name="takenAt">When the scripts were begun.</param>
    public static HostSnapshot Read(ScriptSections facts, ScriptSections libvirt, string kvm, ILookup<string, string> neighbours, DateTimeOffset takenAt)
    {
        var problems = new List<string>();
        var storage = LinuxFacts.VolumeGroups(facts.Lines("vgs")).ToList();
        foreach (var (name, xml) in libvirt.Starting("pool "))
        {
            if (Pool(name, xml, libvirt["pool-df " + name]) is { } pool)
            {
                storage.Add(pool);
            }
        }

        var version = libvirt["version"];
        var qemu = LinuxFacts.Field(version, "Running hypervisor");
        var library = LinuxFacts.Field(version, "Using library");
        if (library is null)
        {
            problems.Add($"libvirt does not answer: {FirstLine(version)}. Check that libvirtd runs (systemctl status libvirtd).");
        }

        if (kvm.StartsWith("no ", StringComparison.Ordinal) || kvm.StartsWith("unknown ", StringComparison.Ordinal))
        {
            problems.Add($"KVM: {kvm[(kvm.IndexOf(' ', StringComparison.Ordinal) + 1)..].Trim()}.");
        }

        var meminfo = facts["meminfo"];
        var available = LinuxFacts.Number(meminfo, "MemAvailable");
        return new HostSnapshot
        {
            TakenAt = takenAt,
            Facts = new HostFacts
            {
                Hostname = facts.Value("hostname") ?? "",
                OperatingSystem = LinuxFacts.OperatingSystem(facts["os"]),
                Kernel = facts.Value("kernel"),
                Hypervisor = library is null ? null : $"{qemu ?? "QEMU"}, {library}",
                Cpus = (int)(LinuxFacts.Long(facts["cpus"]) ?? 0),
                CpuModel = LinuxFacts.Field(facts["cpuinfo"], "model name"),
                CpuFlags = LinuxFacts.Field(facts["cpuinfo"], "flags")?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [],
                MemoryMiB = LinuxFacts.Number(meminfo, "MemTotal") >> 10,
                FreeMemoryMiB = (available > 0 ? available : LinuxFacts.Number(meminfo, "MemFree")) >> 10,
                KvmUsable = kvm.StartsWith("yes", StringComparison.Ordinal) ? true : kvm.StartsWith("no", StringComparison.Ordinal) ? false : null,
                Bridges = LinuxFacts.Bridges(facts.Lines("bridges"), facts.Lines("addresses")),
                Storage = storage,
                Tools = LinuxFacts.Tools(facts.Lines("tools")),
            },
            Guests = Guests(facts, libvirt, neighbours, problems),
            Problems = problems,
        };
    }

    /// <summary>The words of <c>virsh domstate</c>.</summary>
    public static PowerState Power(string state) => state.Trim() switch
    {
        "running" or "idle" or "in shutdown" => PowerState.Running,
        "paused" or "pmsuspended" => PowerState.Paused,
        "shut off" => PowerState.Off,
        "crashed" => PowerState.Crashed,
        _ => PowerState.Unknown,
    };

    private static List<Guest> Guests(
        ScriptSections facts, ScriptSections libvirt, ILookup<string, string> neighbours, List<string> problems)
    {
        var volumes = facts.Lines("lvs").Select(line => line.Split('|')).Where(words => words.Length > 1)
            .SelectMany(words => (string[])[$"/dev/{words[0]}/{words[1]}", $"/dev/mapper/{Mapper(words[0])}-{Mapper(words[1])}"])
            .ToHashSet(StringComparer.Ordinal);
        var guests = new List<Guest>();
        foreach (var (uuid, xml) in libvirt.Starting("xml "))
        {
            try
            {
                var info = libvirt["info " + uuid];
                guests.Add(LibvirtDomainReader.Read(
                    LibvirtDomainReader.Parse(xml), Power(libvirt["state " + uuid]),
                    LinuxFacts.Field(info, "Autostart") == "enable", Sizes(libvirt["blocks " + uuid]), volumes, neighbours));
            }
            catch (Exception error) when (error is XmlException or FormatException)
            {
                problems.Add($"The definition of guest {uuid} cannot be read: {error.Message}");
            }
        }

        return [.. guests.OrderBy(guest => guest.Name, StringComparer.Ordinal)];
    }

    private static string Mapper(string name) => name.Replace("-", "--", StringComparison.Ordinal);

    private static Dictionary<string, long> Sizes(string blocks)
    {
        var sizes = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var line in blocks.Split('\n'))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length >= 2 && LinuxFacts.Long(words[1]) is { } size)
            {
                sizes[words[0]] = size;
            }
        }

        return sizes;
    }

    private static StorageSpace? Pool(string name, string xml, string df)
    {
        try
        {
            var pool = LibvirtDomainReader.Parse(xml);
            if ((string?)pool.Attribute("type") is not ("dir" or "fs" or "netfs") || (string?)pool.Element("target")?.Element("path") is not { } path)
            {
                return null;
            }

            // What libvirt knows is as old as its last refresh; df is of now.
            var words = df.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var (size, free) = words.Length >= 4 && LinuxFacts.Long(words[1]) is { } blocks && LinuxFacts.Long(words[3]) is { } unused
                ? (blocks << 10, unused << 10)
                : (Bytes(pool.Element("capacity")), Bytes(pool.Element("available")));
            return new(StorageKind.Directory, name, path, size, free);
        }
        catch (XmlException)
        {
            return null;
        }
    }

    private static long Bytes(XElement? element) => element is null ? 0 : LinuxFacts.Long(element.Value) ?? 0;

    private static string FirstLine(string text) => text.Trim().Split('\n')[0] switch { "" => "virsh printed nothing", var line => line };
}
