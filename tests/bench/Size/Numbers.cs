using System.Globalization;

namespace Xen2Kvm.Bench;

/// <summary>What the tables are made of.</summary>
internal static class Numbers
{
    /// <summary>The value that 95 of 100 do not exceed.</summary>
    public static double P95(IEnumerable<double> values) => At(values, 0.95);

    /// <summary>The median.</summary>
    public static double Median(IEnumerable<double> values) => At(values, 0.5);

    /// <summary>A row of a Markdown table.</summary>
    public static void Row(params object[] cells) => Console.WriteLine($"| {string.Join(" | ", cells.Select(cell => cell is double number
        ? number.ToString(number < 10 ? "0.00" : "0", CultureInfo.InvariantCulture) : Convert.ToString(cell, CultureInfo.InvariantCulture)))} |");

    /// <summary>Says how far it is.</summary>
    public static void Say(string text) => Console.Error.WriteLine($"{DateTime.UtcNow:HH:mm:ss} {text}");

    private static double At(IEnumerable<double> values, double share)
    {
        var sorted = values.Order().ToList();
        return sorted.Count == 0 ? double.NaN : sorted[Math.Min(sorted.Count - 1, (int)Math.Ceiling(share * sorted.Count) - 1)];
    }
}
