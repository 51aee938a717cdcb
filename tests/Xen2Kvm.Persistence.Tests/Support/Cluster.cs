using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Xen2Kvm.Persistence.Embedded;
using Xen2Kvm.Persistence.Tests.Support;

[assembly: AssemblyFixture(typeof(Cluster))]

namespace Xen2Kvm.Persistence.Tests.Support;

/// <summary>One real PostgreSQL cluster for all tests of the assembly.</summary>
public sealed class Cluster : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private EmbeddedPostgres? _postgres;
    private int _databases;

    public EmbeddedPostgres Postgres => _postgres ?? throw new InvalidOperationException("The cluster has not been started.");

    public async ValueTask InitializeAsync() => _postgres = await EmbeddedPostgres.StartAsync(
        new() { DataDirectory = _directory.Of("pg"), SocketDirectory = _directory.Of("s"), MaxConnections = 200 },
        NullLogger.Instance,
        TestContext.Current.CancellationToken);

    /// <summary>Makes an empty database and returns its connection string.</summary>
    public async Task<string> NewDatabaseAsync()
    {
        var name = $"test_{Interlocked.Increment(ref _databases)}";
        await Postgres.EnsureDatabaseAsync(name, TestContext.Current.CancellationToken);
        return new NpgsqlConnectionStringBuilder(Postgres.ConnectionStringOf(name)) { MaxPoolSize = 40 }.ConnectionString;
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        if (_postgres is not null)
        {
            await _postgres.DisposeAsync();
        }

        _directory.Dispose();
    }
}
