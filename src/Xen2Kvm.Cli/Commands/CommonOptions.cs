using System.CommandLine;
using Xen2Kvm.Cli.Client;
using Xen2Kvm.Cli.Output;

namespace Xen2Kvm.Cli.Commands;

/// <summary>The options that every command has.</summary>
internal sealed class CommonOptions(Terminal terminal)
{
    private const string DefaultUrl = "http://127.0.0.1:5080";

    private readonly Option<string?> _url = new("--url")
    {
        Description = $"Address of the dashboard (default: $X2K_URL, else {DefaultUrl})", Recursive = true,
    };

    private readonly Option<string?> _token = new("--token")
    {
        Description = "API token (default: $X2K_TOKEN; for a dashboard on this machine, the file that it writes to its state directory). "
            + "Other users of this machine can see arguments: prefer the variable",
        Recursive = true,
    };

    private readonly Option<bool> _json = new("--json") { Description = "Print JSON instead of tables", Recursive = true };

    /// <summary>Where commands read and write.</summary>
    public Terminal Terminal { get; } = terminal;

    /// <summary>Puts the options on the root command.</summary>
    public void AddTo(RootCommand root)
    {
        root.Add(_url);
        root.Add(_token);
        root.Add(_json);
    }

    /// <summary>Makes a command's action: with a client and a printer, both disposed after it.</summary>
    public void Handle(Command command, Func<ParseResult, ApiClient, Printer, CancellationToken, Task<int>> action) =>
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = Client(parsed);
            return await action(parsed, client, Printer(parsed), cancellationToken).ConfigureAwait(false);
        });

    /// <summary>The printer of an invocation.</summary>
    public Printer Printer(ParseResult parsed) => new(Terminal, parsed.GetValue(_json));

    private ApiClient Client(ParseResult parsed)
    {
        var url = parsed.GetValue(_url) ?? Variable("X2K_URL") ?? DefaultUrl;
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw CliException.Usage($"{url} is no address of a dashboard; give one like {DefaultUrl}.");
        }

        var token = parsed.GetValue(_token) ?? Variable("X2K_TOKEN");
        if (token is not null && address.Scheme == "http" && !address.IsLoopback)
        {
            Terminal.Error.WriteLine($"x2k: warning: {address.Host} is asked without https; the API token can be read on the way.");
        }

        return new ApiClient(address, token ?? LocalToken(address));
    }

    // The token of the dashboard on this machine is for that one: it is never sent elsewhere.
    private static string? LocalToken(Uri address)
    {
        if (!address.IsLoopback)
        {
            return null;
        }

        var path = Path.Combine(Variable("X2K_STATE_DIR") ?? "/var/lib/xen2kvm", "cli-token");
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
