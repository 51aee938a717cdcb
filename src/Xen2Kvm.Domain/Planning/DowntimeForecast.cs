using System.Globalization;
using Xen2Kvm.Domain.Runs;

namespace Xen2Kvm.Domain.Planning;

/// <summary>How long a guest will not answer, as a range, and what that rests on.</summary>
/// <remarks>
/// It is computed from earlier runs alone; with none there is no forecast. Used are the latest runs (at most <see cref="MostRuns"/>) between
/// the same two hosts, and only when there are none, those between any. Each step that a guest is down for gets a range of its own: copy and
/// verification take the measured seconds per byte times the bytes of this guest, the others the measured seconds as they are. The range goes
/// from the shortest to the longest measured value (with ten and more from the tenth to the ninetieth percentile), and is widened by 1 + 0.5/n
/// on both sides for n runs, so that one run gives ±50 %. A guest less than half as large or more than twice as large as every measured one
/// widens its copy and verification by half once more, since rates of other sizes say less. Under a rate limit the copy's high end is at least
/// the time that all bytes take at that limit. The range of the whole adds up the ranges of the steps: it is wider than it would need to be,
/// never narrower. While a run goes on, what has passed counts as measured, the current step by its own remaining time where it tells one.
/// </remarks>
/// <param name="Low">Shortest likely downtime.</param>
/// <param name="High">Longest likely downtime.</param>
/// <param name="Runs">Number of earlier runs used.</param>
/// <param name="Basis">What it rests on, in words.</param>
public sealed record DowntimeForecast(TimeSpan Low, TimeSpan High, int Runs, string Basis)
{
    /// <summary>More runs than these say nothing new, and old ones speak of other times.</summary>
    public const int MostRuns = 20;

    /// <summary>What stands where no forecast can be made.</summary>
    public const string NoneYet = "no run measured yet";

    /// <summary>The downtime to expect from a plan; null when no earlier run was measured.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="sourceHost">Name of the host that the guest leaves.</param>
    /// <param name="targetHost">Name of the host that it goes to.</param>
    /// <param name="runs">Earlier runs in any state, in any order.</param>
    public static DowntimeForecast? Of(Plan plan, string sourceHost, string targetHost, IEnumerable<Run> runs)
    {
        var (used, same) = Choose(runs, sourceHost, targetHost);
        if (used.Count == 0)
        {
            return null;
        }

        var parts = Ranges(plan, used);
        return Whole(parts.Values, used.Count, string.Create(
            CultureInfo.InvariantCulture,
            $"{Described(used.Count, same, sourceHost, targetHost)}; copy and verification scaled to {plan.CopyBytes() / 1073741824.0:0.0} GiB"));
    }

    /// <summary>The downtime to expect of a run in work; null when it does not move, when its guest answers again, or without earlier runs.</summary>
    /// <param name="run">The run.</param>
    /// <param name="plan">Its plan.</param>
    /// <param name="runs">Earlier runs.</param>
    /// <param name="now">The time now.</param>
    public static DowntimeForecast? During(Run run, Plan plan, IEnumerable<Run> runs, DateTimeOffset now)
    {
        if (run.State is not (RunState.Queued or RunState.Running) || run.Intent != RunIntent.Forward || run.UpAgainAt is not null)
        {
            return null;
        }

        if (run.Downtime(now) is not { } soFar)
        {
            return Of(plan, run.SourceHost, run.TargetHost, runs);
        }

        var (used, same) = Choose(runs, run.SourceHost, run.TargetHost);
        if (used.Count == 0 || run.CurrentStep is not { } current || !MeasuredMove.Steps.Contains(current.Id))
        {
            return null;
        }

        var ranges = Ranges(plan, used);
        var told = current.Progress is { EtaLow: not null, EtaHigh: not null };
        var left = MeasuredMove.Steps.SkipWhile(id => id != current.Id).Skip(1).Select(id => ranges[id]).Prepend(Remaining(current, ranges[current.Id], now));
        return Whole(
            left.Prepend((soFar, soFar)), used.Count,
            $"what has passed{(told ? $", the remaining time of {current.Id}" : "")}, and {Described(used.Count, same, run.SourceHost, run.TargetHost)}");
    }

    private static (IReadOnlyList<MeasuredMove> Used, bool Same) Choose(IEnumerable<Run> runs, string sourceHost, string targetHost)
    {
        var all = runs.Select(MeasuredMove.Of).OfType<MeasuredMove>().OrderByDescending(move => move.EndedAt).ToList();
        var same = all.Where(move => move.SourceHost == sourceHost && move.TargetHost == targetHost).Take(MostRuns).ToList();
        return same.Count > 0 ? (same, true) : ([.. all.Take(MostRuns)], false);
    }

    private static Dictionary<string, (TimeSpan Low, TimeSpan High)> Ranges(Plan plan, IReadOnlyList<MeasuredMove> used) =>
        MeasuredMove.Steps.ToDictionary(id => id, id => id is "copy" or "verify" ? Scaled(plan, id, used) : Spread(used.Select(move => move.Parts[id].TotalSeconds), 1));

    private static (TimeSpan Low, TimeSpan High) Scaled(Plan plan, string step, IReadOnlyList<MeasuredMove> used)
    {
        var bytes = plan.CopyBytes();
        var strange = bytes > 2 * used.Max(move => move.Bytes) || 2 * bytes < used.Min(move => move.Bytes);
        var range = Spread(used.Select(move => move.Parts[step].TotalSeconds / move.Bytes * bytes), strange ? 1.5 : 1);
        var atLimit = step == "copy" && plan.RateLimitBytesPerSecond > 0 ? TimeSpan.FromSeconds((double)bytes / plan.RateLimitBytesPerSecond) : TimeSpan.Zero;
        return range with { High = atLimit > range.High ? atLimit : range.High };
    }

    private static (TimeSpan Low, TimeSpan High) Spread(IEnumerable<double> seconds, double wider)
    {
        var sorted = seconds.Order().ToList();
        var factor = (1 + (0.5 / sorted.Count)) * wider;
        var cut = sorted.Count < 10 ? 0 : sorted.Count / 10;
        return (TimeSpan.FromSeconds(sorted[cut] / factor), TimeSpan.FromSeconds(sorted[^(cut + 1)] * factor));
    }

    private static (TimeSpan Low, TimeSpan High) Remaining(RunStep step, (TimeSpan Low, TimeSpan High) range, DateTimeOffset now)
    {
        if (step.Progress is { EtaLow: { } low, EtaHigh: { } high })
        {
            return (low, high);
        }

        var taken = step.StartedAt is { } started && now > started ? now - started : TimeSpan.Zero;

        // A step that outlasts its range has no known end; it is given another quarter of what it took.
        var (shortest, longest) = (range.Low - taken, range.High - taken);
        return (shortest > TimeSpan.Zero ? shortest : TimeSpan.Zero, longest > taken / 4 ? longest : taken / 4);
    }

    private static DowntimeForecast Whole(IEnumerable<(TimeSpan Low, TimeSpan High)> parts, int runs, string basis)
    {
        var (low, high) = parts.Aggregate((Low: TimeSpan.Zero, High: TimeSpan.Zero), (sum, part) => (sum.Low + part.Low, sum.High + part.High));
        return new DowntimeForecast(low, high, runs, basis);
    }

    private static string Described(int runs, bool same, string sourceHost, string targetHost) =>
        $"{runs} earlier {(runs == 1 ? "run" : "runs")} {(same ? $"from {sourceHost} to {targetHost}" : "between other hosts")}";
}
