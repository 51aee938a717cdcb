using Xen2Kvm.Domain.Runs;

namespace Xen2Kvm.Domain.Limits;

/// <summary>What counts for a scope now, and how much of it is used.</summary>
/// <param name="Scope">Where.</param>
/// <param name="Kind">What is limited.</param>
/// <param name="Value">The limit: runs at once, or bytes per second.</param>
/// <param name="Used">Runs that have a slot, or bytes sent per second over the last seconds.</param>
/// <param name="Until">When another value counts; null for none.</param>
public sealed record LimitUse(LimitScope Scope, LimitKind Kind, long Value, double Used, DateTimeOffset? Until)
{
    /// <summary>Everything that is limited at an instant. Pure.</summary>
    /// <param name="book">The rules.</param>
    /// <param name="slots">Who has the slots at that instant.</param>
    /// <param name="inFlight">All runs in flight.</param>
    /// <param name="now">The instant.</param>
    public static IReadOnlyList<LimitUse> Of(LimitBook book, RunLimits slots, IReadOnlyCollection<Run> inFlight, DateTimeOffset now)
    {
        var uses = new List<LimitUse>();
        foreach (var scope in book.Scopes())
        {
            if (slots.Used.TryGetValue(scope, out var slot))
            {
                uses.Add(new(scope, LimitKind.Runs, slot.Rule.Value, slot.Used, book.NextChange(LimitKind.Runs, scope, now)));
            }

            if (book.At(LimitKind.BytesPerSecond, scope, now) is { } rate)
            {
                var sent = inFlight.Where(run => run.State == RunState.Running && (scope.Host is null || scope.Host == run.SourceHost || scope.Host == run.TargetHost))
                    .Sum(run => run.CurrentStep?.Progress?.SentBytesPerSecond ?? 0);
                uses.Add(new(scope, LimitKind.BytesPerSecond, rate.Value, sent, book.NextChange(LimitKind.BytesPerSecond, scope, now)));
            }
        }

        return uses;
    }
}
