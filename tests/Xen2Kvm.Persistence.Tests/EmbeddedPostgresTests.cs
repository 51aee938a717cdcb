using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Xen2Kvm.Persistence.Embedded;
using Xen2Kvm.Persistence.Tests.Support;

namespace Xen2Kvm.Persistence.Tests;

/// <summary>A cluster of its own: these tests start and stop it.</summary>
public sealed class EmbeddedPostgresTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private EmbeddedPostgresOptions Options => new() { DataDirectory = _directory.Of("it's a home"), SocketDirectory = _directory.Of("its' socket") };

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task What_was_committed_is_there_after_a_restart_and_the_server_stops_with_its_owner()
    {
        int first;
        await using (var cluster = await StartAsync())
        {
            first = cluster.ProcessId;
            cluster.WasAdopted.ShouldBeFalse();
            await cluster.EnsureDatabaseAsync("it", Token);
            await cluster.EnsureDatabaseAsync("it", Token);
            await ScalarAsync(cluster, "it", "CREATE TABLE kept AS SELECT 42 AS value");
        }

        first.ShouldBeGreaterThan(0);
        await EndedAsync();
        await using var again = await StartAsync();
        again.WasAdopted.ShouldBeFalse();
        (await ScalarAsync(again, "it", "SELECT value FROM kept")).ShouldBe(42);
    }

    [Fact]
    public async Task A_running_server_is_adopted_and_stops_with_the_last_that_uses_it()
    {
        EmbeddedPostgres other;
        await using (var first = await StartAsync())
        {
            other = await StartAsync();
            other.WasAdopted.ShouldBeTrue();
            other.ProcessId.ShouldBe(first.ProcessId);
        }

        (await ScalarAsync(other, "postgres", "SELECT 1")).ShouldBe(1);
        await using (await StartAsync())
        {
            await other.DisposeAsync();
            IsInUse().ShouldBeTrue();
        }

        await EndedAsync();
    }

    [Fact]
    public async Task Two_that_start_at_once_share_one_server()
    {
        var clusters = await Task.WhenAll(StartAsync(), StartAsync(), StartAsync());
        clusters.Select(cluster => cluster.ProcessId).Distinct().Count().ShouldBe(1);
        clusters.Count(cluster => cluster.WasAdopted).ShouldBe(2);
        foreach (var cluster in clusters.OrderByDescending(cluster => cluster.WasAdopted))
        {
            await cluster.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_killed_server_starts_again_and_replays_what_was_committed()
    {
        await using var cluster = await StartAsync();
        await ScalarAsync(cluster, "postgres", "CREATE TABLE kept AS SELECT 42 AS value");
        using (var server = Process.GetProcessById(cluster.ProcessId))
        {
            server.Kill();
        }

        // Its children see that it is gone and end too; then only the first process of this machine still knows of it.
        while (IsInUse())
        {
            await Task.Delay(20, Token);
        }

        await using var again = await StartAsync();
        again.WasAdopted.ShouldBeFalse();
        (await ScalarAsync(again, "postgres", "SELECT value FROM kept")).ShouldBe(42);
    }

    [Fact]
    public async Task A_cluster_that_was_left_half_made_is_made_anew()
    {
        Directory.CreateDirectory(Path.Combine(Options.DataDirectory!, "data.new", "base"));
        await using var cluster = await StartAsync();
        (await ScalarAsync(cluster, "postgres", "SELECT 1")).ShouldBe(1);
    }

    [Fact]
    public async Task It_is_made_as_decided_durable_private_and_without_TCP()
    {
        await using var cluster = await StartAsync();
        async Task<string> SettingAsync(string name) => (string)(await ScalarAsync(cluster, "postgres", $"SELECT current_setting('{name}')"))!;
        (await SettingAsync("fsync")).ShouldBe("on");
        (await SettingAsync("data_checksums")).ShouldBe("on");
        (await SettingAsync("server_encoding")).ShouldBe("UTF8");
        (await SettingAsync("lc_collate")).ShouldBe("C.UTF-8");
        (await SettingAsync("listen_addresses")).ShouldBe("");
        (await ScalarAsync(cluster, "postgres", "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method <> 'scram-sha-256'")).ShouldBe(0L);

        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        File.GetUnixFileMode(Path.Combine(Options.DataDirectory!, "password")).ShouldBe(owner);
        File.GetUnixFileMode(Options.SocketDirectory!).ShouldBe(owner | UnixFileMode.UserExecute);
        File.Exists(Path.Combine(Options.DataDirectory!, "password.init")).ShouldBeFalse();

        var wrong = new NpgsqlConnectionStringBuilder(cluster.ConnectionStringOf("postgres")) { Password = "guess", Pooling = false };
        await using var connection = new NpgsqlConnection(wrong.ConnectionString);
        (await Should.ThrowAsync<PostgresException>(() => connection.OpenAsync(Token))).SqlState.ShouldBe(PostgresErrorCodes.InvalidPassword);
    }

    [Fact]
    public async Task A_lost_or_wrong_password_file_is_said_in_words()
    {
        await (await StartAsync()).DisposeAsync();
        var password = Path.Combine(Options.DataDirectory!, "password");
        await File.WriteAllTextAsync(password, "wrong", Token);
        (await Should.ThrowAsync<EmbeddedPostgresException>(StartAsync)).Message.ShouldContain("is not the cluster's");
        File.Delete(password);
        (await Should.ThrowAsync<EmbeddedPostgresException>(StartAsync)).Message.ShouldContain("has lost its password file");
    }

    [Fact]
    public async Task A_server_that_does_not_start_says_why()
    {
        await (await StartAsync()).DisposeAsync();
        await File.WriteAllTextAsync(Path.Combine(Options.DataDirectory!, "data", "postgresql.conf"), "no_such_setting = on\n", Token);
        (await Should.ThrowAsync<EmbeddedPostgresException>(StartAsync)).Message.ShouldContain("no_such_setting");
    }

    [Fact]
    public async Task A_directory_that_the_servers_account_may_not_enter_is_said_in_words()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root changes to another account.");
        var closed = Directory.CreateDirectory(_directory.Of("closed"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var options = new EmbeddedPostgresOptions { DataDirectory = Path.Combine(closed.FullName, "pg") };
        var error = await Should.ThrowAsync<EmbeddedPostgresException>(() => EmbeddedPostgres.StartAsync(options, NullLogger.Instance, Token));
        error.Message.ShouldContain("may not enter");
        options.SystemUser = "no-such-account";
        error = await Should.ThrowAsync<EmbeddedPostgresException>(() => EmbeddedPostgres.StartAsync(options, NullLogger.Instance, Token));
        error.Message.ShouldContain("no account “no-such-account”");
    }

    [Fact]
    public void Missing_server_programs_are_said_with_what_to_install()
    {
        var root = _directory.Of("programs");
        Should.Throw<EmbeddedPostgresException>(() => PostgresPrograms.Find(null, null, root)).Message.ShouldContain("apt install postgresql-15");
        Should.Throw<EmbeddedPostgresException>(() => PostgresPrograms.Find(root, null, root)).Message.ShouldContain("BinDirectory");
        foreach (var version in new[] { "9.6", "13", "9", "15", "17" })
        {
            var bin = Directory.CreateDirectory(Path.Combine(root, version, "bin")).FullName;
            foreach (var program in new[] { "initdb", "pg_ctl", "postgres" })
            {
                // 17 has clients only.
                if (version != "17")
                {
                    File.WriteAllText(Path.Combine(bin, program), "");
                }
            }
        }

        PostgresPrograms.Find(null, null, root).ShouldBe(Path.Combine(root, "15/bin"));
        PostgresPrograms.Find(null, 13, root).ShouldBe(Path.Combine(root, "13/bin"));
        Should.Throw<EmbeddedPostgresException>(() => PostgresPrograms.Find(null, 14, root)).Message.ShouldContain("apt install postgresql-14");
    }

    [Fact]
    public void Directories_default_to_where_a_person_expects_them()
    {
        static string? None(string name) => name == "HOME" ? "/home/ann" : null;
        ClusterPlaces.Of(new(), true, None).Home.ShouldBe("/var/lib/xen2kvm/postgres");
        ClusterPlaces.Of(new(), true, None).Socket.ShouldStartWith("/run/xen2kvm/");
        ClusterPlaces.Of(new(), false, None).Home.ShouldBe("/home/ann/.local/state/xen2kvm/postgres");
        ClusterPlaces.Of(new(), false, name => name == "XDG_STATE_HOME" ? "/state" : null).Home.ShouldBe("/state/xen2kvm/postgres");
        var deep = ClusterPlaces.Of(new() { DataDirectory = "/" + new string('d', 300) }, false, None);
        deep.Socket.Length.ShouldBeLessThan(80);
        deep.Socket.ShouldNotBe(ClusterPlaces.Of(new() { DataDirectory = "/other" }, false, None).Socket);
    }

    private Task<EmbeddedPostgres> StartAsync() => EmbeddedPostgres.StartAsync(Options, NullLogger.Instance, Token);

    /// <summary>Whether any process works in the cluster's directory, as all of a server's do.</summary>
    // The server takes its pid file away, which is what a stop waits for, and then its process ends.
    private async Task EndedAsync()
    {
        for (var tries = 0; IsInUse(); tries++)
        {
            tries.ShouldBeLessThan(300, "the server goes on");
            await Task.Delay(100, Token);
        }
    }

    private bool IsInUse()
    {
        var data = Path.Combine(Options.DataDirectory!, "data");
        return Directory.EnumerateDirectories("/proc").Any(process =>
        {
            try
            {
                return new FileInfo(Path.Combine(process, "cwd")).LinkTarget == data;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return false;
            }
        });
    }

    private static async Task<object?> ScalarAsync(EmbeddedPostgres cluster, string database, string sql)
    {
        var settings = new NpgsqlConnectionStringBuilder(cluster.ConnectionStringOf(database)) { Pooling = false };
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync(Token);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Token);
    }
}
