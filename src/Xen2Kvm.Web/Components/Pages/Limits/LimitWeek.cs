using System.Globalization;
using Xen2Kvm.Domain.Limits;
using Xen2Kvm.Domain.Waves;

namespace Xen2Kvm.Web.Components.Pages.Limits;

/// <summary>The coming seven days of a scope, hour by hour, in the viewer's zone. Pure.</summary>
/// <param name="Days">The days from today on.</param>
public sealed record LimitWeek(IReadOnlyList<LimitWeek.Day> Days)
{
    /// <summary>The widest limit of the week; null when nothing is limited at any hour.</summary>
    public long? Widest { get; } = Days.SelectMany(day => day.Hours).Max(hour => hour.Value);

    /// <summary>There are hours without a limit.</summary>
    public bool HasFree { get; } = Days.SelectMany(day => day.Hours).Any(hour => hour.Value is null);

    /// <summary>A day.</summary>
    /// <param name="Date">Its date.</param>
    /// <param name="Hours">Its 24 hours by the clock on the wall.</param>
    public sealed record Day(DateOnly Date, IReadOnlyList<Hour> Hours)
    {
        /// <summary>The day in words: <c>Thu 26 Nov</c>.</summary>
        public string Word => Date.ToString("ddd d MMM", CultureInfo.InvariantCulture);
    }

    /// <summary>An hour.</summary>
    /// <param name="Value">The narrowest limit that counts in any part of it; null for none.</param>
    /// <param name="Changes">It changes within the hour.</param>
    /// <param name="IsNow">The present one.</param>
    public sealed record Hour(long? Value, bool Changes, bool IsNow);

    /// <summary>The week of a scope.</summary>
    public static LimitWeek Of(LimitBook book, LimitKind kind, LimitScope scope, DateTimeOffset now, TimeZoneInfo zone)
    {
        var today = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, zone).DateTime);
        var boundaries = book.Boundaries(kind, ZoneTime.Instant(today, TimeOnly.MinValue, zone));
        return new(
        [
            .. Enumerable.Range(0, 7).Select(day => new Day(today.AddDays(day), [.. Enumerable.Range(0, 24).Select(hour => HourOf(today.AddDays(day), hour))])),
        ]);

        Hour HourOf(DateOnly day, int hour)
        {
            var begin = ZoneTime.Instant(day, new TimeOnly(hour, 0), zone);
            var end = hour == 23 ? ZoneTime.Instant(day.AddDays(1), TimeOnly.MinValue, zone) : ZoneTime.Instant(day, new TimeOnly(hour + 1, 0), zone);
            List<long?> values = [.. boundaries.Where(boundary => boundary > begin && boundary < end).Prepend(begin).Select(at => book.At(kind, scope, at)?.Value).Distinct()];
            return new(values.Min(), values.Count > 1, begin <= now && now < end);
        }
    }
}
