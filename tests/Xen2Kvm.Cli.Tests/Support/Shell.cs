using System.Text.Json.Nodes;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Cli.Tests.Support;

/// <summary>Runs x2k in this process and keeps what it printed.</summary>
internal sealed record Shell(int ExitCode, string Out, string Error)
{
    public JsonNode Json => JsonNode.Parse(Out)!;

    public static Task<Shell> RunAsync(params string[] args) => RunAsync("", false, args);

    public static async Task<Shell> RunAsync(string input, bool interactive, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await CommandLine.RunAsync(args, new Terminal(new StringReader(input), output, error, interactive, Live: false), TestContext.Current.CancellationToken);
        return new Shell(code, output.ToString(), error.ToString());
    }

    /// <summary>Runs x2k with the address and the local token of a dashboard.</summary>
    public static Task<Shell> AgainstAsync(Dashboard dashboard, params string[] args) => AgainstAsync(dashboard, "", false, args);

    public static Task<Shell> AgainstAsync(Dashboard dashboard, string input, bool interactive, params string[] args) => RunAsync(
        input, interactive,
        [.. args, "--url", dashboard.Address.ToString(), "--token", File.ReadAllText(Path.Combine(dashboard.StateDirectory, "cli-token")).Trim()]);

    /// <summary>Fails with everything printed when the exit code is another.</summary>
    public Shell Ends(int code)
    {
        ExitCode.ShouldBe(code, Out + Error);
        return this;
    }
}
