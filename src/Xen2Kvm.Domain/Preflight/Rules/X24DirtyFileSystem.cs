namespace Xen2Kvm.Domain.Preflight.Rules;

/// <summary>A stopped guest leaves clean file systems unless it was switched off.</summary>
public sealed class X24DirtyFileSystem() : RuleBase("X24", "The copied file systems are clean"), IDiskRule
{
    /// <inheritdoc/>
    public IEnumerable<Concern> Evaluate(DiskFacts facts)
    {
        foreach (var fs in facts.Inspection.FileSystems.Where(fs => fs.Clean == false))
        {
            yield return Warning(fs.Device, $"{fs.Device} was not unmounted cleanly.", $"{fs.Type} {fs.Uuid}", "Its journal is replayed on the copy; the source is not touched.");
        }
    }
}
