using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Records;
using Xen2Kvm.Persistence.Tests.Support;

namespace Xen2Kvm.Persistence.Tests;

/// <summary>The chain of the audit log, tampered with as only the table's owner can.</summary>
public sealed class AuditChainTests(Cluster cluster) : IAsyncLifetime
{
    private readonly Store _store = new(cluster);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _store.InitializeAsync();

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task The_hash_is_what_its_documentation_says()
    {
        await AppendAsync(2);
        var all = await _store.Audit.SearchAsync(new(), 10, Token);
        var bytes = new List<byte>(Convert.FromHexString(all[1].Hash));
        bytes.AddRange([0, 0, 0, 0, 0, 0, 0, 2]);
        bytes.AddRange(BitConverter.GetBytes((all[0].At - DateTimeOffset.UnixEpoch).Ticks / 10).Reverse());
        foreach (var word in new[] { "ann", "run.start", "guest-2", "größer 🐧" })
        {
            bytes.AddRange(BitConverter.GetBytes(Encoding.UTF8.GetByteCount(word)).Reverse());
            bytes.AddRange(Encoding.UTF8.GetBytes(word));
        }

        all[0].Hash.ShouldBe(Convert.ToHexStringLower(SHA256.HashData([.. bytes])));
    }

    [Fact]
    public async Task A_log_that_nobody_touched_is_whole_an_empty_one_too()
    {
        (await VerifyAsync()).ShouldBe((null, 0, 0));
        await AppendAsync(7);
        (await VerifyAsync()).ShouldBe((null, 7, 7));
        var verdict = await _store.Audit.VerifyAsync(Token);
        verdict.LastHash.ShouldBe((await _store.Audit.SearchAsync(new(), 1, Token))[0].Hash);
        verdict.At.ShouldBe(_store.Time.GetUtcNow());
    }

    [Theory]
    [InlineData("UPDATE audit SET by = 'bob' WHERE id = 4", AuditFaultKind.Changed, 4, 3)]
    [InlineData("UPDATE audit SET at = at + interval '1 microsecond' WHERE id = 1", AuditFaultKind.Changed, 1, 0)]
    [InlineData("UPDATE audit SET subject = subject || detail, detail = '' WHERE id = 4", AuditFaultKind.Changed, 4, 3)]
    [InlineData("UPDATE audit SET hash = sha256('x') WHERE id = 7", AuditFaultKind.Changed, 7, 6)]
    [InlineData("UPDATE audit SET id = -3 WHERE id = 3; UPDATE audit SET id = 3 WHERE id = 5; UPDATE audit SET id = 5 WHERE id = -3", AuditFaultKind.Changed, 3, 2)]
    [InlineData("DELETE FROM audit WHERE id = 1", AuditFaultKind.Missing, 2, 0)]
    [InlineData("DELETE FROM audit WHERE id BETWEEN 3 AND 5", AuditFaultKind.Missing, 6, 2)]
    [InlineData("DELETE FROM audit WHERE id > 5", AuditFaultKind.CutOff, 5, 5)]
    [InlineData("DELETE FROM audit", AuditFaultKind.CutOff, 0, 0)]
    [InlineData("INSERT INTO audit SELECT id - 1, at, by, action, subject, detail, hash FROM audit WHERE id = 1", AuditFaultKind.Inserted, 0, 0)]
    [InlineData("INSERT INTO audit SELECT id + 1, at, by, action, subject, detail, hash FROM audit WHERE id = 7", AuditFaultKind.Inserted, 8, 7)]
    [InlineData("DELETE FROM settings WHERE key = 'audit-head'", AuditFaultKind.HeadMissing, 7, 7)]
    public async Task What_the_tables_owner_does_past_the_program_is_found(string sql, AuditFaultKind kind, long id, long whole)
    {
        await AppendAsync(7);
        await TamperAsync(sql);
        (await VerifyAsync()).ShouldBe((new AuditFault(kind, id), whole, whole));
    }

    [Fact]
    public async Task A_last_entry_that_was_changed_and_hashed_anew_does_not_fit_the_head()
    {
        await AppendAsync(3);
        var all = await _store.Audit.SearchAsync(new(), 3, Token);
        var forged = AuditChain.Hash(Convert.FromHexString(all[1].Hash), 3, AuditChain.Microseconds(all[0].At), "bob", "run.start", "guest-3", "größer 🐧");
        await TamperAsync($@"UPDATE audit SET by = 'bob', hash = '\x{Convert.ToHexString(forged)}' WHERE id = 3");
        (await VerifyAsync()).Fault.ShouldBe(new AuditFault(AuditFaultKind.Changed, 3));
    }

    [Theory]
    [InlineData("DELETE FROM audit WHERE id > 5", AuditFaultKind.Missing, 8)]
    [InlineData("DELETE FROM settings WHERE key = 'audit-head'", AuditFaultKind.HeadMissing, 10)]
    [InlineData("INSERT INTO audit SELECT id + 1, at, by, action, subject, detail, hash FROM audit WHERE id = 7", AuditFaultKind.Inserted, 8)]
    public async Task What_is_recorded_afterwards_does_not_hide_it_and_neither_does_a_restart(string sql, AuditFaultKind kind, long id)
    {
        await AppendAsync(7);
        await TamperAsync(sql);
        await AppendAsync(3);
        await using var node = Store.NewNode(_store.ConnectionString, _store.Time);
        await node.InitialiseXen2KvmDatabaseAsync(Token);
        (await node.GetRequiredService<IAuditLog>().VerifyAsync(Token)).Fault.ShouldBe(new AuditFault(kind, id));
    }

