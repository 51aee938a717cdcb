using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Preflight;

namespace Xen2Kvm.Domain.Waves;

/// <summary>One fact that an approval rests on.</summary>
/// <param name="Subject">The guest, or the wave itself.</param>
/// <param name="Name">What it is; unique within its subject.</param>
/// <param name="Value">Its value in words.</param>
public sealed record ApprovedFact(string Subject, string Name, string Value)
{
    /// <summary>
    /// SHA-256 over facts, as lower-case hex. Each of subject, name and value goes in as its length in UTF-8 bytes (four bytes, big endian)
    /// and its bytes, so that no two different lists of facts read the same.
    /// </summary>
    public static string Fingerprint(IEnumerable<ApprovedFact> facts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var fact in facts)
        {
            foreach (var part in new[] { fact.Subject, fact.Name, fact.Value })
            {
                var bytes = Encoding.UTF8.GetBytes(part);
                hash.AppendData([(byte)(bytes.Length >> 24), (byte)(bytes.Length >> 16), (byte)(bytes.Length >> 8), (byte)bytes.Length]);
                hash.AppendData(bytes);
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

/// <summary>A fact that is not as it was approved.</summary>
/// <param name="Subject">The guest, or the wave itself.</param>
/// <param name="Name">What differs.</param>
/// <param name="Approved">Its value when it was submitted; null when there was none.</param>
/// <param name="Now">Its value now; null when it is gone.</param>
public sealed record FactDifference(string Subject, string Name, string? Approved, string? Now)
{
    /// <summary>The difference as a sentence.</summary>
    public override string ToString() => $"{Subject}: {Name} {(Approved, Now) switch
    {
        (null, { } now) => $"is new: {now}",
        ({ } approved, null) => $"is gone; it was {approved}",
        _ => $"was {Approved}, now {Now}",
    }}.";
}

/// <summary>What is known of one plan of a wave at a time: everything that a start depends on.</summary>
/// <param name="PlanId">The plan.</param>
/// <param name="Guest">Guest name.</param>
/// <param name="Facts">Plan, source, concerns and waivers as facts.</param>
/// <param name="Concerns">The findings, for reading.</param>
/// <param name="Projected">The downtime to expect; null when nothing was measured. It is no part of what is approved.</param>
public sealed record DossierEntry(
    Guid PlanId, string Guest, IReadOnlyList<ApprovedFact> Facts, IReadOnlyList<Concern> Concerns, DowntimeForecast? Projected = null)
{
    /// <summary>Gathers the facts of one plan.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="source">The guest as it is on its host now; null when it is gone.</param>
    /// <param name="concerns">What the preflight found.</param>
    public static DossierEntry Of(Plan plan, Guest? source, IReadOnlyList<Concern> concerns)
    {
        var guest = plan.Source.Name;
        var facts = PlanFacts.Of(plan)
            .Concat(source is null ? [("guest on Xen", "gone")] : SourceFacts.Of(source))
            .Concat(concerns.Where(concern => concern.Severity != Severity.Info).Select(concern =>
                ($"concern {concern.Key}", $"{concern.Severity}: {concern.Title}")))
            .Concat(plan.Acknowledged.Select(waiver => ($"accepted {waiver.ConcernKey}", waiver.Describe())));
        return new(plan.Id, guest, [.. facts.Select(fact => new ApprovedFact(guest, fact.Item1, fact.Item2))], concerns);
    }
}

/// <summary>What an approver is shown and approves: the facts of every plan, and the wave's own terms.</summary>
/// <param name="Terms">Order, dependencies, policy and windows.</param>
/// <param name="Entries">Its plans.</param>
public sealed record WaveDossier(IReadOnlyList<ApprovedFact> Terms, IReadOnlyList<DossierEntry> Entries)
{
    /// <summary>Gathers a wave's dossier. Limits of concurrency and holds are no part of it: they may be changed while the wave runs.</summary>
    public static WaveDossier Of(Wave wave, IReadOnlyList<DossierEntry> entries) => new(TermsOf(wave), entries);

    /// <summary>The wave's own terms as facts.</summary>
    public static IReadOnlyList<ApprovedFact> TermsOf(Wave wave)
    {
        var names = wave.Entries.ToDictionary(entry => entry.PlanId, entry => entry.GuestName);
        var facts = new List<(string, string)>
        {
            ("order", string.Join(", ", wave.Entries.Select(entry => entry.GuestName))),
            ("when a run fails", wave.Policy.OnFailure.ToString()),
            ("pauses after failures", wave.Policy.StopAfterFailures.ToString(CultureInfo.InvariantCulture)),
            ("when a window closes", wave.Policy.Overrun.ToString()),
            ("approvers needed", wave.Policy.ApproversNeeded.ToString(CultureInfo.InvariantCulture)),
            ("approval holds for hours", wave.Policy.ApprovalHours.ToString(CultureInfo.InvariantCulture)),
            ("windows", wave.Calendar.Describe()),
        };
        facts.AddRange(wave.Entries.Where(entry => entry.DependsOn.Count > 0).Select(entry => (
            $"{entry.GuestName} waits for", string.Join(", ", entry.DependsOn.Select(id => names.GetValueOrDefault(id, "?")).Order(StringComparer.Ordinal)))));
        facts.AddRange(wave.Entries.Where(entry => entry.IsCanary).Select(entry => ($"{entry.GuestName} goes first", "canary")));
        return [.. facts.Select(fact => new ApprovedFact(wave.Name, fact.Item1, fact.Item2))];
    }

    /// <summary>SHA-256 over all facts, as lower-case hex.</summary>
    public string Fingerprint() => ApprovedFact.Fingerprint(
        Terms.Concat(Entries.SelectMany(entry => entry.Facts.Prepend(new(entry.Guest, "plan id", entry.PlanId.ToString())))));

    /// <summary>What differs between facts as they were approved and as they are.</summary>
    public static IReadOnlyList<FactDifference> Differences(IReadOnlyList<ApprovedFact> approved, IReadOnlyList<ApprovedFact> now)
    {
        var then = approved.ToLookup(fact => (fact.Subject, fact.Name), fact => fact.Value);
        var today = now.ToLookup(fact => (fact.Subject, fact.Name), fact => fact.Value);
        return [.. approved.Concat(now).Select(fact => (fact.Subject, fact.Name)).Distinct()
            .Where(key => !then[key].SequenceEqual(today[key], StringComparer.Ordinal))
            .Select(key => new FactDifference(key.Subject, key.Name, Joined(then[key]), Joined(today[key])))];
    }

    private static string? Joined(IEnumerable<string> values) => string.Join("; ", values) is { Length: > 0 } text ? text : null;
}
