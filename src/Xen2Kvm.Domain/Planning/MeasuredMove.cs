using Xen2Kvm.Domain.Runs;

namespace Xen2Kvm.Domain.Planning;

/// <summary>
/// The downtime of an ended run, cut into the steps that made it. The cuts are the ends of the steps: the first part begins when the guest
/// went down, the last one ends when it answered again, and nothing lies between two parts, so their sum is the measured downtime.
/// </summary>
public sealed record MeasuredMove
{
    /// <summary>The steps during which a guest is down, in order.</summary>
    public static readonly IReadOnlyList<string> Steps = ["stop", "copy", "verify", "convert", "define", "start", "prove"];

    private MeasuredMove(Run run, long bytes, IReadOnlyDictionary<string, TimeSpan> parts) =>
        (SourceHost, TargetHost, EndedAt, Bytes, Parts) = (run.SourceHost, run.TargetHost, run.UpAgainAt!.Value, bytes, parts);

    /// <summary>Host it left.</summary>
    public string SourceHost { get; }

    /// <summary>Host it went to.</summary>
    public string TargetHost { get; }

    /// <summary>When it answered again.</summary>
    public DateTimeOffset EndedAt { get; }

    /// <summary>Bytes that were copied and compared.</summary>
    public long Bytes { get; }

    /// <summary>Time of each of <see cref="Steps"/>.</summary>
    public IReadOnlyDictionary<string, TimeSpan> Parts { get; }

    /// <summary>
    /// Measures a run; null when it says nothing of how long a move takes: it did not succeed, the guest was off before, or a step was begun
    /// more than once, so that the time includes a fault or the wait for a person.
    /// </summary>
    public static MeasuredMove? Of(Run run)
    {
        var steps = Steps.Select(id => run.Steps.FirstOrDefault(step => step.Id == id)).OfType<RunStep>().ToList();
        if (run.State != RunState.Succeeded || run.DownSince is not { } cut || run.UpAgainAt is not { } up || steps.Count != Steps.Count
            || steps.Any(step => step.Attempts != 1 || step.FinishedAt is null)
            || steps.First(step => step.Id == "copy").Progress is not { } copied || Total(copied) is not (> 0 and var bytes))
        {
            return null;
        }

        var parts = new Dictionary<string, TimeSpan>(StringComparer.Ordinal);
        foreach (var step in steps)
        {
            // The guest answers before its proof is complete: what comes after is no downtime.
            var end = step.Id == Steps[^1] || step.FinishedAt > up ? up : step.FinishedAt!.Value;
            parts[step.Id] = end > cut ? end - cut : TimeSpan.Zero;
            cut = end > cut ? end : cut;
        }

        return new MeasuredMove(run, bytes, parts);
    }

    private static long Total(StepProgress progress) => progress.TotalBytes ?? progress.Disks.Sum(disk => disk.TotalBytes);
}
