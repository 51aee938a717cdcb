using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using Xen2Kvm.Domain.Planning;

namespace Xen2Kvm.Hosts.Libvirt;

/// <summary>
/// Builds the libvirt definition of a target guest. Pure; only what the plan says and what libvirt would not fill in by itself.
/// </summary>
public static class LibvirtXmlBuilder
{
    /// <summary>More virtio disks than this do not fit on the PCI bus of a guest; they go behind one SCSI controller instead.</summary>
    private const int MostVirtioDisks = 26;

    /// <summary>Namespace of the element that says which run made the definition.</summary>
    public static readonly XNamespace RunNamespace = "urn:xen2kvm:run";

    /// <summary>Where the serial console of a guest is logged on the host.</summary>
    public static string ConsoleLog(Guid uuid) => $"/var/log/libvirt/qemu/x2k-{uuid}.log";

    /// <summary>The definition.</summary>
    /// <exception cref="ArgumentException">The name cannot be a libvirt name.</exception>
    public static string Build(TargetGuest guest, Guid runId)
    {
        CheckName(guest.Name);
        var q35 = guest.Machine.Contains("q35", StringComparison.Ordinal);
        var devices = new XElement("devices");
        var disks = Disks(guest, q35, out var scsi);
        devices.Add(disks);
        if (scsi)
        {
            devices.Add(new XElement("controller", new XAttribute("type", "scsi"), new XAttribute("index", 0), new XAttribute("model", "virtio-scsi")));
        }

        devices.Add(guest.Nics.Select(Interface));
        devices.Add(
            new XElement("serial", new XAttribute("type", "pty"),
                new XElement("log", new XAttribute("file", ConsoleLog(guest.Uuid)), new XAttribute("append", "off")),
                new XElement("target", new XAttribute("port", 0))),
            new XElement("console", new XAttribute("type", "pty"),
                new XElement("target", new XAttribute("type", "serial"), new XAttribute("port", 0))),
            new XElement("channel", new XAttribute("type", "unix"),
                new XElement("target", new XAttribute("type", "virtio"), new XAttribute("name", "org.qemu.guest_agent.0"))),
            new XElement("input", new XAttribute("type", "tablet"), new XAttribute("bus", "usb")),
            new XElement("graphics", new XAttribute("type", "vnc"), new XAttribute("port", -1), new XAttribute("autoport", "yes"),
                new XElement("listen", new XAttribute("type", "address"), new XAttribute("address", "127.0.0.1"))),
            new XElement("video", new XElement("model", new XAttribute("type", "vga"))),
            new XElement("memballoon", new XAttribute("model", "virtio")),
            new XElement("rng", new XAttribute("model", "virtio"),
                new XElement("backend", new XAttribute("model", "random"), "/dev/urandom")));

        var maxMemory = Math.Max(guest.MemoryMiB, guest.MaxMemoryMiB);
        var maxVcpus = Math.Max(guest.Vcpus, guest.MaxVcpus);
        var domain = new XElement("domain",
            new XAttribute("type", guest.UseKvm ? "kvm" : "qemu"),
            new XElement("name", guest.Name),
            new XElement("uuid", guest.Uuid),
            new XElement("metadata",
                new XElement(RunNamespace + "run", new XAttribute(XNamespace.Xmlns + "x2k", RunNamespace.NamespaceName), new XAttribute("id", runId))),
            new XElement("memory", new XAttribute("unit", "MiB"), maxMemory),
            new XElement("currentMemory", new XAttribute("unit", "MiB"), guest.MemoryMiB),
            new XElement("vcpu", guest.Vcpus < maxVcpus ? new XAttribute("current", guest.Vcpus) : null, maxVcpus),
            Os(guest),
            new XElement("features", new XElement("acpi"), new XElement("apic"), new XElement("pae")),
            Cpu(guest),
            Clock(guest),
            Lifecycle(guest),
            devices);
        var text = new System.Text.StringBuilder();
        using (var writer = XmlWriter.Create(text, new() { Indent = true, OmitXmlDeclaration = true, NewLineChars = "\n" }))
        {
            domain.Save(writer);
        }

        return text.Append('\n').ToString();
    }

    private static XElement Os(TargetGuest guest)
    {
        var os = new XElement("os", new XElement("type", new XAttribute("arch", "x86_64"), new XAttribute("machine", guest.Machine), "hvm"));
        if (guest.Firmware == "uefi")
        {
            // libvirt chooses the flash images of the host; a guest from Xen has no keys for Secure Boot.
            os.Add(new XAttribute("firmware", "efi"),
                new XElement("firmware", new XElement("feature", new XAttribute("enabled", "no"), new XAttribute("name", "secure-boot"))));
        }

        return os;
    }

