using System.Globalization;
using Xen2Kvm.Domain.Planning;

namespace Xen2Kvm.Domain.Waves;

/// <summary>What an approval takes from a plan: what the guest becomes and how that is proven.</summary>
internal static class PlanFacts
{
    public static IEnumerable<(string, string)> Of(Plan plan)
    {
        var (target, proof) = (plan.Target, plan.Proof);
        yield return ("route", plan.Route);
        yield return ("hosts", $"{plan.SourceHostId} to {plan.TargetHostId}");
        yield return ("becomes", $"{target.Name}, {target.Uuid}");
        yield return ("vCPUs", $"{Number(target.Vcpus)} of {Number(target.MaxVcpus)}");
        yield return ("memory", $"{Number(target.MemoryMiB)} of {Number(target.MaxMemoryMiB)} MiB");
        yield return ("machine", $"{target.Machine}, {target.Firmware}, {(target.UseKvm ? "KVM" : "TCG")}, {(target.LocalTime ? "local time" : "UTC")}");
        yield return ("autostart", target.Autostart ? "on" : "off");
        yield return ("lifecycle", $"{target.Lifecycle.OnPoweroff}, {target.Lifecycle.OnReboot}, {target.Lifecycle.OnCrash}");
        foreach (var disk in target.Disks)
        {
            yield return ($"disk {disk.Device}", string.Join("; ", disk.Parts.Select(part =>
                $"{part.Action} {part.SourceVdev} {part.SourcePath} at {Number(part.OffsetBytes)}, {Number(part.LengthBytes)} bytes, partition {Number(part.PartitionNumber)}")
                .Prepend($"{disk.Path} in {disk.StorageName}, {disk.Format}, {Number(disk.SizeBytes)} bytes, table {disk.Table}")));
        }

        foreach (var (nic, index) in target.Nics.Select((nic, index) => (nic, index)))
        {
            yield return ($"NIC {Number(index)}", $"{nic.Mac} on {nic.Bridge}, {nic.Model}");
        }

        yield return ("proof", $"ping {proof.PingAddress ?? "none"}, TCP port {(proof.TcpPort is { } port ? Number(port) : "none")}, within {Number(proof.TimeoutSeconds)} s");
        yield return ("shutdown within", $"{Number(plan.ShutdownTimeoutSeconds)} s");
        yield return ("rate limit", $"{Number(plan.RateLimitBytesPerSecond)} bytes per second");
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
