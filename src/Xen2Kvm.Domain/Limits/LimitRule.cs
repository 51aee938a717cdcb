using System.Globalization;
using Xen2Kvm.Domain.Waves;

namespace Xen2Kvm.Domain.Limits;

/// <summary>What a rule limits.</summary>
public enum LimitKind
{
    /// <summary>Runs at once.</summary>
    Runs,

    /// <summary>Bytes that copies send per second, compressed.</summary>
    BytesPerSecond,
}

/// <summary>Where a rule counts: everywhere, on one host (whatever leaves it or comes to it), or for one storage pool of a host.</summary>
/// <param name="Host">The host's name; null for everywhere.</param>
/// <param name="Pool">Volume group or pool of that host; null for all of it.</param>
public sealed record LimitScope(string? Host = null, string? Pool = null)
{
    /// <summary>The whole installation.</summary>
    public static LimitScope Everywhere { get; } = new();

    /// <summary>In words: <c>everywhere</c>, <c>kvm1</c>, <c>pool default of kvm1</c>.</summary>
    public string Describe() => Pool is { } pool ? $"pool {pool} of {Host}" : Host ?? "everywhere";
}

/// <summary>A limit for the whole installation, always or at some hours of the week.</summary>
/// <remarks>
/// Days and times are local ones of <see cref="Zone"/>, both ends: on a day when the clock changes, a rule from 22:00 to 06:00 lasts an hour
/// less or more. Where several rules count at one time for the same scope, the narrowest value does.
/// </remarks>
public sealed record LimitRule
{
    /// <summary>The least rate that can be set, in bytes per second: the guest is down while its disks are copied.</summary>
    public const long LeastBytesPerSecond = 100_000;

    /// <summary>Stable id.</summary>
    public required Guid Id { get; init; }

    /// <summary>How often it was stored, so that nobody overwrites what another one changed.</summary>
    public int Version { get; init; }

    /// <summary>What is limited.</summary>
    public required LimitKind Kind { get; init; }

    /// <summary>Where.</summary>
    public LimitScope Scope { get; init; } = LimitScope.Everywhere;

    /// <summary>Runs at once (0: none may start), or bytes per second.</summary>
    public required long Value { get; init; }

    /// <summary>Days of the week on which its time begins; empty for every day.</summary>
    public IReadOnlyList<DayOfWeek> Days { get; init; } = [];

    /// <summary>When it begins; null for midnight, with <see cref="To"/>.</summary>
    public TimeOnly? From { get; init; }

    /// <summary>When it ends: on the next day when it is not after <see cref="From"/>.</summary>
    public TimeOnly? To { get; init; }

    /// <summary>IANA name of the time zone of days and times.</summary>
    public string Zone { get; init; } = "UTC";

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Who made it.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>It counts at any time.</summary>
    public bool IsAlways => Days.Count == 0 && From is null && To is null;

    /// <summary>What makes no sense, each as a sentence that says what to give instead.</summary>
    public IEnumerable<string> Problems()
    {
        if (Scope is { Host: null, Pool: not null } or { Host: "" } or { Pool: "" })
        {
            yield return "Name the host that the limit is for, or leave host and pool away for a limit everywhere.";
        }

        if (Kind == LimitKind.BytesPerSecond && Scope.Pool is not null)
        {
            yield return "A rate can be limited everywhere or for a host, not for a pool. Leave the pool away.";
        }

        if (Kind == LimitKind.Runs && Value is < 0 or > 500)
        {
            yield return "Give 0 to 500 runs at once; with 0 none starts.";
        }

        if (Kind == LimitKind.BytesPerSecond && Value is < LeastBytesPerSecond or > 1_000_000_000_000)
        {
            yield return "Give a rate of 0.1 MB/s or more: a guest is down while its disks are copied. To keep copies from beginning, limit the runs to 0.";
        }

        if (From is null != To is null)
        {
            yield return "Give both from and to, or neither for whole days.";
        }

        if (Days.Any(day => !Enum.IsDefined(day)) || !Enum.IsDefined(Kind))
        {
            yield return "Give days from Monday to Sunday, and runs or bytes per second.";
        }

        if (!IsAlways && !TimeZoneInfo.TryFindSystemTimeZoneById(Zone, out _))
        {
            yield return ZoneTime.WhyUnknown(Zone);
        }
    }

    /// <summary>Whether it counts at a time.</summary>
    public bool CountsAt(DateTimeOffset at) => IsAlways || Times(at, at).Any(time => time.Begin <= at && at < time.End);

    /// <summary>What it allows, in words: <c>2 runs at once</c>, <c>40 MB/s</c>.</summary>
    public string DescribeValue() => Kind == LimitKind.Runs ? Value switch { 0 => "no run starts", 1 => "1 run at once", _ => $"{Value} runs at once" } : Rate(Value);

    /// <summary>When it counts, in words: <c>always</c>, <c>Mon, Tue 08:00–18:00 (Europe/Berlin)</c>.</summary>
    public string DescribeTimes() => IsAlways ? "always" : string.Create(
        CultureInfo.InvariantCulture,
        $"{(Days.Count == 0 ? "every day" : Weekdays.Describe(Days))}{(From is { } from ? $" {from:HH:mm}–{To:HH:mm}" : "")} ({Zone})");

    /// <summary>All of it in words.</summary>
    public string Describe() => $"{Scope.Describe()}: {DescribeValue()}, {DescribeTimes()}";

    /// <summary>A rate in words, in MB/s (10^6 bytes per second).</summary>
    public static string Rate(long bytesPerSecond) => string.Create(CultureInfo.InvariantCulture, $"{bytesPerSecond / 1e6:0.###} MB/s");

    /// <summary>Its times that end after one instant and begin before or at another.</summary>
    internal IEnumerable<(DateTimeOffset Begin, DateTimeOffset End)> Times(DateTimeOffset from, DateTimeOffset until)
    {
        if (IsAlways || !TimeZoneInfo.TryFindSystemTimeZoneById(Zone, out var zone))
        {
            yield break;
        }

        // Zones lie up to 14 hours beside UTC, times are up to a day long.
        var last = DateOnly.FromDateTime(until.UtcDateTime).AddDays(1);
        for (var day = DateOnly.FromDateTime(from.UtcDateTime).AddDays(-2); day <= last; day = day.AddDays(1))
        {
            if (Days.Count > 0 && !Days.Contains(day.DayOfWeek))
            {
                continue;
            }

            var begin = ZoneTime.Instant(day, From ?? TimeOnly.MinValue, zone);
            var end = To is { } to ? ZoneTime.Instant(to > From ? day : day.AddDays(1), to, zone) : ZoneTime.Instant(day.AddDays(1), TimeOnly.MinValue, zone);
            if (begin < end && end > from && begin <= until)
            {
                yield return (begin, end);
            }
        }
    }
}
