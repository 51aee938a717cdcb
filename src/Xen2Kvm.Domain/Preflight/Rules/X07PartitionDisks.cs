using Xen2Kvm.Domain.Planning;

namespace Xen2Kvm.Domain.Preflight.Rules;

/// <summary>A partition number in the vdev means that there is no partition table inside.</summary>
public sealed class X07PartitionDisks() : RuleBase("X07", "Partitions given as disks are assembled"), IPreflightRule
{
    /// <inheritdoc/>
    public IEnumerable<Concern> Evaluate(PreflightFacts facts)
    {
        foreach (var disk in facts.Plan.Target.Disks.Where(disk => disk.Table != PartitionTableKind.Copied))
        {
            yield return Info(disk.Device, $"{disk.Parts.Count} volumes become partitions of one disk, {disk.Device}.",
                string.Join(", ", disk.Parts.Select(part => $"{part.SourceVdev} → partition {part.PartitionNumber}{(part.Action == PartAction.RecreateSwap ? " (swap, made anew)" : "")}")),
                "Nothing to do: numbers are kept, and the guest's fstab is rewritten to UUIDs.");
        }
    }
}
