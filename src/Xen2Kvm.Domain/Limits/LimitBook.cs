namespace Xen2Kvm.Domain.Limits;

/// <summary>All rules together: what counts at an instant, and when that changes. Pure.</summary>
public sealed class LimitBook(IReadOnlyList<LimitRule> rules)
{
    /// <summary>How far ahead changes are looked for: a week, and what a change of the clock may add.</summary>
    public static readonly TimeSpan Ahead = TimeSpan.FromDays(8);

    /// <summary>The rules.</summary>
    public IReadOnlyList<LimitRule> Rules { get; } = rules;

    /// <summary>Whether anything of a kind is limited at any time.</summary>
    public bool Has(LimitKind kind) => Rules.Any(rule => rule.Kind == kind);

    /// <summary>Where anything is limited at any time: everywhere first, then hosts, then pools.</summary>
    public IReadOnlyList<LimitScope> Scopes() =>
        [.. Rules.Select(rule => rule.Scope).Distinct().OrderBy(scope => scope.Host ?? "", StringComparer.Ordinal).ThenBy(scope => scope.Pool ?? "", StringComparer.Ordinal)];

    /// <summary>The rule that counts for a scope at a time, the narrowest of several; null when nothing is limited then.</summary>
    public LimitRule? At(LimitKind kind, LimitScope scope, DateTimeOffset at) =>
        Rules.Where(rule => rule.Kind == kind && rule.Scope == scope && rule.CountsAt(at)).MinBy(rule => rule.Value);

    /// <summary>The next instant at which another value counts for a scope; null when none comes.</summary>
    public DateTimeOffset? NextChange(LimitKind kind, LimitScope scope, DateTimeOffset after)
    {
        var now = At(kind, scope, after)?.Value;
        return Boundaries(kind, after).Cast<DateTimeOffset?>().FirstOrDefault(boundary => At(kind, scope, boundary!.Value)?.Value != now);
    }

    /// <summary>The instants after a time at which a rule of a kind begins or ends to count, in order, as far as <see cref="Ahead"/>.</summary>
    public IReadOnlyList<DateTimeOffset> Boundaries(LimitKind kind, DateTimeOffset after)
    {
        var until = after + Ahead;
        return [.. Rules.Where(rule => rule.Kind == kind).SelectMany(rule => rule.Times(after, until)).SelectMany(time => new[] { time.Begin, time.End })
            .Where(boundary => boundary > after && boundary <= until).Distinct().Order()];
    }
}
