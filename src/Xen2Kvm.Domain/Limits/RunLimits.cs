using Xen2Kvm.Domain.Runs;

namespace Xen2Kvm.Domain.Limits;

/// <summary>
/// Who has the slots of the installation at one instant, and who waits for one. What has begun is never held up, and neither is a roll-back:
/// only runs that have not started wait, in the order in which they were asked for. Pure.
/// </summary>
public sealed class RunLimits
{
    private readonly RunSlots _slots;
    private readonly Func<Guid, IReadOnlyList<string>> _poolsOf;

    private RunLimits(RunSlots slots, IReadOnlyDictionary<Guid, string> waiting, Func<Guid, IReadOnlyList<string>> poolsOf) =>
        (_slots, Waiting, _poolsOf) = (slots, waiting, poolsOf);

    /// <summary>Nothing is limited.</summary>
    public static RunLimits None { get; } = Of(new LimitBook([]), default, [], _ => []);

    /// <summary>Runs that wait, and for what.</summary>
    public IReadOnlyDictionary<Guid, string> Waiting { get; }

    /// <summary>The slots that are limited now, with how many are used.</summary>
    public IReadOnlyDictionary<LimitScope, (int Used, LimitRule Rule)> Used => _slots.Used;

    /// <summary>Looks at all runs in flight.</summary>
    /// <param name="book">The rules.</param>
    /// <param name="now">The instant.</param>
    /// <param name="inFlight">All runs in flight of the installation, in any order.</param>
    /// <param name="poolsOf">Volume groups and pools that a plan's disks go to, by plan.</param>
    public static RunLimits Of(LimitBook book, DateTimeOffset now, IReadOnlyCollection<Run> inFlight, Func<Guid, IReadOnlyList<string>> poolsOf)
    {
        var (slots, waiting) = (new RunSlots(book, now), new Dictionary<Guid, string>());
        foreach (var run in inFlight.Where(run => !IsToStart(run)))
        {
            slots.Take(PlaceOf(run));
        }

        foreach (var run in inFlight.Where(IsToStart).OrderBy(run => run.CreatedAt).ThenBy(run => run.Id))
        {
            if (slots.WhyNot(PlaceOf(run)) is { } why)
            {
                waiting[run.Id] = why;
            }
            else
            {
                slots.Take(PlaceOf(run));
            }
        }

        return new(slots, waiting, poolsOf);

        RunPlace PlaceOf(Run run) => new(run.SourceHost, run.TargetHost, poolsOf(run.PlanId));
    }

    /// <summary>The slots as they are now, for one who wants to start more: <see cref="Claim"/> takes of them.</summary>
    public RunSlots Slots() => _slots.Copy();

    /// <summary>Takes a slot for a plan that has no run yet; says why not when there is none.</summary>
    public string? Claim(RunSlots slots, Guid planId, string sourceHost, string targetHost)
    {
        var place = new RunPlace(sourceHost, targetHost, _poolsOf(planId));
        var why = slots.WhyNot(place);
        if (why is null)
        {
            slots.Take(place);
        }

        return why;
    }

    private static bool IsToStart(Run run) => run is { State: RunState.Queued, Intent: RunIntent.Forward, StartedAt: null };
}
