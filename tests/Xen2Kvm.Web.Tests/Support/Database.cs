using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Xen2Kvm.Persistence;
using Xen2Kvm.Persistence.Embedded;
using Xen2Kvm.Web.Tests.Support;

[assembly: AssemblyFixture(typeof(Database))]

namespace Xen2Kvm.Web.Tests.Support;

/// <summary>One real PostgreSQL for all tests of the assembly; each dashboard has a database of its own.</summary>
public sealed class Database : IAsyncLifetime
{
    private const string Template = "web_template";
    private readonly string _directory = Directory.CreateTempSubdirectory("x2k-web-").FullName;
    private EmbeddedPostgres? _postgres;
    private int _count;

    public async ValueTask InitializeAsync()
    {
        // PostgreSQL refuses to run as root and runs as another account, which must come to its directory.
        File.SetUnixFileMode(_directory, File.GetUnixFileMode(_directory) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        _postgres = await EmbeddedPostgres.StartAsync(
            new() { DataDirectory = Path.Combine(_directory, "pg"), SocketDirectory = Path.Combine(_directory, "s"), MaxConnections = 200 },
            NullLogger.Instance, CancellationToken.None);

        // Migrated once and copied for each dashboard: the migrations would be half of most tests' time.
        await _postgres.EnsureDatabaseAsync(Template, CancellationToken.None);
        await using (var app = DashboardHost.Build([], builder => builder.Configuration["ConnectionStrings:Xen2Kvm"] = ConnectionStringOf(Template)))
        {
            await app.Services.InitialiseXen2KvmDatabaseAsync(CancellationToken.None);
        }

        NpgsqlConnection.ClearAllPools();
    }

    /// <summary>Makes a database without any data and returns its connection string.</summary>
    public async Task<string> NewAsync()
    {
        var name = $"web_{Interlocked.Increment(ref _count)}";
        await using var source = NpgsqlDataSource.Create(_postgres!.ConnectionStringOf("postgres"));
        await using var create = source.CreateCommand($"CREATE DATABASE {name} TEMPLATE {Template}");
        await create.ExecuteNonQueryAsync();
        return ConnectionStringOf(name);
    }

    private string ConnectionStringOf(string name) => new NpgsqlConnectionStringBuilder(_postgres!.ConnectionStringOf(name)) { MaxPoolSize = 20 }.ConnectionString;

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        if (_postgres is not null)
        {
            await _postgres.DisposeAsync();
        }

        Directory.Delete(_directory, recursive: true);
    }
}
