using System.Text.Json.Serialization;
using Xen2Kvm.Domain.Limits;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Limits;

/// <summary>What a person wants of a limit.</summary>
/// <param name="Kind">What is limited.</param>
/// <param name="Value">Runs at once, or bytes per second.</param>
/// <param name="Scope">Where; null for everywhere.</param>
/// <param name="Days">Days on which its time begins; null or empty for every day.</param>
/// <param name="From">When it begins; null with <paramref name="To"/> for whole days.</param>
/// <param name="To">When it ends.</param>
/// <param name="Zone">IANA name of the time zone of days and times.</param>
/// <param name="Version">The version of the limit that is changed by it; null for whichever there is.</param>
public sealed record LimitDraft(
    [property: JsonRequired] LimitKind Kind, [property: JsonRequired] long Value, LimitScope? Scope = null, IReadOnlyList<DayOfWeek>? Days = null, TimeOnly? From = null, TimeOnly? To = null, string? Zone = null, int? Version = null);

/// <summary>The limits of the installation at one moment.</summary>
/// <param name="Rules">All rules, the oldest first.</param>
/// <param name="Now">What counts now, and how much of it is used.</param>
public sealed record LimitsNow(IReadOnlyList<LimitRule> Rules, IReadOnlyList<LimitUse> Now);

/// <summary>The limits of the installation: what people change of them, and what they allow now.</summary>
public sealed class LimitService(ILimitStore limits, IRunStore runs, IHostStore hosts, PlanPlaces places, IAuditLog audit, TimeProvider time)
{
    private const int MostRules = 200;

    /// <summary>All rules.</summary>
    public async Task<LimitBook> ReadAsync(CancellationToken cancellationToken) => new(await limits.ListAsync(cancellationToken).ConfigureAwait(false));

    /// <summary>Adds a rule. It counts from now on, for runs in flight, too.</summary>
    /// <exception cref="RefusedException">It makes no sense, or its host or pool is not known.</exception>
    public async Task<LimitRule> AddAsync(LimitDraft draft, string by, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var rule = Fill(new LimitRule { Id = Guid.CreateVersion7(now), Kind = draft.Kind, Value = draft.Value, CreatedAt = now, CreatedBy = by }, draft);
        await CheckAsync(rule, cancellationToken).ConfigureAwait(false);
        if ((await limits.ListAsync(cancellationToken).ConfigureAwait(false)).Count >= MostRules)
        {
            throw new RefusedException($"There are {MostRules} limits already, which is the most. Remove some first.");
        }

        rule = await limits.AddAsync(rule, cancellationToken).ConfigureAwait(false);
        await AuditAsync(by, "limit.add", rule, "", cancellationToken).ConfigureAwait(false);
        return rule;
    }

    /// <summary>Replaces what a rule says.</summary>
    /// <exception cref="RefusedException">It is gone, was changed meanwhile, or makes no sense so.</exception>
    public async Task<LimitRule> ChangeAsync(Guid id, LimitDraft draft, string by, CancellationToken cancellationToken)
    {
        var before = await KnownAsync(id, cancellationToken).ConfigureAwait(false);
        var rule = Fill(before with { Version = draft.Version ?? before.Version }, draft);
        await CheckAsync(rule, cancellationToken).ConfigureAwait(false);
        rule = await limits.ReplaceAsync(rule, cancellationToken).ConfigureAwait(false)
            ?? throw new RefusedException($"Somebody changed this limit meanwhile. It is now {(await KnownAsync(id, cancellationToken).ConfigureAwait(false)).Describe()}. Nothing was overwritten: open it again to change it.");
        await AuditAsync(by, "limit.change", rule, $"before: {before.Describe()}", cancellationToken).ConfigureAwait(false);
        return rule;
    }

