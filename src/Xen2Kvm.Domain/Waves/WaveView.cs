using Xen2Kvm.Domain.Limits;
using Xen2Kvm.Domain.Runs;

namespace Xen2Kvm.Domain.Waves;

/// <summary>Where a plan of a wave stands.</summary>
public enum EntryState
{
    /// <summary>Has not started; its reason says what it waits for.</summary>
    Waiting,

    /// <summary>A person holds it back.</summary>
    Held,

    /// <summary>Cannot start: what it depends on has not come through.</summary>
    Blocked,

    /// <summary>Its run is queued or in work.</summary>
    Running,

    /// <summary>Its run waits for a person, or failed, or was stopped: only a person goes on from here.</summary>
    NeedsYou,

    /// <summary>Proven on KVM.</summary>
    Proven,

    /// <summary>Being undone.</summary>
    RollingBack,

    /// <summary>Back on Xen.</summary>
    RolledBack,
}

/// <summary>Where a plan of a wave stands, and why.</summary>
/// <param name="Entry">The plan's place.</param>
/// <param name="Run">Its latest run in this wave; null before the first.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Reason">What it waits for, what is asked of a person, what went wrong; empty when there is nothing to say.</param>
/// <param name="MayStart">It may be started now.</param>
public sealed record EntryStatus(WaveEntry Entry, Run? Run, EntryState State, string Reason, bool MayStart);

/// <summary>
/// A wave at one time: where each plan stands, what may start now and why the rest may not. The dispatcher starts by it and the pages show
/// it, so that they cannot tell different stories. Pure.
/// </summary>
public sealed record WaveView
{
    /// <summary>The wave.</summary>
    public required Wave Wave { get; init; }

    /// <summary>Its plans, in its order.</summary>
    public required IReadOnlyList<EntryStatus> Entries { get; init; }

    /// <summary>The opening of its calendar that it is in; null when closed, or when any time will do.</summary>
    public Opening? Window { get; init; }

    /// <summary>When its next window opens; null while one is open, or when none comes.</summary>
    public Opening? NextWindow { get; init; }

    /// <summary>Plans that failed, or were rolled back.</summary>
    public int Failures => Entries.Count(status => IsFailure(status.Run));

    /// <summary>So many failed that it pauses.</summary>
    public bool HasTooManyFailures => Wave.Policy.StopAfterFailures > 0 && Failures - Wave.FailuresAccepted >= Wave.Policy.StopAfterFailures;

    /// <summary>Runs in flight.</summary>
    public int Running => Entries.Count(status => TakesSlot(status.Run));

    /// <summary>Every plan is at an end that nothing in this wave changes: proven, rolled back, or waiting for one that was.</summary>
    public bool IsThrough => Entries.All(status => status.State is EntryState.Proven or EntryState.RolledBack
        || (status.State == EntryState.Blocked && status.Run is null));

    /// <summary>Looks at a wave.</summary>
    /// <param name="wave">The wave.</param>
    /// <param name="runs">Its runs, in any order.</param>
    /// <param name="inFlight">All runs in flight of the whole installation, its own included.</param>
    /// <param name="now">The time.</param>
    /// <param name="limits">The limits of the installation at that time, with the same runs in flight; null for none.</param>
    public static WaveView Of(Wave wave, IReadOnlyCollection<Run> runs, IReadOnlyCollection<Run> inFlight, DateTimeOffset now, RunLimits? limits = null)
    {
        var superseded = wave.Entries.Select(entry => entry.Superseded).OfType<Guid>().ToHashSet();
        var latest = runs.Where(run => !superseded.Contains(run.Id)).GroupBy(run => run.PlanId).ToDictionary(group => group.Key, group => group.MaxBy(run => (run.CreatedAt, run.Id))!);
        var (window, next) = wave.Calendar.At(now);
        var view = new WaveView { Wave = wave, Entries = [], Window = window, NextWindow = next };
        limits ??= RunLimits.None;
        var (slots, order) = (new Slots(wave, runs, inFlight, window, limits), new Order(wave, latest));
        var closed = view.WhyNothingStarts(runs, now);
        var entries = new List<EntryStatus>();
        foreach (var entry in wave.Entries)
        {
            var run = latest.GetValueOrDefault(entry.PlanId);
            if (run is not null)
            {
                entries.Add(limits.Waiting.TryGetValue(run.Id, out var why) ? new(entry, run, EntryState.Running, $"waits: {why}", false) : InHand(entry, run));
            }
            else if (entry.IsHeld)
            {
                entries.Add(new(entry, null, EntryState.Held, "held back", false));
            }
            else if (order.Hindrance(entry) is { } hindrance)
            {
                entries.Add(hindrance);
            }
            else
            {
                var reason = closed ?? slots.Take(entry);
                entries.Add(new(entry, null, EntryState.Waiting, reason ?? "starts now", reason is null));
            }
        }

        view = view with { Entries = entries };
        return view.HasTooManyFailures && wave.State == WaveState.Running
            ? view with { Entries = [.. entries.Select(status => status with { MayStart = false, Reason = status.MayStart ? "the wave pauses after failures" : status.Reason })] }
            : view;
    }

    /// <summary>Whether a run has a host's slot.</summary>
    public static bool TakesSlot(Run? run) => run is { IsActive: true } or { State: RunState.NeedsAnswer };

    /// <summary>Whether a run counts as a failure of its wave.</summary>
    public static bool IsFailure(Run? run) => run?.State is RunState.Failed or RunState.RollingBack or RunState.RolledBack;

