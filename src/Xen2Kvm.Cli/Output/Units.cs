using System.Globalization;

namespace Xen2Kvm.Cli.Output;

/// <summary>Numbers with their units, as people read them.</summary>
internal static class Units
{
    private static readonly string[] Sizes = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <summary>4.0 GiB; null stays null.</summary>
    public static string? Size(long? bytes)
    {
        if (bytes is not { } left)
        {
            return null;
        }

        double value = left;
        var unit = 0;
        for (; value >= 1024 && unit < Sizes.Length - 1; unit++)
        {
            value /= 1024;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{value:0.#} {Sizes[unit]}");
    }

    /// <summary>38 MB/s.</summary>
    public static string? Rate(double? bytesPerSecond) =>
        bytesPerSecond is { } rate ? string.Create(CultureInfo.InvariantCulture, $"{rate / 1e6:0.0} MB/s") : null;

    /// <summary>4 min 12 s.</summary>
    public static string? Duration(TimeSpan? duration) => duration switch
    {
        null => null,
        { TotalSeconds: < 60 } d => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, d.TotalSeconds):0} s"),
        { TotalHours: < 1 } d => $"{d.Minutes} min {d.Seconds} s",
        { } d => $"{(int)d.TotalHours} h {d.Minutes} min",
    };

    /// <summary>2026-11-21 08:13:32Z.</summary>
    public static string? Time(DateTimeOffset? at) => at?.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
