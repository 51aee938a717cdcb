using System.Globalization;
using Xen2Kvm.Domain.Inventory;

namespace Xen2Kvm.Domain.Waves;

/// <summary>What an approval takes from a guest as it is on Xen: what a move depends on, and nothing that changes by itself.</summary>
internal static class SourceFacts
{
    public static IEnumerable<(string, string)> Of(Guest guest)
    {
        yield return ("UUID on Xen", guest.Uuid?.ToString() ?? "none");
        yield return ("kind on Xen", guest.Kind.ToString());
        yield return ("vCPUs on Xen", Number(guest.Vcpus));
        yield return ("memory on Xen", $"{Number(guest.MemoryMiB)} MiB");
        yield return ("boot on Xen", string.Join(", ", new[]
        {
            guest.Boot.Method.ToString(), guest.Boot.Kernel, guest.Boot.Ramdisk, guest.Boot.CommandLine, guest.Boot.BootLoader, guest.Boot.Firmware,
        }.Where(part => part is { Length: > 0 })));
        yield return ("config file", guest.ConfigPath ?? "none");
        yield return ("autostart on Xen", guest.Autostart ? "on" : "off");
        foreach (var disk in guest.Disks)
        {
            yield return ($"disk {disk.Vdev} on Xen",
                $"{disk.Path ?? "empty"}, {(disk.SizeBytes is { } size ? $"{Number(size)} bytes" : "size unknown")}, {disk.Format}, {disk.Backing}, "
                + $"{(disk.Writable ? "writable" : "read-only")}{(disk.SharedWritable ? ", shared" : "")}{(disk.IsCdrom ? ", CD" : "")}");
        }

        foreach (var nic in guest.Nics)
        {
            yield return ($"NIC {Number(nic.Index)} on Xen", $"{(nic.MacIsFixed ? nic.Mac : "MAC not fixed")} on {nic.Bridge ?? "no bridge"}");
        }

        if (guest.Drift.Count > 0)
        {
            yield return ("config file against the running guest", string.Join("; ", guest.Drift));
        }

        foreach (var key in guest.Unsupported)
        {
            yield return ($"setting {key}", "has no counterpart on KVM");
        }
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
