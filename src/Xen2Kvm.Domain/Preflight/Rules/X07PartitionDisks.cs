using Xen2Kvm.Domain.Planning;

namespace Xen2Kvm.Domain.Preflight.Rules;

/// <summary>A partition number in the vdev means that there is no partition table inside.</summary>
public sealed class X07PartitionDisks() : RuleBase("X07", "Partitions given as disks are assembled"), IGuestRule
{
    /// <inheritdoc/>
    public IEnumerable<Concern> Evaluate(GuestFacts facts)
    {
        foreach (var disk in facts.Guest.Disks.Where(disk => disk is { IsCdrom: false, Path: not null, Partition: > 0 }).GroupBy(disk => disk.DiskIndex))
        {
            var parts = disk.OrderBy(part => part.Partition).ToList();
            yield return Info(string.Join(", ", parts.Select(part => part.Vdev)),
                parts.Count == 1 ? $"{parts[0].Vdev} is a partition without a disk; it becomes one on a new disk." : $"{parts.Count} volumes become partitions of one disk.",
                string.Join(", ", parts.Select(part => $"{part.Vdev} → partition {part.Partition}{(DiskLayout.IsSwap(part) ? " (swap, made anew)" : "")}")),
                "Nothing to do: numbers are kept, and the guest's fstab is rewritten to UUIDs.");
        }
    }
}
