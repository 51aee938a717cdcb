using System.Globalization;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Xen2Kvm.Persistence.Embedded;

/// <summary>
/// A PostgreSQL cluster of the program's own: made at first start, reached over a Unix socket only, adopted when it still runs (after a
/// crash of the program), stopped when the last that uses it is disposed of.
/// </summary>
/// <remarks>
/// The server may run under another account than the program, so the socket's directory (0700, the server's) is not the only lock: the
/// server asks for a password (SCRAM) that is generated once and kept in a file that only the program can read.
/// </remarks>
public sealed partial class EmbeddedPostgres : IAsyncDisposable, IDisposable
{
    private const string _owner = "xen2kvm";
    private const int _port = 5432;

    private readonly EmbeddedPostgresOptions _options;
    private readonly ClusterPlaces _places;
    private readonly ServerAccount _account;
    private readonly ILogger _logger;
    private string _socket;
    private string _bin = "";
    private string _password = "";
    private FileLock? _use;

    private EmbeddedPostgres(EmbeddedPostgresOptions options, ClusterPlaces places, ServerAccount account, ILogger logger)
    {
        (_options, _places, _account, _logger) = (options, places, account, logger);
        _socket = places.Socket;
    }

    /// <summary>Whether the server was found running instead of being started by this object.</summary>
    public bool WasAdopted { get; private set; }

    /// <summary>Process id of the server.</summary>
    public int ProcessId { get; private set; }

    /// <summary>Makes the cluster if there is none, and starts it or adopts the one that runs.</summary>
    /// <exception cref="EmbeddedPostgresException">It cannot be; the message says what to do.</exception>
    public static async Task<EmbeddedPostgres> StartAsync(EmbeddedPostgresOptions options, ILogger logger, CancellationToken cancellationToken)
    {
        if (options.Problems().ToList() is { Count: > 0 } problems)
        {
            throw new EmbeddedPostgresException(string.Join(Environment.NewLine, problems));
        }

        var places = ClusterPlaces.Of(options, Environment.IsPrivilegedProcess, Environment.GetEnvironmentVariable);
        var bin = PostgresPrograms.Find(options.BinDirectory, places.Version());
        var account = await ServerAccount.FindAsync(options.SystemUser, cancellationToken);
        var cluster = new EmbeddedPostgres(options, places, account, logger) { _bin = bin };
        try
        {
            await cluster.StartLockedAsync(cancellationToken);
            return cluster;
        }
        catch (Exception exception)
        {
            await cluster.DisposeAsync();
            if (exception is IOException or UnauthorizedAccessException)
            {
                throw new EmbeddedPostgresException(
                    $"The private PostgreSQL cluster in {places.Home} cannot be used: {exception.Message}", exception);
            }

            throw;
        }
    }

    /// <summary>Connection string of a database of the cluster, password included.</summary>
    public string ConnectionStringOf(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = _socket,
        Port = _port,
        Username = _owner,
        Password = _password,
        Database = database,
        ApplicationName = "xen2kvm",
        // Less than the server's, so that a second node and a person with psql find a place.
        MaxPoolSize = Math.Max(5, _options.MaxConnections * 6 / 10),
    }.ConnectionString;

