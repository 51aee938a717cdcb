using Microsoft.Extensions.Options;

namespace Xen2Kvm.Web.Hosting;

/// <summary>Settings of the web host, section <c>Dashboard</c>.</summary>
public sealed class DashboardOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Dashboard";

    /// <summary>Directory for what must outlive a restart beside the database: the set-up link. Default: <c>/var/lib/xen2kvm</c>.</summary>
    public string StateDirectory { get; set; } = "/var/lib/xen2kvm";

    /// <summary>
    /// File with the key that encrypts the secrets' key ring, made when it is missing; the same file on every node of one database. Null:
    /// <c>secrets.key</c> in the state directory.
    /// </summary>
    public string? SecretsKeyFile { get; set; }

    /// <summary>
    /// Address under which people open the dashboard, as <c>https://x2k.example.org</c>, where a reverse proxy stands in front; null: the
    /// address that a request names.
    /// </summary>
    public string? PublicUrl { get; set; }

    /// <summary>
    /// Write an API token (role Operator) for x2k to <c>cli-token</c> in the state directory at every start; readable by the program's
    /// account only. Default: off.
    /// </summary>
    public bool LocalToken { get; set; }

    /// <summary>Minutes after which an idle person must sign in again; default 480.</summary>
    public int SessionMinutes { get; set; } = 480;

    /// <summary>The same as a span of time.</summary>
    public TimeSpan SessionIdle => TimeSpan.FromMinutes(SessionMinutes);

    /// <summary>Sign-in attempts per minute and address; default 10.</summary>
    public int SignInAttemptsPerMinute { get; set; } = 10;
}

/// <summary>Finds every fault of <see cref="DashboardOptions"/> at once.</summary>
internal sealed class DashboardOptionsValidator : IValidateOptions<DashboardOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, DashboardOptions options)
    {
        var faults = new List<string>();
        if (!Path.IsPathFullyQualified(options.StateDirectory))
        {
            faults.Add($"Dashboard:StateDirectory is \"{options.StateDirectory}\"; give an absolute path.");
        }

        if (options.SecretsKeyFile is { } keyFile && !Path.IsPathFullyQualified(keyFile))
        {
            faults.Add($"Dashboard:SecretsKeyFile is \"{keyFile}\"; give an absolute path.");
        }

        if (options.PublicUrl is { } url
            && (!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || parsed.Scheme is not ("http" or "https") || parsed.AbsolutePath != "/"))
        {
            faults.Add($"Dashboard:PublicUrl is \"{url}\"; give scheme and host only, as https://x2k.example.org.");
        }

        if (options.SessionMinutes is < 5 or > 43200)
        {
            faults.Add($"Dashboard:SessionMinutes is {options.SessionMinutes}; give 5 to 43200.");
        }

        if (options.SignInAttemptsPerMinute is < 1 or > 10000)
        {
            faults.Add($"Dashboard:SignInAttemptsPerMinute is {options.SignInAttemptsPerMinute}; give 1 to 10000.");
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}

/// <summary>Registers the options.</summary>
internal static class DashboardOptionsRegistration
{
    /// <summary>Binds, validates at start, and takes X2K_STATE_DIR when the setting is not given.</summary>
    public static void AddDashboardOptions(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<IValidateOptions<DashboardOptions>, DashboardOptionsValidator>();
        services.AddOptions<DashboardOptions>()
            .Configure(options => options.StateDirectory = configuration["X2K_STATE_DIR"] ?? options.StateDirectory)
            .Bind(configuration.GetSection(DashboardOptions.Section))
            .ValidateOnStart();
    }
}
