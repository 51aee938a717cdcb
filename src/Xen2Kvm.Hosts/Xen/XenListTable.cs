using System.Globalization;
using System.Text.RegularExpressions;
using Xen2Kvm.Domain.Inventory;

namespace Xen2Kvm.Hosts.Xen;

/// <summary>Reads the table of <c>xl list</c> and <c>xm list</c>. Pure.</summary>
internal static partial class XenListTable
{
    /// <summary>State by domain number.</summary>
    public static IReadOnlyDictionary<int, (string Name, PowerState Power)> Parse(string table)
    {
        var domains = new Dictionary<int, (string, PowerState)>();
        foreach (var line in table.Split('\n'))
        {
            if (Row().Match(line) is { Success: true } row && int.TryParse(row.Groups["id"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                domains[id] = (row.Groups["name"].Value, Power(row.Groups["state"].Value));
            }
        }

        return domains;
    }

    /// <summary>
    /// State from the flags. A domain that exists is never called off, also when it has shut down or is being taken apart: only when it is
    /// gone can its disks no longer be written.
    /// </summary>
    public static PowerState Power(string flags) =>
        flags.Contains('c', StringComparison.Ordinal) ? PowerState.Crashed
        : flags.Contains('p', StringComparison.Ordinal) ? PowerState.Paused
        : PowerState.Running;

    [GeneratedRegex(@"^(?<name>.*\S)\s+(?<id>\d+)\s+\d+\s+\d+\s+(?<state>[-a-z]+)\s+[\d.]+\s*$")]
    private static partial Regex Row();
}
