using System.Globalization;
using Xen2Kvm.Domain.Limits;

namespace Xen2Kvm.Domain.Tests.Limits;

/// <summary>Rules to test with.</summary>
internal static class Rules
{
    public const long MB = 1_000_000;

    public static LimitRule AtOnce(long value, string? host = null, string? pool = null) => Rule(LimitKind.Runs, value) with { Scope = new(host, pool) };

    public static LimitRule Rate(long megabytes, string? host = null) => Rule(LimitKind.BytesPerSecond, megabytes * MB) with { Scope = new(host) };

    public static LimitRule At(this LimitRule rule, string from, string to, params DayOfWeek[] days) => rule with
    {
        Days = days,
        From = TimeOnly.Parse(from, CultureInfo.InvariantCulture),
        To = TimeOnly.Parse(to, CultureInfo.InvariantCulture),
        Zone = "Europe/Berlin",
    };

    public static LimitBook Book(params LimitRule[] rules) => new(rules);

    public static DateTimeOffset Utc(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private static LimitRule Rule(LimitKind kind, long value) => new() { Id = Guid.NewGuid(), Kind = kind, Value = value, CreatedAt = default, CreatedBy = "anna" };
}
