using Xen2Kvm.Domain.Planning;

namespace Xen2Kvm.Domain.Preflight.Rules;

/// <summary>26 virtio disks, 512-byte sectors, 2 TiB with an msdos table.</summary>
public sealed class X27Limits() : RuleBase("X27", "Disks fit the controllers and the table"), IPreflightRule
{
    /// <inheritdoc/>
    public IEnumerable<Concern> Evaluate(PreflightFacts facts)
    {
        if (facts.Plan.Target.Disks.Count > 26)
        {
            yield return Blocker("disks", "The guest has more disks than virtio-blk can take.", $"{facts.Plan.Target.Disks.Count} disks, 26 at most", "Combine disks inside the guest first.");
        }

        foreach (var disk in facts.Plan.Target.Disks.Where(disk => disk.Table == PartitionTableKind.Msdos && disk.SizeBytes > DiskLayout.MsdosLimit))
        {
            yield return Blocker(disk.Device, $"{disk.Device} is too large for an msdos table.", $"{disk.SizeBytes} bytes", "Plan it with a GUID partition table.");
        }

        foreach (var disk in facts.Plan.Target.Disks.Where(disk => disk.Table == PartitionTableKind.Gpt))
        {
            yield return Info(disk.Device, $"{disk.Device} gets a GUID partition table with a BIOS boot partition.", $"{disk.SizeBytes} bytes, partitions {string.Join(", ", disk.Parts.Select(part => part.PartitionNumber))}", "Nothing to do.");
        }
    }
}
