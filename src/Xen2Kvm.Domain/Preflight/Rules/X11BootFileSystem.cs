namespace Xen2Kvm.Domain.Preflight.Rules;

/// <summary>LVM, RAID, btrfs and encrypted disks need their own recipe.</summary>
public sealed class X11BootFileSystem() : RuleBase("X11", "The boot loader can read the file system that holds /boot"), IDiskRule
{
    /// <inheritdoc/>
    public IEnumerable<Concern> Evaluate(DiskFacts facts)
    {
        var boot = facts.Inspection.FileSystems.FirstOrDefault(fs => fs.MountPoint == "/boot") ?? facts.Inspection.FileSystems.FirstOrDefault(fs => fs.MountPoint == "/");
        if (boot is not null && boot.Type is not ("ext2" or "ext3" or "ext4" or "xfs"))
        {
            yield return Warning(boot.Device, $"/boot lies on {boot.Type}.", $"{boot.Device}: {boot.Type}", "The boot loader made here is tested with ext and XFS. The proof after the start shows whether it boots.");
        }
    }
}
