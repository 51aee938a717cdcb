using System.Diagnostics;
using System.Text;

namespace Xen2Kvm.Lab.Tests;

/// <summary>What a program printed and how it ended.</summary>
internal sealed record Ended(int ExitCode, string Output, string Error)
{
    public Ended Ok()
    {
        ExitCode.ShouldBe(0, $"{Output}\n{Error}");
        return this;
    }
}

/// <summary>Starts programs of the repository.</summary>
internal static class Programs
{
    /// <summary>The repository's root.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The configuration this test was built in; the programs are taken from the same.</summary>
    private static string Configuration => AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";

    public static string Dll(string project, string name) => Path.Combine(Root, "src", project, "bin", Configuration, "net10.0", name);

    public static string Lab => Path.Combine(Root, "deploy", "lab", "lab.sh");

    public static string Agent => Environment.GetEnvironmentVariable("X2K_AGENT") ?? Path.Combine(Root, "artifacts", "agent", "x2k-agent");

    public static async Task<Ended> RunAsync(
        string file, IEnumerable<string> arguments, TimeSpan? timeout = null, IDictionary<string, string>? environment = null, string? input = null)
    {
        var start = new ProcessStartInfo(file) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (key, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[key] = value;
        }

        using var process = Process.Start(start)!;
        if (input is not null)
        {
            await process.StandardInput.WriteAsync(input);
        }

        process.StandardInput.Close();
        var (output, error) = (new StringBuilder(), new StringBuilder());
        process.OutputDataReceived += (_, line) => output.AppendLine(line.Data);
        process.ErrorDataReceived += (_, line) => error.AppendLine(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var limit = new CancellationTokenSource(timeout ?? TimeSpan.FromMinutes(5));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{file} {string.Join(' ', arguments)} took too long:\n{output}\n{error}");
        }

        return new Ended(process.ExitCode, output.ToString(), error.ToString());
    }

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Xen2Kvm.Web.sln")))
        {
            directory = directory.Parent ?? throw new DirectoryNotFoundException("The tests must run inside the repository.");
        }

        return directory.FullName;
    }
}
