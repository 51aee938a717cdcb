namespace Xen2Kvm.Domain.Waves;

/// <summary>Local times as instants, the same for everything that goes by a clock.</summary>
public static class ZoneTime
{
    /// <summary>
    /// The instant of a local time. Where the clock is put forward over it, the first minute after the gap; where it comes twice, the first.
    /// </summary>
    public static DateTimeOffset Instant(DateOnly day, TimeOnly time, TimeZoneInfo zone)
    {
        var local = day.ToDateTime(time);
        while (zone.IsInvalidTime(local))
        {
            local = local.AddMinutes(1);
        }

        return new DateTimeOffset(local, zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local)).ToUniversalTime();
    }

    /// <summary>What to say of a zone that is not known.</summary>
    internal static string WhyUnknown(string zone) =>
        $"{(zone.Length == 0 ? "No time zone is given" : $"{zone} is no time zone known here")}. Give an IANA name, as Europe/Berlin.";
}

/// <summary>Days of the week in words.</summary>
internal static class Weekdays
{
    /// <summary>The days from Monday on: <c>Mon, Fri</c>.</summary>
    public static string Describe(IEnumerable<DayOfWeek> days) =>
        string.Join(", ", days.Distinct().OrderBy(day => ((int)day + 6) % 7).Select(day => day.ToString()[..3]));
}
