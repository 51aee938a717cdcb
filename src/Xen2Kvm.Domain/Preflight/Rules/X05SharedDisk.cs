namespace Xen2Kvm.Domain.Preflight.Rules;

/// <summary>A disk that two guests write can only be moved with both.</summary>
public sealed class X05SharedDisk() : RuleBase("X05", "No disk is shared with another guest for writing"), IGuestRule
{
    /// <inheritdoc/>
    public IEnumerable<Concern> Evaluate(GuestFacts facts)
    {
        foreach (var disk in facts.Guest.Disks.Where(disk => disk is { IsCdrom: false, Path: not null }))
        {
            var others = facts.OtherWriters(disk.Path!);
            if (disk.SharedWritable || (disk.Writable && others.Count > 0))
            {
                yield return Blocker(disk.Vdev, $"Disk {disk.Vdev} is shared for writing.",
                    $"{disk.Path}{(disk.SharedWritable ? ", mode w!" : "")}{(others.Count > 0 ? ", also used by " + string.Join(", ", others) : "")}",
                    "End the sharing, or move all guests that use it by hand in one go.");
            }
        }
    }
}
