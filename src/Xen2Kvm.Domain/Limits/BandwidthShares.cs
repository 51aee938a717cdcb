namespace Xen2Kvm.Domain.Limits;

/// <summary>A copy that is at work.</summary>
/// <param name="Run">Its run.</param>
/// <param name="SourceHost">Host that sends.</param>
/// <param name="TargetHost">Host that receives.</param>
public sealed record CopyAtWork(Guid Run, string SourceHost, string TargetHost)
{
    /// <summary>The most that its plan allows, in bytes per second; null for no bound.</summary>
    public long? Own { get; init; }

    /// <summary>The most that it can use as it has shown, in bytes per second; null when it may use anything.</summary>
    public long? Wants { get; init; }

    /// <summary>What it sends whatever is decided, in bytes per second: it cannot be told anything else now. Null when it can.</summary>
    public long? Fixed { get; init; }
}

/// <summary>From an instant on, a copy may send so much.</summary>
/// <param name="From">The instant.</param>
/// <param name="BytesPerSecond">Bytes per second; null for as much as it can.</param>
public readonly record struct RateChange(DateTimeOffset From, long? BytesPerSecond);

/// <summary>
/// Divides bandwidth among the copies at work, fair to the least (max-min): all get the same until one of them can have no more, be it for its
/// own bound or for a limit that it shares; the rest goes on. What a copy does not use goes to the others, and what nobody else can use it has
/// after all. Pure.
/// </summary>
public static class BandwidthShares
{
    // Below a byte per second two rates are the same.
    private const double Nothing = 0.5;

    /// <summary>What each copy may send from now on and after each change of the rules; one entry when nothing changes.</summary>
    /// <param name="copies">The copies at work.</param>
    /// <param name="book">The rules.</param>
    /// <param name="now">The instant of the first entry.</param>
    public static IReadOnlyDictionary<Guid, IReadOnlyList<RateChange>> Timetables(IReadOnlyCollection<CopyAtWork> copies, LimitBook book, DateTimeOffset now)
    {
        var tables = copies.ToDictionary(copy => copy.Run, _ => new List<RateChange>());
        Put(now, Of(copies, book, now));

        // How much a copy uses now says nothing of later.
        List<CopyAtWork> later = [.. copies.Select(copy => copy with { Wants = null, Fixed = null })];
        foreach (var boundary in book.Boundaries(LimitKind.BytesPerSecond, now))
        {
            Put(boundary, Of(later, book, boundary));
        }

        return tables.ToDictionary(table => table.Key, table => (IReadOnlyList<RateChange>)table.Value);

        void Put(DateTimeOffset from, IReadOnlyDictionary<Guid, long?> shares)
        {
            foreach (var (run, table) in tables)
            {
                if (table is [] || table[^1].BytesPerSecond != shares[run])
                {
                    table.Add(new(from, shares[run]));
                }
            }
        }
    }

    /// <summary>What each copy may send at one instant, in bytes per second; null for one that no rule bounds then.</summary>
    public static IReadOnlyDictionary<Guid, long?> Of(IReadOnlyCollection<CopyAtWork> copies, LimitBook book, DateTimeOffset at)
    {
        var room = book.Scopes().Select(scope => book.At(LimitKind.BytesPerSecond, scope, at)).OfType<LimitRule>()
            .ToDictionary(rule => rule.Scope, rule => (double)rule.Value);
        List<Filling> all = [.. copies.Select(copy => new Filling(copy, [.. new RunPlace(copy.SourceHost, copy.TargetHost, []).Scopes().Where(room.ContainsKey)]))];
        foreach (var filling in all.Where(filling => filling.Copy.Fixed is not null))
        {
            filling.Raise(filling.Copy.Fixed!.Value, room);
        }

        List<Filling> free = [.. all.Where(filling => filling is { Copy.Fixed: null, Scopes.Count: > 0 })];
        Fill(free, room, copy => Math.Min(copy.Own ?? double.MaxValue, copy.Wants ?? double.MaxValue));
        Fill(free, room, copy => copy.Own ?? double.MaxValue);
        return all.ToDictionary(filling => filling.Copy.Run, filling => filling.Scopes.Count == 0 ? (long?)null : (long)filling.Rate);
    }

    // Raises all together until each of them has met its bound or a limit.
    private static void Fill(List<Filling> fillings, Dictionary<LimitScope, double> room, Func<CopyAtWork, double> bound)
    {
        List<Filling> open = fillings;
        while ((open = [.. open.Where(filling => bound(filling.Copy) - filling.Rate > Nothing && filling.Scopes.All(scope => room[scope] > Nothing))]).Count > 0)
        {
            var step = open.Min(filling => bound(filling.Copy) - filling.Rate);
            foreach (var users in open.SelectMany(filling => filling.Scopes).GroupBy(scope => scope))
            {
                step = Math.Min(step, room[users.Key] / users.Count());
            }

            open.ForEach(filling => filling.Raise(step, room));
        }
    }

    private sealed class Filling(CopyAtWork copy, IReadOnlyList<LimitScope> scopes)
    {
        public CopyAtWork Copy { get; } = copy;

        public IReadOnlyList<LimitScope> Scopes { get; } = scopes;

        public double Rate { get; private set; }

        public void Raise(double by, Dictionary<LimitScope, double> room)
        {
            Rate += by;
            foreach (var scope in Scopes)
            {
                room[scope] -= by;
            }
        }
    }
}