    /// <summary>Makes a database unless it exists.</summary>
    public async Task EnsureDatabaseAsync(string database, CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(ConnectionStringOf("postgres"));
        await using var exists = source.CreateCommand("SELECT 1 FROM pg_database WHERE datname = $1");
        exists.Parameters.Add(new NpgsqlParameter { Value = database });
        if (await exists.ExecuteScalarAsync(cancellationToken) is not null)
        {
            return;
        }

        await using var create = source.CreateCommand($"CREATE DATABASE \"{database.Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
        try
        {
            await create.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState is PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.UniqueViolation)
        {
            // Another program made it between the two statements.
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_use is not { } use)
        {
            return;
        }

        _use = null;
        try
        {
            // Nobody begins to use it meanwhile.
            await using var held = await FileLock.TakeAsync(_places.Lock, TimeSpan.FromSeconds(_options.TimeoutSeconds), CancellationToken.None);
            await use.DisposeAsync();
            if (!FileLock.IsFree(_places.Users))
            {
                LogLeft(_logger, _places.Home);
                return;
            }

            var (exitCode, output, error) = await ControlAsync(["stop", "-m", "fast", "-w", "-t", Timeout], CancellationToken.None);
            if (exitCode == 0)
            {
                LogStopped(_logger, _places.Home);
            }
            else
            {
                LogNotStopped(_logger, _places.Home, $"{output}{error}".Trim());
            }
        }
        catch (EmbeddedPostgresException exception)
        {
            LogNotStopped(_logger, _places.Home, exception.Message);
        }
        finally
        {
            await use.DisposeAsync();
        }
    }

    /// <inheritdoc />
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private string Timeout => _options.TimeoutSeconds.ToString(CultureInfo.InvariantCulture);

    private async Task StartLockedAsync(CancellationToken cancellationToken)
    {
        // Others may pass through, to the directories that are theirs; what is the program's own has its own modes.
        Directory.CreateDirectory(_places.Home);
        File.SetUnixFileMode(_places.Home, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | (_account.IsOther ? UnixFileMode.GroupExecute | UnixFileMode.OtherExecute : UnixFileMode.None));
        await _account.RequireAccessAsync(_places.Home, cancellationToken);
        await using var held = await FileLock.TakeAsync(_places.Lock, TimeSpan.FromSeconds(_options.TimeoutSeconds), cancellationToken);

        if (_places.Version() is null)
        {
            await MakeClusterAsync(cancellationToken);
        }

        _password = await ClusterPassword.ReadAsync(_places, cancellationToken);
        if (await IsRunningAsync(cancellationToken))
        {
            WasAdopted = true;
            _use = FileLock.Share(_places.Users);
        }
        else
        {
            await StartServerAsync(cancellationToken);
        }

        (ProcessId, _socket) = ReadPidFile();
        await CheckAsync(cancellationToken);
        if (WasAdopted)
        {
            LogAdopted(_logger, _places.Home, ProcessId);
        }
        else
        {
            LogStarted(_logger, _places.Home, ProcessId);
        }
    }

    private async Task MakeClusterAsync(CancellationToken cancellationToken)
    {
        LogMaking(_logger, _places.Home);
        if (Directory.Exists(_places.NewData))
        {
            // A program that ended in the middle of initdb left it; it was never used.
            Directory.Delete(_places.NewData, recursive: true);
        }

        await ClusterPassword.MakeAsync(_places, cancellationToken);
        try
        {
            await _account.GiveAsync(_places.PasswordForInit, cancellationToken);
            await _account.MakePrivateDirectoryAsync(_places.NewData, cancellationToken);
            var (exitCode, output, error) = await _account.RunAsync(
                Path.Combine(_bin, "initdb"),
                [
                    "--pgdata", _places.NewData, "--username", _owner, "--pwfile", _places.PasswordForInit, "--auth", "scram-sha-256",
                    "--encoding", "UTF8", "--locale", "C.UTF-8", "--data-checksums", "--no-instructions",
                ],
                cancellationToken);
            if (exitCode != 0)
            {
                throw new EmbeddedPostgresException($"The PostgreSQL cluster in {_places.Home} could not be made: {$"{output}\n{error}".Trim()}");
            }
        }
        finally
        {
            File.Delete(_places.PasswordForInit);
        }

        Directory.Move(_places.NewData, _places.Data);
    }

    private async Task StartServerAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_places.Socket)!);
        await _account.MakePrivateDirectoryAsync(_places.Socket, cancellationToken);
        await _account.RequireAccessAsync(_places.Socket, cancellationToken);
        var settings = ServerSettings.For(_places.Socket, _port, _options.MaxConnections);
        // From here on it may run, so disposal must stop it even when waiting is cancelled.
        _use = FileLock.Share(_places.Users);
        var (exitCode, output, error) = await ControlAsync(
            ["start", "-w", "-t", Timeout, "-l", _places.StartLog, "-o", settings], cancellationToken);
        if (exitCode != 0)
        {
            throw new EmbeddedPostgresException(
                $"PostgreSQL did not start in {_places.Home}: {$"{output}\n{error}".Trim()}\n{TailOf(_places.StartLog)}".Trim());
        }
    }

    private async Task<bool> IsRunningAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(_places.PidFile))
        {
            return false;
        }

        // A server that was killed counts as running until its end was taken note of, which some containers' first process does late.
        var (processId, _) = ReadPidFile();
        for (var tries = 0; tries < 200 && IsDead(processId); tries++)
        {
            await Task.Delay(100, cancellationToken);
        }

        // It knows a process id that another program has by now from the server's own.
        var (exitCode, _, _) = await ControlAsync(["status"], cancellationToken);
        return exitCode == 0;
    }

    private Task<(int ExitCode, string Output, string Error)> ControlAsync(string[] arguments, CancellationToken cancellationToken) =>
        _account.RunAsync(Path.Combine(_bin, "pg_ctl"), [.. arguments, "-D", _places.Data], cancellationToken);

    /// <summary>Whether the process has ended but is still listed.</summary>
    private static bool IsDead(int processId)
    {
        try
        {
            // 4711 (name) Z …; the name may hold anything.
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/stat"));
            return stat.AsSpan(stat.LastIndexOf(')') + 1).TrimStart().StartsWith("Z", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private (int ProcessId, string Socket) ReadPidFile()
    {
        // Lines: process id, data directory, start time, port, socket directory, …
        var lines = File.ReadAllLines(_places.PidFile);
        return (int.Parse(lines[0].Trim(), CultureInfo.InvariantCulture), lines.Length > 4 && lines[4].Length > 0 ? lines[4].Trim() : _places.Socket);
    }

    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = new NpgsqlConnection(
                new NpgsqlConnectionStringBuilder(ConnectionStringOf("postgres")) { Pooling = false, Timeout = 15 }.ConnectionString);
            await connection.OpenAsync(cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InvalidPassword)
        {
            throw new EmbeddedPostgresException(
                $"The password in {_places.Password} is not the cluster's. Put the right file back (it belongs with the cluster in backups).",
                exception);
        }
        catch (NpgsqlException exception)
        {
            throw new EmbeddedPostgresException($"PostgreSQL in {_places.Home} runs but cannot be reached: {exception.Message}", exception);
        }
    }

    private static string TailOf(string file) =>
        File.Exists(file) ? string.Join('\n', File.ReadLines(file).TakeLast(15)) : "";
}
