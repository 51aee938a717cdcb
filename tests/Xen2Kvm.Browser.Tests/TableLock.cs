using Npgsql;

namespace Xen2Kvm.Browser.Tests;

/// <summary>A table that nobody else writes while this is held, nor reads unless the mode lets them: what a page does meanwhile has begun and not ended.</summary>
internal sealed class TableLock : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly string _table;

    private TableLock(NpgsqlConnection connection, string table) => (_connection, _table) = (connection, table);

    /// <summary>Locks a table, and owns the connection.</summary>
    public static async Task<TableLock> TakeAsync(NpgsqlConnection connection, string table, string mode, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"BEGIN; LOCK TABLE {table} IN {mode} MODE", connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
        return new TableLock(connection, table);
    }

    /// <summary>Waits until somebody wants to read the table.</summary>
    public async Task WantedAsync()
    {
        await using var command = new NpgsqlCommand($"SELECT EXISTS (SELECT FROM pg_locks WHERE relation = '{_table}'::regclass AND mode = 'AccessShareLock' AND NOT granted)", _connection);
        for (var looks = 0; looks < 2000; looks++)
        {
            if ((bool)(await command.ExecuteScalarAsync())!)
            {
                return;
            }

            await Task.Delay(10);
        }

        throw new TimeoutException($"Nobody reads {_table}.");
    }

    /// <summary>Lets go.</summary>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
