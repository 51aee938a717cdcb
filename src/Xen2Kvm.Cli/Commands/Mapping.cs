using System.CommandLine;

namespace Xen2Kvm.Cli.Commands;

/// <summary>Options of the form NAME=VALUE.</summary>
internal static class Mapping
{
    /// <summary>--bridge FROM=TO.</summary>
    public static Option<string[]> BridgeOption() =>
        new("--bridge") { Description = "Bridge there for a bridge here, as xenbr0=br0; may be given often" };

    /// <summary>Reads bridge options.</summary>
    public static Dictionary<string, string> Bridges(string[]? given) => Read("--bridge", given, "xenbr0=br0");

    /// <summary>Reads NAME=VALUE options.</summary>
    /// <exception cref="CliException">One has no equals sign, or a name is given twice.</exception>
    public static Dictionary<string, string> Read(string option, string[]? given, string example)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var item in given ?? [])
        {
            var equals = item.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || equals == item.Length - 1)
            {
                throw CliException.Usage($"{option} {item} is not of the form NAME=VALUE, as {option} {example}.");
            }

            if (!map.TryAdd(item[..equals], item[(equals + 1)..]))
            {
                throw CliException.Usage($"{option} names {item[..equals]} twice.");
            }
        }

        return map;
    }
}
