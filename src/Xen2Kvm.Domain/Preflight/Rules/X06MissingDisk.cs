using Xen2Kvm.Domain.Inventory;

namespace Xen2Kvm.Domain.Preflight.Rules;

/// <summary>A target that is missing cannot be copied.</summary>
public sealed class X06MissingDisk() : RuleBase("X06", "Every disk is there and its size is known"), IGuestRule
{
    /// <inheritdoc/>
    public IEnumerable<Concern> Evaluate(GuestFacts facts)
    {
        foreach (var disk in facts.Guest.Disks.Where(disk => !disk.IsCdrom))
        {
            if (disk.Path is null || disk.Backing == DiskBacking.Missing || disk.SizeBytes is null or <= 0)
            {
                yield return Blocker(disk.Vdev, $"Disk {disk.Vdev} cannot be read on {facts.Host}.", $"{disk.Path ?? "no path"}: {disk.Backing}, size {disk.SizeBytes?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "unknown"}",
                    "Activate the volume (lvchange -ay), or correct the path in the configuration; then refresh.");
            }
            else if (disk.Format is not "raw")
            {
                yield return Blocker(disk.Vdev, $"Disk {disk.Vdev} is a {disk.Format} image; this route copies raw disks.", $"{disk.Path}",
                    $"Stop the guest and convert it once: qemu-img convert -O raw, then point the configuration at the raw file and refresh.");
            }
        }
    }
}