    private string? WhyNothingStarts(IReadOnlyCollection<Run> runs, DateTimeOffset now) => Wave.State switch
    {
        WaveState.Draft => "the wave is a draft",
        WaveState.Submitted => "the wave waits for approval",
        WaveState.Approved when Wave.Calendar.IsAlways => "the wave has not been started",
        WaveState.Paused => "the wave is paused",
        WaveState.Done or WaveState.Cancelled => "the wave has ended",
        _ when Wave.NotBefore > now => "the wave was put off",
        _ when Wave.Calendar.IsAlways || Window is not null => null,
        _ when Wave.Policy.Overrun == OverrunPolicy.GoOn && runs.Count > 0 => null,
        _ => NextWindow is null ? "no window comes any more" : "waits for its window",
    };

    private static EntryStatus InHand(WaveEntry entry, Run run) => run.State switch
    {
        RunState.Queued => new(entry, run, EntryState.Running, "waits for a worker", false),
        RunState.Running => new(entry, run, EntryState.Running, run.CurrentStep?.Id ?? "", false),
        RunState.NeedsAnswer => new(entry, run, EntryState.NeedsYou, run.Question?.Text ?? "asks a question", false),
        RunState.Succeeded => new(entry, run, EntryState.Proven, "", false),
        RunState.Failed => new(entry, run, EntryState.NeedsYou, run.Error ?? "failed", false),
        RunState.Stopped => new(entry, run, EntryState.NeedsYou, "stopped; resume it or roll it back", false),
        RunState.RollingBack => new(entry, run, EntryState.RollingBack, run.CurrentStep?.Id ?? "", false),
        _ => new(entry, run, EntryState.RolledBack, run.Error ?? "back on Xen", false),
    };

    // What keeps an entry from starting whatever the limits say: a dependency, or the canaries.
    private sealed class Order(Wave wave, Dictionary<Guid, Run> latest)
    {
        private readonly Dictionary<Guid, WaveEntry> _byPlan = wave.Entries.DistinctBy(entry => entry.PlanId).ToDictionary(entry => entry.PlanId);
        private readonly List<WaveEntry> _canaries = [.. wave.Entries.Where(entry => entry.IsCanary)];

        public EntryStatus? Hindrance(WaveEntry entry)
        {
            var open = Before(entry).Where(other => latest.GetValueOrDefault(other.PlanId)?.State != RunState.Succeeded).ToList();
            return open.Count == 0
                ? null
                : Lost(open) is { } lost
                    ? new(entry, null, EntryState.Blocked, $"cannot start: {lost.GuestName} did not come through", false)
                    : new(entry, null, EntryState.Waiting, $"waits for {string.Join(", ", open.Select(other => other.IsCanary ? $"the canary {other.GuestName}" : other.GuestName))}", false);
        }

        private IEnumerable<WaveEntry> Before(WaveEntry entry) =>
            entry.DependsOn.Select(id => _byPlan.GetValueOrDefault(id)).OfType<WaveEntry>().Concat(entry.IsCanary ? [] : _canaries).DistinctBy(other => other.PlanId);

        // The first of those before that was rolled back, however far before.
        private WaveEntry? Lost(IEnumerable<WaveEntry> open)
        {
            var seen = new HashSet<Guid>();
            var queue = new Queue<WaveEntry>(open);
            while (queue.TryDequeue(out var entry))
            {
                if (!seen.Add(entry.PlanId))
                {
                    continue;
                }

                if (latest.GetValueOrDefault(entry.PlanId)?.State is RunState.RolledBack or RunState.RollingBack)
                {
                    return entry;
                }

                foreach (var other in Before(entry))
                {
                    queue.Enqueue(other);
                }
            }

            return null;
        }
    }

    // Counts the runs in flight, and those that this look lets start.
    private sealed class Slots(Wave wave, IReadOnlyCollection<Run> runs, IReadOnlyCollection<Run> inFlight, Opening? window, RunLimits limits)
    {
        private readonly RunSlots _installation = limits.Slots();
        private readonly List<(string Source, string Target)> _taken = [.. inFlight.Where(TakesSlot).Select(run => (run.SourceHost, run.TargetHost))];
        private int _mine = runs.Count(TakesSlot);
        private int _inWindow = window is { } open ? runs.Count(run => run.CreatedAt >= open.Begin) : 0;

        public string? Take(WaveEntry entry)
        {
            var (policy, fromSource, toTarget) = (wave.Policy, _taken.Count(run => run.Source == entry.SourceHost), _taken.Count(run => run.Target == entry.TargetHost));
            if (window is { Capacity: > 0 and var capacity } && _inWindow >= capacity)
            {
                return $"this window has its {capacity} runs";
            }

            if (_mine >= policy.MaxConcurrent)
            {
                return $"{_mine} of {policy.MaxConcurrent} runs of this wave in flight";
            }

            if (fromSource >= policy.MaxPerSourceHost)
            {
                return $"{fromSource} of {policy.MaxPerSourceHost} runs from {entry.SourceHost} in flight";
            }

            if (toTarget >= policy.MaxPerTargetHost)
            {
                return $"{toTarget} of {policy.MaxPerTargetHost} runs to {entry.TargetHost} in flight";
            }

            if (limits.Claim(_installation, entry.PlanId, entry.SourceHost, entry.TargetHost) is { } why)
            {
                return $"waits: {why}";
            }

            (_mine, _inWindow) = (_mine + 1, _inWindow + 1);
            _taken.Add((entry.SourceHost, entry.TargetHost));
            return null;
        }
    }
}