    /// <summary>
    /// Under KVM the host's own processor. Emulated, a model that TCG has in full and that covers x86-64-v2, which QEMU's default does not
    /// and which today's distributions need.
    /// </summary>
    private static XElement Cpu(TargetGuest guest) => guest.UseKvm
        ? new("cpu", new XAttribute("mode", "host-passthrough"), new XAttribute("check", "none"))
        : new("cpu", new XAttribute("mode", "custom"), new XAttribute("match", "exact"), new XAttribute("check", "none"),
            new XElement("model", new XAttribute("fallback", "allow"), "Nehalem"));

    private static XElement Clock(TargetGuest guest) => new("clock",
        new XAttribute("offset", guest.LocalTime ? "localtime" : "utc"),
        new XElement("timer", new XAttribute("name", "rtc"), new XAttribute("tickpolicy", "catchup")),
        new XElement("timer", new XAttribute("name", "pit"), new XAttribute("tickpolicy", "delay")),
        new XElement("timer", new XAttribute("name", "hpet"), new XAttribute("present", "no")));

    /// <summary>The words of xl that libvirt's QEMU driver accepts too; the nearest one otherwise.</summary>
    private static IEnumerable<XElement> Lifecycle(TargetGuest guest)
    {
        var reboot = Common(guest.Lifecycle.OnReboot, "restart");
        var poweroff = Common(guest.Lifecycle.OnPoweroff, "destroy");
        if (poweroff == "restart" && reboot == "destroy")
        {
            // QEMU's driver refuses this pair.
            poweroff = "destroy";
        }

        yield return new("on_poweroff", poweroff);
        yield return new("on_reboot", reboot);
        yield return new("on_crash", guest.Lifecycle.OnCrash is "coredump-destroy" or "coredump-restart"
            ? guest.Lifecycle.OnCrash
            : Common(guest.Lifecycle.OnCrash, "destroy"));

        static string Common(string word, string otherwise) => word switch
        {
            "destroy" or "restart" or "preserve" => word,
            "rename-restart" or "soft-reset" or "coredump-restart" => "restart",
            "coredump-destroy" => "destroy",
            _ => otherwise,
        };
    }

    private static List<XElement> Disks(TargetGuest guest, bool q35, out bool scsi)
    {
        var many = guest.Disks.Count(disk => disk.Device.StartsWith("vd", StringComparison.Ordinal)) > MostVirtioDisks;
        scsi = many;
        var elements = new List<XElement>();
        for (var index = 0; index < guest.Disks.Count; index++)
        {
            var disk = guest.Disks[index];
            var letters = disk.Device.Length > 2 ? disk.Device[2..] : "a";
            var (bus, device) = disk.Device switch
            {
                ['v', 'd', ..] when many => ("scsi", "sd" + letters),
                ['v', 'd', ..] => ("virtio", disk.Device),
                ['h', 'd', ..] when !q35 => ("ide", disk.Device),
                _ => ("sata", "sd" + letters),
            };
            var block = disk.Path.StartsWith("/dev/", StringComparison.Ordinal);
            var element = new XElement("disk", new XAttribute("type", block ? "block" : "file"), new XAttribute("device", "disk"),
                new XElement("driver",
                    new XAttribute("name", "qemu"),
                    new XAttribute("type", disk.Format == DiskFormat.Qcow2 ? "qcow2" : "raw"),
                    block ? new[] { new XAttribute("cache", "none"), new XAttribute("io", "native") } : null,
                    new XAttribute("discard", "unmap")),
                new XElement("source", new XAttribute(block ? "dev" : "file", disk.Path)),
                new XElement("target", new XAttribute("dev", device), new XAttribute("bus", bus)));
            if (index == 0)
            {
                element.Add(new XElement("boot", new XAttribute("order", 1)));
            }

            elements.Add(element);
        }

        return elements;
    }

    private static XElement Interface(TargetNic nic)
    {
        var element = new XElement("interface", new XAttribute("type", "bridge"),
            new XElement("mac", new XAttribute("address", nic.Mac)),
            new XElement("source", new XAttribute("bridge", nic.Bridge)));
        if (nic.RateBytesPerSecond is > 0 and var rate)
        {
            // In KiB per second; what leaves the guest, as Xen's rate.
            element.Add(new XElement("bandwidth",
                new XElement("outbound", new XAttribute("average", Math.Max(1, (rate + 1023) / 1024).ToString(CultureInfo.InvariantCulture)))));
        }

        element.Add(new XElement("model", new XAttribute("type", nic.Model)));
        if (nic.Mtu is { } mtu)
        {
            element.Add(new XElement("mtu", new XAttribute("size", mtu)));
        }

        return element;
    }

    private static void CheckName(string name)
    {
        if (name.Length == 0 || name is "." or ".." || name.Contains('/', StringComparison.Ordinal) || name.Any(char.IsControl) || name.Trim() != name
            || !name.EnumerateRunes().All(rune => XmlConvert.IsXmlChar((char)Math.Min(rune.Value, 0xd7ff)) && rune != System.Text.Rune.ReplacementChar))
        {
            throw new ArgumentException(
                $"`{name}` cannot be a name in libvirt: it is empty, begins or ends with a space, or holds a slash or a control character. Choose another target name.",
                nameof(name));
        }
    }
}
