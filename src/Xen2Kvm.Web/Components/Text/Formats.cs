using System.Globalization;

namespace Xen2Kvm.Web.Components.Text;

/// <summary>How sizes, rates, durations and times are written on every page: always with a unit, always the same number of places.</summary>
public static class Formats
{
    private const double Gib = 1024d * 1024 * 1024;

    /// <summary>What stands where a value is not known.</summary>
    public const string Unknown = "—";

    /// <summary>A size in GiB; below 0.1 GiB in MiB, below 1 MiB in KiB, below 1 KiB in bytes.</summary>
    public static string Size(long? bytes) => bytes switch
    {
        null => Unknown,
        < 0 => "−" + Size(-bytes.Value),
        < 1024 => Number(bytes.Value, "0", "B"),
        < 1024 * 1024 => Number(bytes.Value / 1024d, "0", "KiB"),
        < (long)(0.1 * Gib) => Number(bytes.Value / 1024d / 1024d, "0", "MiB"),
        < (long)(100 * Gib) => Number(bytes.Value / Gib, "0.0", "GiB"),
        _ => Number(bytes.Value / Gib, "#,##0", "GiB"),
    };

    /// <summary>Memory given in MiB: below a GiB as people configured it, above in GiB with at most two places.</summary>
    public static string Memory(long mebibytes) => mebibytes switch
    {
        <= 0 => Unknown,
        < 1024 => Number(mebibytes, "0", "MiB"),
        _ => Number(mebibytes / 1024d, "#,##0.##", "GiB"),
    };

    /// <summary>A rate in MB/s (10^6 bytes per second).</summary>
    public static string Rate(double? bytesPerSecond) => bytesPerSecond switch
    {
        null => Unknown,
        < 9_950_000 => Number(bytesPerSecond.Value / 1e6, "0.0", "MB/s"),
        _ => Number(bytesPerSecond.Value / 1e6, "#,##0", "MB/s"),
    };

    /// <summary>A share of the whole in percent: 100 only when it is all, 0 only when it is nothing.</summary>
    public static int Percent(long done, long total)
    {
        if (total <= 0 || done <= 0)
        {
            return 0;
        }

        return done >= total ? 100 : (int)Math.Clamp(100d * done / total, 1, 99);
    }

    /// <summary>The width of a bar, as a CSS percentage.</summary>
    public static string Width(long part, long total) =>
        total <= 0 ? "0%" : Math.Clamp(100d * part / total, 0, 100).ToString("0.##", CultureInfo.InvariantCulture) + "%";

    /// <summary>A duration with its two greatest units: <c>4 min 12 s</c>, <c>2 h 5 min</c>, <c>3 d 4 h</c>.</summary>
    public static string Duration(TimeSpan? duration)
    {
        if (duration is not { } time)
        {
            return Unknown;
        }

        var seconds = (long)Math.Max(0, time.TotalSeconds);
        return seconds switch
        {
            < 60 => Invariant($"{seconds} s"),
            < 3600 => Invariant($"{seconds / 60} min {seconds % 60} s"),
            < 86400 => Invariant($"{seconds / 3600} h {seconds % 3600 / 60} min"),
            _ => Invariant($"{seconds / 86400} d {seconds % 86400 / 3600} h"),
        };
    }

    /// <summary>A limit that stands still: as <see cref="Duration"/>, without units that are zero (<c>5 min</c>).</summary>
    public static string Limit(int seconds) => seconds switch
    {
        < 60 => Invariant($"{seconds} s"),
        < 3600 => Invariant($"{seconds / 60} min") + (seconds % 60 == 0 ? "" : Invariant($" {seconds % 60} s")),
        _ => Invariant($"{seconds / 3600} h") + (seconds % 3600 / 60 == 0 ? "" : Invariant($" {seconds % 3600 / 60} min")),
    };

