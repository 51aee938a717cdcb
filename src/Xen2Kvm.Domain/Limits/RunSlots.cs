namespace Xen2Kvm.Domain.Limits;

/// <summary>Where a run takes a slot.</summary>
/// <param name="SourceHost">Host it leaves.</param>
/// <param name="TargetHost">Host it goes to.</param>
/// <param name="Pools">Volume groups and pools of the target host that its disks lie in.</param>
public sealed record RunPlace(string SourceHost, string TargetHost, IReadOnlyList<string> Pools)
{
    /// <summary>Every scope whose rules count for it.</summary>
    public IEnumerable<LimitScope> Scopes() =>
        new[] { LimitScope.Everywhere, new(SourceHost), new(TargetHost) }.Concat(Pools.Select(pool => new LimitScope(TargetHost, pool))).Distinct();
}

/// <summary>Counts runs against what the rules allow at one instant. Not for concurrent use.</summary>
public sealed class RunSlots
{
    private readonly Dictionary<LimitScope, (int Used, LimitRule Rule)> _slots;

    /// <summary>No run has a slot yet.</summary>
    public RunSlots(LimitBook book, DateTimeOffset at) => _slots = book.Scopes().Select(scope => book.At(LimitKind.Runs, scope, at)).OfType<LimitRule>()
        .ToDictionary(rule => rule.Scope, rule => (0, rule));

    private RunSlots(RunSlots other) => _slots = new(other._slots);

    /// <summary>Why no further run may start there; null when one may.</summary>
    public string? WhyNot(RunPlace place)
    {
        foreach (var scope in place.Scopes())
        {
            if (_slots.TryGetValue(scope, out var slot) && slot.Used >= slot.Rule.Value)
            {
                var hour = slot.Rule.IsAlways ? "" : " at this hour";
                return slot.Rule.Value == 0
                    ? $"no run may start {(scope.Host is null ? "anywhere" : $"on {scope.Describe()}")}{hour}"
                    : $"{(scope.Host is null ? "there are" : scope.Pool is null ? $"{scope.Host} runs" : $"{scope.Describe()} has")} {slot.Used} of {slot.Rule.Value}{(scope.Host is null ? " runs" : "")}{hour}";
            }
        }

        return null;
    }

    /// <summary>A run takes a slot there, whether one is free or not.</summary>
    public void Take(RunPlace place)
    {
        foreach (var scope in place.Scopes().Where(_slots.ContainsKey))
        {
            _slots[scope] = (_slots[scope].Used + 1, _slots[scope].Rule);
        }
    }

    /// <summary>The same count, to go on from.</summary>
    public RunSlots Copy() => new(this);

    /// <summary>Slots used, for each scope that is limited at this instant.</summary>
    public IReadOnlyDictionary<LimitScope, (int Used, LimitRule Rule)> Used => _slots;
}
