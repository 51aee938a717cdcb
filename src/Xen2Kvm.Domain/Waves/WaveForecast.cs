using Xen2Kvm.Domain.Planning;

namespace Xen2Kvm.Domain.Waves;

/// <summary>How long a wave will take from its start, as a range, and what that rests on.</summary>
/// <remarks>
/// Each plan takes what its forecast of downtime says, once at its low end and once at its high end; the plans are put one after another
/// into the wave's slots as order, dependencies and canaries demand. Windows and failures are left out. Without a forecast for every plan
/// there is none for the wave.
/// </remarks>
/// <param name="Low">Shortest likely time.</param>
/// <param name="High">Longest likely time.</param>
/// <param name="Basis">What it rests on, in words.</param>
public sealed record WaveForecast(TimeSpan Low, TimeSpan High, string Basis)
{
    /// <summary>Forecasts a wave; null when a plan has no forecast.</summary>
    /// <param name="wave">The wave.</param>
    /// <param name="plans">The forecast of each plan that is still to be moved; null where there is none.</param>
    public static WaveForecast? Of(Wave wave, IReadOnlyDictionary<Guid, DowntimeForecast?> plans)
    {
        if (plans.Count == 0 || plans.Values.Any(forecast => forecast is null) || WaveRules.StructureProblems(wave.Entries).Any())
        {
            return null;
        }

        var entries = wave.Entries.Where(entry => plans.ContainsKey(entry.PlanId)).ToList();
        return new WaveForecast(
            Simulate(wave, entries, id => plans[id]!.Low), Simulate(wave, entries, id => plans[id]!.High),
            $"{plans.Count} plans in {wave.Policy.MaxConcurrent} slots; each from {plans.Values.Min(forecast => forecast!.Runs)} or more earlier runs");
    }

    private static TimeSpan Simulate(Wave wave, List<WaveEntry> entries, Func<Guid, TimeSpan> length)
    {
        var ends = new Dictionary<Guid, TimeSpan>();
        var flying = new List<(TimeSpan End, WaveEntry Entry)>();
        var waiting = new List<WaveEntry>(entries);
        var now = TimeSpan.Zero;
        while (waiting.Count > 0 || flying.Count > 0)
        {
            var known = entries.Select(entry => entry.PlanId).ToHashSet();
            foreach (var entry in waiting.ToList())
            {
                if (flying.Count < wave.Policy.MaxConcurrent
                    && flying.Count(other => other.Entry.SourceHost == entry.SourceHost) < wave.Policy.MaxPerSourceHost
                    && flying.Count(other => other.Entry.TargetHost == entry.TargetHost) < wave.Policy.MaxPerTargetHost
                    && Before(entries, entry).All(id => !known.Contains(id) || (ends.TryGetValue(id, out var end) && end <= now)))
                {
                    waiting.Remove(entry);
                    flying.Add((now + length(entry.PlanId), entry));
                }
            }

            if (flying.Count == 0)
            {
                break;
            }

            var next = flying.MinBy(other => other.End);
            now = next.End;
            ends[next.Entry.PlanId] = now;
            flying.Remove(next);
        }

        return now;
    }

    private static IEnumerable<Guid> Before(List<WaveEntry> entries, WaveEntry entry) =>
        entry.IsCanary ? entry.DependsOn : entry.DependsOn.Concat(entries.Where(other => other.IsCanary).Select(other => other.PlanId));
}
