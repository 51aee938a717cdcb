namespace Xen2Kvm.Domain.Preflight;

/// <summary>How much a concern matters.</summary>
public enum Severity
{
    /// <summary>Worth knowing; nothing to do.</summary>
    Info,

    /// <summary>A person must accept it by name before the run starts.</summary>
    Warning,

    /// <summary>The run cannot start.</summary>
    Blocker,
}

/// <summary>A preflight finding.</summary>
/// <param name="Id">Rule id: X01 …</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="Subject">What it concerns: a disk, a NIC, a host, the guest.</param>
/// <param name="Title">The finding in one sentence.</param>
/// <param name="Evidence">What was seen and where: file and line, command and value.</param>
/// <param name="Fix">What to do about it.</param>
public sealed record Concern(string Id, Severity Severity, string Subject, string Title, string Evidence, string Fix)
{
    /// <summary>Identifies the finding in an acknowledgement: the rule and its subject.</summary>
    public string Key => $"{Id}:{Subject}";

    /// <summary>The order in which findings are shown: what stops the run first, then by rule.</summary>
    public static IReadOnlyList<Concern> InOrder(IEnumerable<Concern> concerns) =>
        [.. concerns.OrderByDescending(concern => concern.Severity).ThenBy(concern => concern.Id, StringComparer.Ordinal)];
}

/// <summary>How many findings there are of each severity.</summary>
/// <param name="Blockers">Those that stop a run.</param>
/// <param name="Warnings">Those that a person must accept.</param>
/// <param name="Infos">Those worth knowing.</param>
public readonly record struct ConcernCounts(int Blockers, int Warnings, int Infos)
{
    /// <summary>One number that sorts by what matters: one blocker weighs more than any number of warnings.</summary>
    public long Weight => (Blockers * 1_000_000_000_000L) + (Warnings * 1_000_000L) + Infos;

    /// <summary>Counts findings.</summary>
    public static ConcernCounts Of(IReadOnlyCollection<Concern> concerns) => new(
        concerns.Count(concern => concern.Severity == Severity.Blocker), concerns.Count(concern => concern.Severity == Severity.Warning),
        concerns.Count(concern => concern.Severity == Severity.Info));

    /// <summary>The count of one severity.</summary>
    public int Count(Severity severity) => severity switch { Severity.Blocker => Blockers, Severity.Warning => Warnings, _ => Infos };
}
