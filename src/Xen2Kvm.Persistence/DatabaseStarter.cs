using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Xen2Kvm.Persistence.Embedded;
using Xen2Kvm.Persistence.Stores;

namespace Xen2Kvm.Persistence;

/// <summary>Makes the database ready: starts the embedded cluster when that is used, applies migrations, and begins the audit log's chain.</summary>
internal sealed partial class DatabaseStarter(
    IOptions<PersistenceOptions> options, DatabaseConnection connection, TimeProvider time, ILogger<DatabaseStarter> logger) : IAsyncDisposable, IDisposable
{
    private const string _embeddedDatabase = "xen2kvm";

    /// <summary>Key of the advisory lock: "x2kmigr8" as bytes.</summary>
    private const long _migrationLock = 0x78326B6D69677238;

    private EmbeddedPostgres? _embedded;

    /// <summary>Finds out where the database is; starts it when it is the program's own.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!options.Value.UsesEmbedded)
        {
            connection.Set(options.Value.ConnectionString!);
            return;
        }

        _embedded ??= await EmbeddedPostgres.StartAsync(options.Value.Embedded, logger, cancellationToken);
        await _embedded.EnsureDatabaseAsync(_embeddedDatabase, cancellationToken);
        connection.Set(_embedded.ConnectionStringOf(_embeddedDatabase));
    }

    /// <summary>Applies migrations; of several nodes that start together one does so and the others wait.</summary>
    public async Task MigrateAsync(IDbContextFactory<Xen2KvmDbContext> contexts, CancellationToken cancellationToken)
    {
        // A connection of its own, outside the pool: the lock goes with it, whatever happens here.
        var settings = new NpgsqlConnectionStringBuilder(connection.ConnectionString) { Pooling = false, ApplicationName = "xen2kvm migration" };
        await using var guard = new NpgsqlConnection(settings.ConnectionString);
        await guard.OpenAsync(cancellationToken);
        await using (var take = new NpgsqlCommand($"SELECT pg_advisory_lock({_migrationLock})", guard) { CommandTimeout = 0 })
        {
            await take.ExecuteNonQueryAsync(cancellationToken);
        }

        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var pending = (await context.Database.GetPendingMigrationsAsync(cancellationToken)).ToList();
        context.Database.SetCommandTimeout(TimeSpan.FromHours(1));
        if (pending.Count > 0)
        {
            LogMigrating(logger, pending.Count, pending[^1]);
            await context.Database.MigrateAsync(cancellationToken);
        }

        await AuditHead.BeginAsync(context, time.GetUtcNow(), cancellationToken);
    }

    public ValueTask DisposeAsync() => _embedded?.DisposeAsync() ?? ValueTask.CompletedTask;

    public void Dispose() => _embedded?.Dispose();

    [LoggerMessage(6201, LogLevel.Information, "Applies {Count} database migrations, up to {Last}.")]
    private static partial void LogMigrating(ILogger logger, int count, string last);
}