    /// <summary>Removes a rule.</summary>
    /// <exception cref="RefusedException">It is gone already.</exception>
    public async Task RemoveAsync(Guid id, string by, CancellationToken cancellationToken)
    {
        var rule = await KnownAsync(id, cancellationToken).ConfigureAwait(false);
        if (await limits.RemoveAsync(id, cancellationToken).ConfigureAwait(false))
        {
            await AuditAsync(by, "limit.remove", rule, "", cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Who has the slots now, and who waits for one.</summary>
    /// <param name="inFlight">All runs in flight.</param>
    /// <param name="plans">Plans that have no run yet and may want to start.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<RunLimits> LookAsync(IReadOnlyCollection<Run> inFlight, IEnumerable<Guid> plans, CancellationToken cancellationToken) =>
        await LookAsync(await ReadAsync(cancellationToken).ConfigureAwait(false), inFlight, plans, cancellationToken).ConfigureAwait(false);

    /// <summary>All rules, what counts of them now, and how much of that is used.</summary>
    public async Task<LimitsNow> UseAsync(CancellationToken cancellationToken) =>
        await UseAsync(await runs.ListInFlightAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    /// <summary>The same for one who has read all runs in flight already.</summary>
    public async Task<LimitsNow> UseAsync(IReadOnlyCollection<Run> inFlight, CancellationToken cancellationToken)
    {
        var book = await ReadAsync(cancellationToken).ConfigureAwait(false);
        return new(book.Rules, LimitUse.Of(book, await LookAsync(book, inFlight, [], cancellationToken).ConfigureAwait(false), inFlight, time.GetUtcNow()));
    }

    /// <summary>What a run waits for before it may begin; null when it does not wait for a limit.</summary>
    public async Task<string?> WhyWaitingAsync(Run run, CancellationToken cancellationToken) => run.State != RunState.Queued
        ? null
        : (await LookAsync(await runs.ListInFlightAsync(cancellationToken).ConfigureAwait(false), [], cancellationToken).ConfigureAwait(false)).Waiting.GetValueOrDefault(run.Id);

    /// <summary>What each of these runs waits for before it may begin, by run; without those that wait for no limit.</summary>
    /// <param name="runs">Runs of the whole installation, all that are in flight among them.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<IReadOnlyDictionary<Guid, string>> WhyWaitingAsync(IReadOnlyCollection<Run> runs, CancellationToken cancellationToken) =>
        runs.Any(run => run.State == RunState.Queued)
            ? (await LookAsync([.. runs.Where(run => !run.IsEnded)], [], cancellationToken).ConfigureAwait(false)).Waiting
            : RunLimits.None.Waiting;

    /// <summary>Which of the runs in flight may not begin now, for who claims runs; null while nothing limits runs.</summary>
    public async Task<RunGate?> GateAsync(CancellationToken cancellationToken)
    {
        var book = await ReadAsync(cancellationToken).ConfigureAwait(false);
        return !book.Has(LimitKind.Runs)
            ? null
            : async (inFlight, token) => [.. (await LookAsync(book, inFlight, [], token).ConfigureAwait(false)).Waiting.Keys];
    }

    private async Task<RunLimits> LookAsync(LimitBook book, IReadOnlyCollection<Run> inFlight, IEnumerable<Guid> plans, CancellationToken cancellationToken)
    {
        if (!book.Has(LimitKind.Runs))
        {
            return RunLimits.None;
        }

        // Plans are read for their pools alone.
        var known = book.Rules.Any(rule => rule.Scope.Pool is not null)
            ? await places.OfAsync(inFlight.Select(run => run.PlanId).Concat(plans), cancellationToken).ConfigureAwait(false)
            : new Dictionary<Guid, PlanPlace>();
        return RunLimits.Of(book, time.GetUtcNow(), inFlight, plan => known.GetValueOrDefault(plan)?.Pools ?? []);
    }

    private async Task<LimitRule> KnownAsync(Guid id, CancellationToken cancellationToken) =>
        (await limits.ListAsync(cancellationToken).ConfigureAwait(false)).FirstOrDefault(rule => rule.Id == id)
        ?? throw new RefusedException("This limit is gone: somebody removed it. Load the page again to see what counts.");

    private static LimitRule Fill(LimitRule rule, LimitDraft draft) => rule with
    {
        Kind = draft.Kind,
        Value = draft.Value,
        Scope = draft.Scope ?? LimitScope.Everywhere,
        Days = [.. (draft.Days ?? []).Distinct()],
        From = draft.From,
        To = draft.To,
        Zone = draft.Zone?.Trim() is { Length: > 0 } zone ? zone : "UTC",
    };

    private async Task CheckAsync(LimitRule rule, CancellationToken cancellationToken)
    {
        var problems = rule.Problems().ToList();
        if (problems.Count > 0)
        {
            throw new RefusedException(string.Join(" ", problems));
        }

        if (rule.Scope.Host is not { } name)
        {
            return;
        }

        var host = (await hosts.ListAsync(cancellationToken).ConfigureAwait(false)).FirstOrDefault(host => host.Name == name)
            ?? throw new RefusedException($"There is no host {name}.");
        if (rule.Scope.Pool is { } pool
            && (await hosts.GetSnapshotAsync(host.Id, cancellationToken).ConfigureAwait(false))?.Facts.Storage is var storage
            && storage?.Any(space => space.Name == pool) != true)
        {
            throw new RefusedException(storage is null or { Count: 0 }
                ? $"{name} has no storage that is known here. Refresh its inventory first."
                : $"{name} has no pool {pool}; it has {string.Join(", ", storage.Select(space => space.Name))}.");
        }
    }

    private Task AuditAsync(string by, string action, LimitRule rule, string detail, CancellationToken cancellationToken) =>
        audit.AppendAsync(new AuditEntry(time.GetUtcNow(), by, action, rule.Describe(), detail), cancellationToken);
}
