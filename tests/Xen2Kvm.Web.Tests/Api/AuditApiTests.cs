using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Npgsql;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Web.Tests.Api;

public sealed class AuditApiTests(Database database)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Acts_are_found_by_filter_and_read_page_by_page()
    {
        await using var dashboard = await StartAsync();
        using var api = await dashboard.WithTokenAsync(Roles.Viewer);
        var first = await ReadAsync(api, "?by=ann&most=2");
        Subjects(first).ShouldBe(["=cmd()", "\tx"]);
        first[0]!["at"]!.GetValue<DateTimeOffset>().ShouldBe(At.AddMinutes(4));
        first[0]!["hash"]!.GetValue<string>().Length.ShouldBe(64);
        Subjects(await ReadAsync(api, $"?by=ann&before={first[1]!["id"]}")).ShouldBe(["-web,\"1\"", "mail", "files"]);
        Subjects(await ReadAsync(api, "?by=ann&q=AI")).ShouldBe(["mail"]);
        Subjects(await ReadAsync(api, "?act=run.stop")).ShouldBe(["mail"]);
        Subjects(await ReadAsync(api, "?from=2026-03-01T12:01Z&to=2026-03-01T12:03Z")).ShouldBe(["-web,\"1\"", "mail"]);
        await api.ProblemAsync(HttpMethod.Get, "/api/v1/audit?from=yesterday", null, HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task An_export_has_everything_in_order_and_a_spreadsheet_runs_none_of_it()
    {
        await using var dashboard = await StartAsync();
        using var api = await dashboard.WithTokenAsync(Roles.Viewer);
        using var lines = await api.GetAsync("/api/v1/audit/export?by=ann", Token);
        lines.Content.Headers.ContentType!.MediaType.ShouldBe("application/jsonl");
        var entries = (await lines.Content.ReadAsStringAsync(Token)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!).ToList();
        entries.Select(entry => entry["subject"]!.GetValue<string>()).ShouldBe(["files", "mail", "-web,\"1\"", "\tx", "=cmd()"]);

        using var csv = await api.GetAsync("/api/v1/audit/export?by=ann&format=csv", Token);
        csv.Content.Headers.ContentDisposition!.FileName!.ShouldEndWith(".csv");
        var rows = (await csv.Content.ReadAsStringAsync(Token)).Split("\r\n");
        rows[0].ShouldBe("id,at,by,action,subject,detail,hash");
        rows[3].ShouldContain(",run.start,\"'-web,\"\"1\"\"\",,");
        rows[4].ShouldContain(",'\tx,");
        rows[5].ShouldContain(",'=cmd(),");
        rows[5].ShouldEndWith(entries[4]["hash"]!.GetValue<string>());
        await api.ProblemAsync(HttpMethod.Get, "/api/v1/audit/export?format=xml", null, HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_check_says_whether_the_chain_is_whole_and_names_the_first_entry_that_does_not_fit()
    {
        await using var dashboard = await StartAsync();
        using var api = await dashboard.WithTokenAsync(Roles.Viewer);
        var whole = await ReadAsync(api, "/verify");
        whole["isWhole"]!.GetValue<bool>().ShouldBeTrue();
        whole["fault"].ShouldBeNull();
        await using var sql = dashboard.Get<NpgsqlDataSource>().CreateCommand(
            "ALTER TABLE audit DISABLE TRIGGER ALL; UPDATE audit SET by = 'bob' WHERE subject = 'mail'; ALTER TABLE audit ENABLE TRIGGER ALL");
        await sql.ExecuteNonQueryAsync(Token);
        var broken = await ReadAsync(api, "/verify");
        broken["isWhole"]!.GetValue<bool>().ShouldBeFalse();
        broken["fault"]!["kind"]!.GetValue<string>().ShouldBe("Changed");
        broken["fault"]!["finding"]!.GetValue<string>().ShouldContain($"Entry {(await ReadAsync(api, "?q=mail"))[0]!["id"]}");
    }

    private static DateTimeOffset At { get; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private async Task<Dashboard> StartAsync()
    {
        var dashboard = await Dashboard.StartAsync(database);
        var number = 0;
        foreach (var subject in new[] { "files", "mail", "-web,\"1\"", "\tx", "=cmd()" })
        {
            await dashboard.Get<IAuditLog>().AppendAsync(
                new AuditEntry(At.AddMinutes(number++), "ann", subject == "mail" ? "run.stop" : "run.start", subject, ""), Token);
        }

        return dashboard;
    }

    private static async Task<JsonNode> ReadAsync(HttpClient api, string rest) => (await api.GetFromJsonAsync<JsonNode>("/api/v1/audit" + rest, Token))!;

    private static IEnumerable<string> Subjects(JsonNode entries) => entries.AsArray().Select(entry => entry!["subject"]!.GetValue<string>());
}
