using System.Diagnostics;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Xen2Kvm.Agent.Tests.Support;

[assembly: AssemblyFixture(typeof(AgentBinary))]

namespace Xen2Kvm.Agent.Tests.Support;

/// <summary>
/// The published native agent, the one that is shipped: from X2K_AGENT, or published once per state of its sources into artifacts/agent.
/// </summary>
public sealed class AgentBinary
{
    public AgentBinary()
    {
        if (Environment.GetEnvironmentVariable("X2K_AGENT") is { Length: > 0 } given)
        {
            Path = given;
            return;
        }
        string root = typeof(AgentBinary).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepositoryRoot").Value!;
        string directory = System.IO.Path.Combine(root, "artifacts", "agent", SourceHash(root));
        Path = System.IO.Path.Combine(directory, "x2k-agent");
        if (File.Exists(Path))
            return;
        (int code, string output) = Run(System.IO.Path.Combine(root, "src", "Xen2Kvm.Agent", "publish.sh"), directory + ".new");
        if (code != 0)
            throw new InvalidOperationException($"the agent cannot be published:\n{output}");
        Directory.Move(directory + ".new", directory);
    }

    public string Path { get; }

    private static (int Code, string Output) Run(string script, string argument)
    {
        var start = new ProcessStartInfo("sh", [script, argument]) { RedirectStandardOutput = true };
        // The test host's own MSBuild settings are not the publish's.
        foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }

    private static string SourceHash(string root)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        IEnumerable<string> files = ((string[])["Xen2Kvm.Agent", "Xen2Kvm.Transfer"])
            .Select(p => System.IO.Path.Combine(root, "src", p))
            .SelectMany(p => Directory.EnumerateFiles(p, "*", SearchOption.AllDirectories))
            .Where(f => !f.Contains("/bin/", StringComparison.Ordinal) && !f.Contains("/obj/", StringComparison.Ordinal))
            .Concat(Directory.EnumerateFiles(root, "Directory.*.props"))
            .Order(StringComparer.Ordinal);
        foreach (string file in files)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(System.IO.Path.GetRelativePath(root, file)));
            hash.AppendData(File.ReadAllBytes(file));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }
}
