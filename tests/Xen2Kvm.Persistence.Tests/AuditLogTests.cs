using Npgsql;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence.Tests.Support;

namespace Xen2Kvm.Persistence.Tests;

public sealed class AuditLogTests(Store store) : IClassFixture<Store>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Entries_are_found_newest_first_in_the_order_they_were_written_and_page_by_page()
    {
        AuditEntry first = new(Some.Time, "pager", "run.start", "files", "detail");
        AuditEntry second = first with { Action = "run.stop", At = Some.Time.AddHours(-1) };
        await store.Audit.AppendAsync(first, Token);
        await store.Audit.AppendAsync(second, Token);
        var page = await SearchAsync(new() { By = "pager" }, 1);
        page.ShouldBe([second]);
        var id = (await store.Audit.SearchAsync(new() { By = "pager" }, 1, Token))[0].Id;
        (await SearchAsync(new() { By = "pager", Before = id })).ShouldBe([first]);
        (await store.Audit.SearchAsync(new() { By = "pager", Before = id - 1 }, 1, Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_entry_is_found_by_part_of_a_word_in_any_case_by_person_act_and_time()
    {
        AuditEntry entry = new(Some.Time.AddYears(1), "searcher", "host.change", @"Mail_01", @"100 % of C:\x");
        await store.Audit.AppendAsync(entry, Token);
        await store.Audit.AppendAsync(entry with { Subject = "Mail901", Detail = "", Action = "host.add", At = entry.At.AddDays(1) }, Token);
        (await SearchAsync(new() { Text = " mail_0 " })).ShouldBe([entry], "an underscore is a letter like others");
        (await SearchAsync(new() { Text = @"0 % of c:\X" })).ShouldBe([entry]);
        (await SearchAsync(new() { By = "searcher", Action = "host.change" })).ShouldBe([entry]);
        (await SearchAsync(new() { By = "searcher", From = entry.At, To = entry.At.AddDays(1) })).ShouldBe([entry], "the end is not part of it");
        (await SearchAsync(new() { By = "searcher", From = entry.At.AddTicks(10) })).ShouldNotContain(entry);
        (await SearchAsync(new() { By = "nobody" })).ShouldBeEmpty();
        var names = await store.Audit.ListNamesAsync(Token);
        names.People.ShouldContain("searcher");
        names.People.ShouldBeUnique();
        new[] { "host.add", "host.change" }.ShouldBeSubsetOf(names.Acts);
        names.Acts.ShouldBeUnique();
    }

    [Fact]
    public async Task An_export_reads_in_the_order_of_writing()
    {
        for (var number = 0; number < 3; number++)
        {
            await store.Audit.AppendAsync(new(Some.Time.AddHours(-number), "exporter", "run.stop", $"{number}", ""), Token);
        }

        var read = new List<string>();
        await foreach (var entry in store.Audit.ReadAsync(new() { By = "exporter" }, Token))
        {
            read.Add(entry.Subject);
        }

        read.ShouldBe(["0", "1", "2"]);
    }

    [Theory]
    [InlineData("UPDATE audit SET by = 'nobody'")]
    [InlineData("DELETE FROM audit")]
    [InlineData("TRUNCATE audit")]
    public async Task The_database_refuses_to_change_what_was_written(string sql)
    {
        await store.Audit.AppendAsync(new(Some.Time, "ann", "run.start", "files", sql), Token);
        (await Should.ThrowAsync<PostgresException>(() => store.SqlAsync(sql))).MessageText.ShouldContain("append-only");
        (await SearchAsync(new() { By = "ann" })).ShouldContain(entry => entry.Detail == sql);
    }

    private async Task<List<AuditEntry>> SearchAsync(AuditQuery query, int most = 100) =>
        [.. (await store.Audit.SearchAsync(query, most, Token)).Select(entry => new AuditEntry(entry.At, entry.By, entry.Action, entry.Subject, entry.Detail))];
}