    /// <summary>A range of durations: <c>6–8 min</c>, <c>40–50 s</c>; one value when both ends read the same.</summary>
    public static string Range(TimeSpan low, TimeSpan high)
    {
        if (high < low)
        {
            (low, high) = (high, low);
        }

        // One unit for both ends, that of the high end: "0–2 min" would say nothing, so below two minutes seconds are used.
        if (high < TimeSpan.FromMinutes(2))
        {
            return Span((long)low.TotalSeconds, (long)Math.Ceiling(high.TotalSeconds), "s");
        }

        return high < TimeSpan.FromHours(2)
            ? Span((long)low.TotalMinutes, (long)Math.Ceiling(high.TotalMinutes), "min")
            : $"{Duration(low)} – {Duration(high)}";
    }

    /// <summary>How long ago something was, in its greatest unit: <c>12 s ago</c>.</summary>
    public static string Ago(DateTimeOffset at, DateTimeOffset now)
    {
        var seconds = (long)(now - at).TotalSeconds;
        return seconds switch
        {
            < 5 => "just now",
            < 60 => Invariant($"{seconds} s ago"),
            < 3600 => Invariant($"{seconds / 60} min ago"),
            < 86400 => Invariant($"{seconds / 3600} h ago"),
            _ => Invariant($"{seconds / 86400} d ago"),
        };
    }

    /// <summary>A time of day in a zone: <c>14:03:11</c>, with the day in front when it is not today.</summary>
    public static string Time(DateTimeOffset at, DateTimeOffset now, TimeZoneInfo zone)
    {
        var local = TimeZoneInfo.ConvertTime(at, zone);
        return local.ToString(local.Date == TimeZoneInfo.ConvertTime(now, zone).Date ? "HH:mm:ss" : "d MMM HH:mm", CultureInfo.InvariantCulture);
    }

    /// <summary>An end that is to come, in a zone: <c>06:00</c> within a day, else <c>Fri 27 Nov 06:00</c>.</summary>
    public static string Until(DateTimeOffset at, DateTimeOffset now, TimeZoneInfo zone) =>
        TimeZoneInfo.ConvertTime(at, zone).ToString(at - now < TimeSpan.FromHours(24) ? "HH:mm" : "ddd d MMM HH:mm", CultureInfo.InvariantCulture);

    /// <summary>A time of day in a zone, always <c>14:03:11</c>.</summary>
    public static string Clock(DateTimeOffset at, TimeZoneInfo zone) =>
        TimeZoneInfo.ConvertTime(at, zone).ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>A full time with its zone named: <c>2026-11-21 14:03:11 UTC+01:00 (Europe/Berlin)</c>.</summary>
    public static string FullTime(DateTimeOffset at, TimeZoneInfo zone)
    {
        var local = TimeZoneInfo.ConvertTime(at, zone);
        return $"{local.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)} {Offset(local.Offset)}"
            + (zone.Id is "UTC" or "Etc/UTC" ? "" : $" ({zone.Id})");
    }

    /// <summary>The zone's name with its offset now: <c>Europe/Berlin, UTC+01:00</c>.</summary>
    public static string Zone(TimeZoneInfo zone, DateTimeOffset now) =>
        zone.Id is "UTC" or "Etc/UTC" ? "UTC" : $"{zone.Id}, {Offset(zone.GetUtcOffset(now))}";

    /// <summary>A count with its noun: <c>1 guest</c>, <c>3 guests</c>.</summary>
    public static string Count(int count, string one, string? many = null) =>
        Invariant($"{count:#,##0} {(count == 1 ? one : many ?? one + "s")}");

    private static string Offset(TimeSpan offset) =>
        offset == TimeSpan.Zero ? "UTC" : $"UTC{(offset < TimeSpan.Zero ? "−" : "+")}{offset.ToString("hh\\:mm", CultureInfo.InvariantCulture)}";

    private static string Span(long low, long high, string unit) =>
        low == high ? Invariant($"{low} {unit}") : Invariant($"{low}–{high} {unit}");

    private static string Number(double value, string format, string unit) =>
        value.ToString(format, CultureInfo.InvariantCulture) + " " + unit;

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
