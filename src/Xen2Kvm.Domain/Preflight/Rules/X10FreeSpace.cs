namespace Xen2Kvm.Domain.Preflight.Rules;

/// <summary>100 MB in /, 50 MB in /boot, 10 MB elsewhere, 100 inodes.</summary>
public sealed class X10FreeSpace() : RuleBase("X10", "The guest has room for the conversion"), IDiskRule
{
    /// <inheritdoc/>
    public IEnumerable<Concern> Evaluate(DiskFacts facts)
    {
        foreach (var fs in facts.Inspection.FileSystems)
        {
            var needed = fs.MountPoint switch { "/" => 100L, "/boot" => 50L, null => 0L, _ => 10L } * 1024 * 1024;
            if (needed > 0 && fs.FreeBytes is { } free && free < needed && fs.MountPoint is "/" or "/boot")
            {
                yield return Blocker(fs.MountPoint!, $"{fs.MountPoint} of the guest is too full to be converted.", $"{fs.FreeBytes / 1048576} MiB free, {needed / 1048576} MiB needed",
                    "Make room in the guest while it runs on Xen, then try again.");
            }

            if (needed > 0 && fs.FreeInodes is < 100)
            {
                yield return Blocker(fs.MountPoint!, $"{fs.MountPoint} of the guest has no inodes left.", $"{fs.FreeInodes} inodes free, 100 needed", "Delete files in the guest while it runs on Xen, then try again.");
            }
        }
    }
}
