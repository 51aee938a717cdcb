using System.Globalization;

namespace Xen2Kvm.Domain.Waves;

/// <summary>One time, or a weekly one, in which work may be done.</summary>
/// <remarks>
/// Days and start are local times of <see cref="Zone"/>; the length is time that really passes. Where the clock is put forward over the
/// start, the window opens at the first minute after the gap; where the start comes twice, it opens at the first.
/// </remarks>
public sealed record MaintenanceWindow
{
    /// <summary>IANA name of the time zone: <c>Europe/Berlin</c>.</summary>
    public required string Zone { get; init; }

    /// <summary>The one day on which it opens; null for a weekly window.</summary>
    public DateOnly? On { get; init; }

    /// <summary>The days of the week on which a weekly window opens.</summary>
    public IReadOnlyList<DayOfWeek> Days { get; init; } = [];

    /// <summary>When it opens.</summary>
    public required TimeOnly Start { get; init; }

    /// <summary>Its length in minutes.</summary>
    public required int Minutes { get; init; }

    /// <summary>Runs that may be started in one opening; 0 for any number.</summary>
    public int Capacity { get; init; }

    /// <summary>What makes no sense, each as a sentence that says what to give instead.</summary>
    public IEnumerable<string> Problems(DateTimeOffset now)
    {
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(Zone, out var zone))
        {
            yield return ZoneTime.WhyUnknown(Zone);
        }

        if (On is null && Days.Count == 0)
        {
            yield return "Give the window a day, or days of the week.";
        }

        if (Minutes is < 1 or > 10080)
        {
            yield return "Let a window be open for 1 to 10080 minutes (7 days).";
        }
        else if (On is { } day && zone is not null && Opening(day, zone).AddMinutes(Minutes) <= now)
        {
            yield return $"The window of {day:yyyy-MM-dd} {Start:HH:mm} has passed. Give one that is still to come.";
        }

        if (Capacity is < 0 or > 5000)
        {
            yield return "Give the number of runs that may start in one window, or 0 for any number.";
        }
    }

    /// <summary>The window in words.</summary>
    public string Describe() => string.Create(CultureInfo.InvariantCulture,
        $"{(On is { } day ? day.ToString("ddd yyyy-MM-dd", CultureInfo.InvariantCulture) : Weekdays.Describe(Days))} {Start:HH:mm}, {Length} ({Zone}){(Capacity > 0 ? $", at most {Capacity} {(Capacity == 1 ? "run" : "runs")}" : "")}");

    private string Length => Minutes % 60 == 0 ? $"{Minutes / 60} h" : Minutes < 60 ? $"{Minutes} min" : $"{Minutes / 60} h {Minutes % 60} min";

    /// <summary>Its openings between two days, without what lies in a lock-out day.</summary>
    internal IEnumerable<Opening> Openings(DateOnly from, DateOnly to, IReadOnlyCollection<DateOnly> lockedOut)
    {
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(Zone, out var zone))
        {
            yield break;
        }

        for (var day = from; day <= to; day = day.AddDays(1))
        {
            if (On is { } only ? day != only : !Days.Contains(day.DayOfWeek))
            {
                continue;
            }

            var (begin, end) = (Opening(day, zone), Opening(day, zone).AddMinutes(Minutes));
            foreach (var locked in lockedOut.Order())
            {
                var (midnight, next) = (ZoneTime.Instant(locked, TimeOnly.MinValue, zone), ZoneTime.Instant(locked.AddDays(1), TimeOnly.MinValue, zone));
                if (midnight < end && next > begin)
                {
                    if (begin < midnight)
                    {
                        yield return new(begin, midnight, Capacity);
                    }

                    begin = next;
                }
            }

            if (begin < end)
            {
                yield return new(begin, end, Capacity);
            }
        }
    }

    private DateTimeOffset Opening(DateOnly day, TimeZoneInfo zone) => ZoneTime.Instant(day, Start, zone);
}

/// <summary>A time in which work may be done.</summary>
/// <param name="Begin">From here.</param>
/// <param name="End">Until here.</param>
/// <param name="Capacity">Runs that may be started in it; 0 for any number.</param>
public readonly record struct Opening(DateTimeOffset Begin, DateTimeOffset End, int Capacity);

/// <summary>When a wave may run: its windows, less the lock-out days.</summary>
public sealed record WaveCalendar
{
    /// <summary>A calendar looks no further ahead than these days.</summary>
    public const int DaysAhead = 400;

    /// <summary>The windows; empty for any time.</summary>
    public IReadOnlyList<MaintenanceWindow> Windows { get; init; } = [];

    /// <summary>Days on which nothing runs, each from midnight to midnight in the zone of the window it is applied to.</summary>
    public IReadOnlyList<DateOnly> LockOutDays { get; init; } = [];

    /// <summary>It has no windows: any time will do.</summary>
    public bool IsAlways => Windows.Count == 0;

    /// <summary>What makes no sense.</summary>
    public IEnumerable<string> Problems(DateTimeOffset now)
    {
        foreach (var problem in Windows.SelectMany(window => window.Problems(now)))
        {
            yield return problem;
        }

        if (Windows.Count > 50 || LockOutDays.Count > 1000)
        {
            yield return "Give at most 50 windows and 1000 lock-out days.";
        }
        else if (LockOutDays.Count > 0 && !Windows.SelectMany(window => window.Problems(now)).Any() && !IsAlways && OpeningsAfter(now).Count == 0)
        {
            yield return "Every window lies in a lock-out day. Give another window or take a lock-out day away.";
        }
    }

    /// <summary>The opening that a time lies in, or else the next one after it; both null when none comes any more.</summary>
    public (Opening? Open, Opening? Next) At(DateTimeOffset now) => OpeningsAfter(now) switch
    {
        [] => (null, null),
        [var first, ..] => first.Begin <= now ? (first, null) : (null, first),
    };

    /// <summary>The opening that a time lies in; null when closed.</summary>
    public Opening? OpenAt(DateTimeOffset now) => At(now).Open;

    /// <summary>The next opening after a time, when it is not open then; null when none comes.</summary>
    public Opening? NextAfter(DateTimeOffset now) => At(now).Next;

    /// <summary>
    /// The openings that end after a time, in order; those that touch or overlap are one (its capacity is then the sum, or none when one of
    /// them has none). At most <see cref="DaysAhead"/> days ahead.
    /// </summary>
    public IReadOnlyList<Opening> OpeningsAfter(DateTimeOffset now)
    {
        // Zones lie up to 14 hours beside UTC, windows are up to seven days long.
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        var merged = new List<Opening>();
        foreach (var next in Windows.SelectMany(window => window.Openings(today.AddDays(-9), today.AddDays(DaysAhead), LockOutDays)).OrderBy(opening => opening.Begin))
        {
            if (merged is [.., var last] && next.Begin <= last.End)
            {
                merged[^1] = new(
                    last.Begin, next.End > last.End ? next.End : last.End, last.Capacity == 0 || next.Capacity == 0 ? 0 : last.Capacity + next.Capacity);
            }
            else
            {
                merged.Add(next);
            }
        }

        return [.. merged.Where(opening => opening.End > now)];
    }

    /// <summary>The calendar in words.</summary>
    public string Describe() => IsAlways
        ? "any time"
        : string.Join("; ", Windows.Select(window => window.Describe()))
            + (LockOutDays.Count == 0 ? "" : $"; not on {string.Join(", ", LockOutDays.Order().Select(day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)))}");
}
