using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;

namespace Xen2Kvm.Web.Components.Text;

/// <summary>Sentences about runs. Pure, so that every page says the same.</summary>
public static class RunText
{
    /// <summary>After this long without a new reading a page says so.</summary>
    public static readonly TimeSpan StaleAfter = TimeSpan.FromSeconds(10);

    /// <summary>Short name of the current step with its share done: <c>copy 61 %</c>.</summary>
    public static string? StepExtra(Run run) => run.CurrentStep switch
    {
        null => null,
        { Progress: { TotalBytes: > 0 } progress } step when run.State == RunState.Running =>
            $"{step.Id} {Formats.Percent(progress.DoneBytes ?? 0, progress.TotalBytes.Value)} %",
        { } step when run.State is RunState.Running or RunState.NeedsAnswer or RunState.Failed or RunState.Stopped => step.Id,
        _ => null,
    };

    /// <summary>Where it stands, in one line: <c>copy 61 %, 38 MB/s, ETA 6–8 min</c>.</summary>
    /// <param name="run">The run.</param>
    /// <param name="waitsFor">The limit it waits for before it may begin; null when none holds it.</param>
    public static string Where(Run run, string? waitsFor = null)
    {
        if (run.State is RunState.Queued)
        {
            return waitsFor is null ? "waits for a worker" : $"waits: {waitsFor}";
        }

        if (run.State is RunState.Succeeded)
        {
            return $"runs on {run.TargetHost}";
        }

        if (run.State is RunState.RolledBack)
        {
            return $"back on {run.SourceHost}";
        }

        if (run.CurrentStep is not { } step)
        {
            return StateWords.Of(run.State).Word.ToLowerInvariant();
        }

        if (run.State is RunState.Failed or RunState.Stopped)
        {
            return $"at {step.Id}";
        }

        var parts = new List<string> { StepExtra(run) ?? step.Id };
        if (run.State == RunState.Running && step.Progress is { } progress)
        {
            if (progress.BytesPerSecond is { } rate)
            {
                parts.Add(Formats.Rate(rate));
            }

            if (Eta(progress) is { } eta)
            {
                parts.Add($"ETA {eta}");
            }

            if (Pace(step) is { BytesPerSecond: { } limit })
            {
                parts.Add($"sending limited to {Formats.Rate(limit)}");
            }
        }

        return string.Join(", ", parts);
    }

    /// <summary>The remaining time as a range, or null while it cannot be told honestly.</summary>
    public static string? Eta(StepProgress? progress) =>
        progress is { EtaLow: { } low, EtaHigh: { } high } ? Formats.Range(low, high) : null;

    /// <summary>What a step's copy may send; null for a step that sends next to nothing: the target is compared where it lies.</summary>
    public static CopyPace? Pace(RunStep? step) => step is null or { Id: "verify" } ? null : step.Progress?.Pace;

    /// <summary>What bounds a copy: <c>sends 18 MB/s, limited to 20 MB/s until 06:00</c>; null when nothing does.</summary>
    /// <param name="pace">What it may send.</param>
    /// <param name="sent">What it sends, in bytes per second; null when that is not known.</param>
    /// <param name="now">The time.</param>
    /// <param name="zone">The viewer's zone.</param>
    public static string? Limited(CopyPace? pace, double? sent, DateTimeOffset now, TimeZoneInfo zone) =>
        pace is { BytesPerSecond: { } limit } ? $"{(sent is null ? "" : $"sends {Formats.Rate(sent)}, ")}limited to {Formats.Rate(limit)}{(pace.Until is { } until ? $" until {Formats.Until(until, now, zone)}" : "")}" : null;

