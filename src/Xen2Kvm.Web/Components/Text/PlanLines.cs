using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;

namespace Xen2Kvm.Web.Components.Text;

/// <summary>One line of a plan's comparison.</summary>
/// <param name="Topic">What it is about.</param>
/// <param name="Before">On Xen.</param>
/// <param name="After">On KVM.</param>
/// <param name="Changed">The guest or its owner would notice a difference.</param>
public sealed record PlanLine(string Topic, string Before, string After, bool Changed);

/// <summary>Says line by line what a plan keeps and what it changes. Pure.</summary>
public static class PlanLines
{
    /// <summary>All lines of a plan.</summary>
    public static IReadOnlyList<PlanLine> Of(Plan plan, string sourceHost, string targetHost)
    {
        var (source, target) = (plan.Source, plan.Target);
        var lines = new List<PlanLine>
        {
            new("Host", sourceHost, targetHost, true),
            Line("Name", source.Name, target.Name),
            Line("UUID", source.Uuid?.ToString() ?? "none", target.Uuid.ToString()),
            new("Kind", StateWords.Kind(source.Kind), target.UseKvm ? $"KVM, {target.Machine}" : $"emulated (TCG), {target.Machine}", true),
            new("Boot", Boot(source.Boot), $"{(target.Firmware == "uefi" ? "UEFI" : "BIOS")} and a boot loader on its disk", source.Boot.Method != BootMethod.Firmware),
            Line("vCPU", Cpus(source.Vcpus, source.MaxVcpus), Cpus(target.Vcpus, target.MaxVcpus)),
            Line("Memory", Memory(source.MemoryMiB, source.MaxMemoryMiB), Memory(target.MemoryMiB, target.MaxMemoryMiB)),
        };
        for (var i = 0; i < Math.Max(source.Nics.Count, target.Nics.Count); i++)
        {
            var from = i < source.Nics.Count ? source.Nics[i] : null;
            var to = i < target.Nics.Count ? target.Nics[i] : null;
            lines.Add(Line($"NIC {i}: MAC", from?.Mac ?? "new at each start", to?.Mac is { Length: > 0 } mac ? mac : "made by libvirt"));
            lines.Add(new(
                $"NIC {i}: bridge", $"{from?.Bridge ?? Formats.Unknown}, {from?.Model ?? "paravirtual"}", to is null ? Formats.Unknown : $"{to.Bridge}, {to.Model}",
                from?.Bridge != to?.Bridge || from?.Model != to?.Model));
        }

        lines.Add(Line("Starts with the host", source.Autostart ? "yes" : "no", target.Autostart ? "yes, once proven" : "no", source.Autostart != target.Autostart));
        lines.Add(Line("Power off, reboot, crash", Lifecycle(source.Lifecycle), Lifecycle(target.Lifecycle)));
        lines.Add(Line("Clock", source.LocalTime ? "local time" : "UTC", target.LocalTime ? "local time" : "UTC"));
        return lines;
    }

    /// <summary>Where the kernel comes from, in words.</summary>
    public static string Boot(GuestBoot boot) => boot.Method switch
    {
        BootMethod.HostKernel => "a kernel file of dom0",
        BootMethod.HostBootLoader => $"{boot.BootLoader ?? "a boot loader of dom0"}, which reads the guest's own menu",
        BootMethod.Firmware => $"{(boot.Firmware == "uefi" ? "UEFI" : "BIOS")} and the guest's own boot loader",
        _ => "nothing says so",
    };

    /// <summary>What happens to a source disk, in words.</summary>
    public static string Action(DiskPart part) => part.Action == PartAction.Copy ? "copied" : "made anew";

    /// <summary>Where a part lands: <c>vda1</c>, or the whole <c>vda</c>.</summary>
    public static string Place(TargetDisk disk, DiskPart part) => part.PartitionNumber > 0 ? $"{disk.Device}{part.PartitionNumber}" : disk.Device;

    /// <summary>What table a target disk gets, in words.</summary>
    public static string Table(TargetDisk disk) => disk.Table switch
    {
        PartitionTableKind.Copied => "copied whole",
        PartitionTableKind.Msdos => "new MBR partition table",
        _ => "new GUID partition table",
    };

    private static PlanLine Line(string topic, string before, string after, bool? changed = null) => new(topic, before, after, changed ?? before != after);

    private static string Cpus(int now, int most) => most > now ? $"{now}, at most {most}" : $"{now}";

    private static string Memory(long now, long most) => most > now ? $"{Formats.Memory(now)}, at most {Formats.Memory(most)}" : Formats.Memory(now);

    private static string Lifecycle(GuestLifecycle lifecycle) => $"{lifecycle.OnPoweroff}, {lifecycle.OnReboot}, {lifecycle.OnCrash}";
}
