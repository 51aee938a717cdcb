using System.Globalization;

namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>What <c>xl info</c> (or <c>xm info</c>) says of a host: lines of "key : value" (xl_info.c). A property is null when its line is missing.</summary>
/// <param name="Values">Every line by its key, in alphabetical order; the last one counts when a key is there twice.</param>
public sealed record XlInfo(IReadOnlyDictionary<string, string> Values)
{
    /// <summary>Host name of dom0.</summary>
    public string? Host => this["host"];

    /// <summary>Kernel of dom0.</summary>
    public string? Release => this["release"];

    /// <summary>Architecture of dom0: x86_64, i686, aarch64.</summary>
    public string? Machine => this["machine"];

    /// <summary>CPU threads of the host.</summary>
    public int? Cpus => (int?)Number("nr_cpus");

    /// <summary>Cores of a socket.</summary>
    public int? CoresPerSocket => (int?)Number("cores_per_socket");

    /// <summary>Threads of a core.</summary>
    public int? ThreadsPerCore => (int?)Number("threads_per_core");

    /// <summary>NUMA nodes.</summary>
    public int? Nodes => (int?)Number("nr_nodes");

    /// <summary>Clock of the CPUs in MHz.</summary>
    public double? CpuMhz => double.TryParse(this["cpu_mhz"], NumberStyles.Float, CultureInfo.InvariantCulture, out var mhz) ? mhz : null;

    /// <summary>Memory of the host in MiB.</summary>
    public long? TotalMemoryMiB => Number("total_memory");

    /// <summary>Memory that no domain has, in MiB.</summary>
    public long? FreeMemoryMiB => Number("free_memory");

    /// <summary>Version of Xen: 4.17.5; from the parts when there is no whole line, as before Xen 4.2.</summary>
    public string? XenVersion => this["xen_version"]
        ?? (this["xen_major"] is { } major && this["xen_minor"] is { } minor ? $"{major}.{minor}{this["xen_extra"]}" : null);

    /// <summary>Command line of the hypervisor.</summary>
    public string? XenCommandLine => this["xen_commandline"];

    /// <summary>Kinds of guests Xen can run: xen-3.0-x86_64, hvm-3.0-x86_64 …</summary>
    public IReadOnlyList<string> XenCapabilities => Words("xen_caps");

    /// <summary>Virtualisation features: pv, hvm, hvm_directio, hap …; empty before Xen 4.9 except hvm words.</summary>
    public IReadOnlyList<string> VirtCapabilities => Words("virt_caps");

    /// <summary>True when the CPU can run HVM guests, and so KVM; false when it cannot; null when Xen does not say.</summary>
    public bool? CanRunHvm => Values.ContainsKey("xen_caps") || Values.ContainsKey("virt_caps")
        ? VirtCapabilities.Contains("hvm") || XenCapabilities.Any(word => word.StartsWith("hvm-", StringComparison.Ordinal))
        : null;

    /// <summary>A line's value; null when it is missing or empty.</summary>
    /// <param name="key">The word before the colon.</param>
    public string? this[string key] => Values.TryGetValue(key, out var value) && value.Length > 0 ? value : null;

    private long? Number(string key) =>
        long.TryParse(this[key], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= int.MaxValue ? number : null;

    private string[] Words(string key) => this[key]?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
}

/// <summary>Reads <c>xl info</c> and <c>xm info</c>.</summary>
public static class XlInfoParser
{
    /// <summary>Reads the output. Never throws for any text; lines without a colon are skipped.</summary>
    /// <param name="text">What the command printed.</param>
    /// <returns>What it says.</returns>
    public static XlInfo Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var values = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            var colon = line.IndexOf(':');
            if (colon > 0)
            {
                values[line[..colon].Trim().ToString()] = line[(colon + 1)..].Trim().ToString();
            }
        }

        return new XlInfo(values);
    }
}
