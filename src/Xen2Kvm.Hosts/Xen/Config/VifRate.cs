using System.Globalization;
using System.Text.RegularExpressions;

namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>Limit on what a guest may send (xl-network-configuration(5) "rate"; libxlu_vif.c).</summary>
/// <param name="BytesPerSecond">Bytes a second; K, M and G are powers of 1000.</param>
/// <param name="IntervalMicroseconds">How often the credit is filled up; 50,000 when not said.</param>
public sealed partial record VifRate(ulong BytesPerSecond, uint IntervalMicroseconds)
{
    /// <summary>xl's default interval.</summary>
    public const uint DefaultIntervalMicroseconds = 50_000;

    /// <summary>The credit of one interval, as xenstore holds it.</summary>
    public ulong BytesPerInterval => BytesPerSecond * IntervalMicroseconds / 1_000_000;

    /// <summary>Reads RATE/s[@INTERVAL]: 10Mb/s (bits), 250KB/s (bytes), 1MB/s@20ms.</summary>
    /// <param name="text">The value of rate=.</param>
    /// <returns>The rate, or null where xl refuses it: other words, zero, or more than 32 bits.</returns>
    public static VifRate? Parse(string text)
    {
        var match = Pattern().Match(text ?? "");
        if (!match.Success || Number(match.Groups["rate"].Value) is not { } amount)
        {
            return null;
        }

        var rate = amount * match.Groups["unit"].Value switch { "G" => 1_000_000_000UL, "M" => 1_000_000UL, "K" => 1_000UL, _ => 1UL };
        if (match.Groups["bits"].Value == "b")
        {
            rate /= 8;
        }

        ulong interval = DefaultIntervalMicroseconds;
        if (match.Groups["interval"].Success)
        {
            if (Number(match.Groups["interval"].Value) is not { } wait)
            {
                return null;
            }

            // libxlu: a bare number and "s" are seconds, whatever the man page says of microseconds.
            interval = wait * match.Groups["time"].Value switch { "us" or "u" => 1UL, "ms" or "m" => 1_000UL, _ => 1_000_000UL };
        }

        return interval > uint.MaxValue || rate > ulong.MaxValue / interval ? null : new VifRate(rate, (uint)interval);
    }

    /// <summary>The rate a running domain has, from its credit per interval.</summary>
    /// <param name="bytesPerInterval">The credit in bytes; 0 means no limit.</param>
    /// <param name="intervalMicroseconds">The interval.</param>
    /// <returns>The rate, or null when there is no limit.</returns>
    public static VifRate? FromCredit(ulong bytesPerInterval, uint intervalMicroseconds) =>
        bytesPerInterval == 0 || intervalMicroseconds == 0 || bytesPerInterval > ulong.MaxValue / 1_000_000
            ? null
            : new VifRate(bytesPerInterval * 1_000_000 / intervalMicroseconds, intervalMicroseconds);

    private static ulong? Number(string digits) =>
        ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value is > 0 and <= uint.MaxValue ? value : null;

    [GeneratedRegex("^(?<rate>[0-9]+)(?<unit>[GMK]?)(?<bits>[Bb])/s(@(?<interval>[0-9]+)(?<time>[mu]?s?))?$", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
