using System.Reflection;

namespace Xen2Kvm.Architecture.Tests;

/// <summary>The projects of src/ and what each may know of the others.</summary>
internal static class Solution
{
    /// <summary>
    /// design.md: Domain, then Engine, then Hosts, Guests and Persistence, then Web; Transfer under Agent and Engine. The command line reads
    /// and defines guests without a dashboard, so it knows Hosts.
    /// </summary>
    public static readonly IReadOnlyDictionary<string, string[]> MayReference = new Dictionary<string, string[]>
    {
        ["Domain"] = [],
        ["Transfer"] = [],
        ["Engine"] = ["Domain", "Transfer"],
        ["Hosts"] = ["Engine"],
        ["Guests"] = ["Engine"],
        ["Persistence"] = ["Engine"],
        ["Agent"] = ["Transfer"],
        ["Cli"] = ["Hosts"],
        ["Web"] = ["Hosts", "Guests", "Persistence"],
    };

    public static string Root { get; } = Path.GetFullPath(typeof(Solution).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(item => item.Key == "SourceRoot").Value!);

    public static IEnumerable<string> Projects => MayReference.Keys;

    /// <summary>What a project may use: what it may reference, and what those may.</summary>
    public static IReadOnlySet<string> MayUse(string project) =>
        MayReference[project].SelectMany(one => MayUse(one).Append(one)).ToHashSet(StringComparer.Ordinal);

    public static Assembly Load(string project) => Assembly.Load(project switch { "Cli" => "x2k", "Agent" => AgentName(), _ => "Xen2Kvm." + project });

    // The agent's program has a name of its own.
    private static string AgentName() => File.Exists(Path.Combine(AppContext.BaseDirectory, "x2k-agent.dll")) ? "x2k-agent" : "Xen2Kvm.Agent";
}