    [Fact]
    public async Task Entries_of_before_there_was_a_chain_are_chained_at_the_first_start_gaps_and_all()
    {
        await TamperAsync(
            """
            DELETE FROM settings WHERE key = 'audit-head';
            INSERT INTO audit SELECT n * 2, now(), 'ann', 'run.start', 'guest-' || n, '', '' FROM generate_series(1, 12000) n
            """);
        await using var node = Store.NewNode(_store.ConnectionString, _store.Time);
        await node.InitialiseXen2KvmDatabaseAsync(Token);
        (await VerifyAsync()).ShouldBe((null, 12000, 24000));
        await AppendAsync(1);
        (await VerifyAsync()).ShouldBe((null, 12001, 24001));
        await Should.ThrowAsync<Npgsql.PostgresException>(() => _store.SqlAsync("DELETE FROM audit"), "the guard is up again");
        await TamperAsync("INSERT INTO audit SELECT 7, now(), 'ann', 'run.start', 'x', '', sha256('x')");
        (await VerifyAsync()).Fault.ShouldBe(new AuditFault(AuditFaultKind.Inserted, 7));
    }

    [Fact]
    public async Task Two_nodes_that_append_at_once_make_one_chain()
    {
        await using var node = Store.NewNode(_store.ConnectionString, _store.Time);
        await node.InitialiseXen2KvmDatabaseAsync(Token);
        var logs = new[] { _store.Audit, node.GetRequiredService<IAuditLog>() };
        await Task.WhenAll(Enumerable.Range(0, 60).Select(number =>
            logs[number % 2].AppendAsync(new(Some.Time, "ann", "run.start", $"guest-{number}", ""), Token)));
        (await VerifyAsync()).ShouldBe((null, 60, 60));
    }

    [Fact]
    public async Task A_page_of_a_large_log_is_full_of_what_was_searched_newest_first()
    {
        await TamperAsync(
            """
            DELETE FROM settings WHERE key = 'audit-head';
            INSERT INTO audit SELECT n, timestamptz '2026-01-01' + n * interval '1 minute', 'person-' || n % 20, 'act-' || n % 12,
                'guest-' || n % 900, 'detail ' || md5(n::text), '' FROM generate_series(1, 10000) n;
            """);
        await using var node = Store.NewNode(_store.ConnectionString, _store.Time);
        await node.InitialiseXen2KvmDatabaseAsync(Token);
        await _store.SqlAsync("ANALYZE audit");
        var day = new DateTimeOffset(2026, 1, 3, 0, 0, 0, TimeSpan.Zero);
        AuditQuery[] queries =
        [
            new(), new() { Before = 500 }, new() { Text = "no such text" }, new() { Text = "8f14e45f" }, new() { Text = "GUEST-77" }, new() { Text = "e" },
            new() { By = "person-7", Action = "act-7" }, new() { By = "nobody" }, new() { Action = "act-3", Text = "guest-5" },
            new() { From = day, To = day.AddDays(1) }, new() { To = day, By = "person-3" },
        ];
        var all = await _store.Audit.SearchAsync(new(), 10_000, Token);
        all.Count.ShouldBe(10_000);
        foreach (var query in queries)
        {
            (await _store.Audit.SearchAsync(query, 100, Token)).Select(entry => entry.Id)
                .ShouldBe(all.Where(entry => IsAsked(entry, query)).Take(100).Select(entry => entry.Id), query.ToString());
        }
    }

    private static bool IsAsked(AuditRecord entry, AuditQuery query) =>
        (query.By is null || entry.By == query.By) && (query.Action is null || entry.Action == query.Action)
        && (query.From is null || entry.At >= query.From) && (query.To is null || entry.At < query.To) && (query.Before is null || entry.Id < query.Before)
        && (query.Text is null || entry.Subject.Contains(query.Text, StringComparison.OrdinalIgnoreCase) || entry.Detail.Contains(query.Text, StringComparison.OrdinalIgnoreCase));

    private async Task AppendAsync(int count)
    {
        for (var number = 1; number <= count; number++)
        {
            await _store.Audit.AppendAsync(new(Some.Time.AddTicks(number * 17), "ann", "run.start", $"guest-{number}", "größer 🐧"), Token);
        }
    }

    private Task<object?> TamperAsync(string sql) => _store.SqlAsync(
        $"ALTER TABLE audit DISABLE TRIGGER ALL; {sql}; ALTER TABLE audit ENABLE TRIGGER ALL");

    private async Task<(AuditFault? Fault, long Entries, long LastId)> VerifyAsync()
    {
        var verdict = await _store.Audit.VerifyAsync(Token);
        return (verdict.Fault, verdict.Entries, verdict.LastId);
    }
}
