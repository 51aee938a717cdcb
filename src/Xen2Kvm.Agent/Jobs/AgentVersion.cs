using System.Reflection;

namespace Xen2Kvm.Agent.Jobs;

/// <summary>The version this binary was built as.</summary>
internal static class AgentVersion
{
    public static string Text { get; } =
        typeof(AgentVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
