using Microsoft.Extensions.Options;
using Npgsql;
using Xen2Kvm.Persistence.Embedded;

namespace Xen2Kvm.Persistence;

/// <summary>Which database the program uses.</summary>
public sealed class PersistenceOptions
{
    /// <summary>Name of the connection string.</summary>
    public const string ConnectionName = "Xen2Kvm";

    /// <summary>Connection string of a PostgreSQL database that exists; null or empty for the embedded cluster.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>The embedded cluster, used without a connection string.</summary>
    public EmbeddedPostgresOptions Embedded { get; } = new();

    /// <summary>Whether the embedded cluster is used.</summary>
    public bool UsesEmbedded => string.IsNullOrWhiteSpace(ConnectionString);
}

/// <summary>Finds everything that is wrong with the options, so that a person mends it in one go.</summary>
internal sealed class PersistenceOptionsValidator : IValidateOptions<PersistenceOptions>
{
    public ValidateOptionsResult Validate(string? name, PersistenceOptions options)
    {
        var problems = (options.UsesEmbedded ? options.Embedded.Problems() : ProblemsOf(options.ConnectionString!)).ToList();
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private static IEnumerable<string> ProblemsOf(string connectionString)
    {
        const string setting = $"ConnectionStrings:{PersistenceOptions.ConnectionName}";
        NpgsqlConnectionStringBuilder builder;
        string? problem = null;
        try
        {
            builder = new(connectionString);
        }
        catch (ArgumentException exception)
        {
            // Npgsql names the offending keyword, never a value.
            (builder, problem) = (new(), $"{setting} cannot be read: {exception.Message}");
        }

        if (problem is not null)
        {
            yield return problem;
            yield break;
        }

        if (string.IsNullOrEmpty(builder.Host))
        {
            yield return $"{setting} names no Host.";
        }

        if (string.IsNullOrEmpty(builder.Database))
        {
            yield return $"{setting} names no Database.";
        }
    }
}