    /// <summary>For the chip of the top bar: <c>3 running · 41 MB/s</c>.</summary>
    public static string Summary(IReadOnlyList<Run> running)
    {
        if (running.Count == 0)
        {
            return "Nothing runs";
        }

        var needs = running.Count(run => run.State == RunState.NeedsAnswer);
        var rate = running.Where(run => run.State == RunState.Running).Sum(run => run.CurrentStep?.Progress?.BytesPerSecond ?? 0);
        var parts = new List<string>();
        if (running.Count > needs)
        {
            parts.Add($"{running.Count - needs} running");
        }

        if (needs > 0)
        {
            parts.Add(needs == 1 ? "1 needs you" : $"{needs} need you");
        }

        if (rate > 0)
        {
            parts.Add(Formats.Rate(rate));
        }

        return string.Join(" · ", parts);
    }

    /// <summary>What comes next, as one sentence.</summary>
    /// <param name="run">The run.</param>
    /// <param name="waits">What it waits for before it may begin; null for nothing.</param>
    public static string Next(Run run, string? waits = null)
    {
        var step = run.CurrentStep;
        var following = step is null ? null : run.Steps.SkipWhile(known => known.Id != step.Id).Skip(1).FirstOrDefault();
        return run.State switch
        {
            RunState.Queued when waits is not null => $"It waits: {waits}. It begins by itself as soon as that allows it.",
            RunState.Queued => "A worker takes it up within seconds.",
            RunState.Running when run.Intent == RunIntent.Stop => "It stops as soon as that is safe; everything done so far is kept.",
            RunState.Running when following is null => "This is the last step.",
            RunState.Running => $"Next: {following!.Title}." + (following.IsCutover ? " That is the cutover: from then on the guest runs on " + run.TargetHost + "." : ""),
            RunState.NeedsAnswer => "Nothing moves until the question below is answered.",
            RunState.Succeeded => $"{run.GuestName} runs on {run.TargetHost} and was proven there.",
            RunState.Failed => "Mend the cause and resume, or roll back. Nothing on " + run.SourceHost + "'s disks was changed.",
            RunState.Stopped => "Resume it, or roll it back. Everything done so far is kept.",
            RunState.RollingBack => $"The steps are undone one by one; then {run.GuestName} runs on {run.SourceHost} again.",
            RunState.RolledBack => $"{run.GuestName} is back on {run.SourceHost}.",
            _ => "",
        };
    }

    /// <summary>Progress over all steps in thousandths: each step counts the same, the current one by its own share.</summary>
    public static (long Done, long Total) Progress(Run run)
    {
        var done = run.Steps.Count(step => step.State == StepState.Done) * 1000L;
        if (run.CurrentStep is { Progress: { TotalBytes: > 0 } progress })
        {
            done += 10L * Formats.Percent(progress.DoneBytes ?? 0, progress.TotalBytes.Value);
        }

        return (done, Math.Max(1, run.Steps.Count * 1000L));
    }

    /// <summary>Whether the run is past its cutover: the guest has been started on its new host.</summary>
    public static bool IsPastCutover(Run run) =>
        run.Steps.Any(step => step.IsCutover && (step.State is StepState.Done or StepState.Running or StepState.Failed));

    /// <summary>Whether a reading passes for now.</summary>
    public static bool Fresh(StepProgress progress, DateTimeOffset now) => now - progress.At < StaleAfter;

    /// <summary>The downtime to expect, with what that rests on, as one sentence.</summary>
    public static string Projected(Plan plan, DowntimeForecast? forecast) => (forecast, plan.Source.Power) switch
    {
        (_, PowerState.Off) => $"{plan.Source.Name} was off when it was planned: its move takes no service down.",
        (null, _) => $"Projected downtime: {DowntimeForecast.NoneYet}.",
        _ => $"Projected downtime {Formats.Range(forecast.Low, forecast.High)}, from {forecast.Basis}.",
    };

    /// <summary>Says how old a reading is once it is too old to pass for now; null while it is fresh.</summary>
    public static string? Stale(StepProgress progress, DateTimeOffset now) =>
        !Fresh(progress, now) ? $"no data for {Formats.Duration(now - progress.At)}" : null;
}
