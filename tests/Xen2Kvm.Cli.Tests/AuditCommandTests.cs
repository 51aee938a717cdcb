using Npgsql;
using Xen2Kvm.Cli.Tests.Support;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Cli.Tests;

public sealed class AuditCommandTests(Database database)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_log_is_listed_exported_and_checked()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        foreach (var subject in new[] { "files", "mail" })
        {
            await dashboard.Get<IAuditLog>().AppendAsync(new AuditEntry(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero), "ann", "run.start", subject, "a, b"), Token);
        }

        (await Shell.AgainstAsync(dashboard, "audit", "list", "--by", "ann")).Ends(0).Out.ShouldContain("run.start  mail     a, b");
        (await Shell.AgainstAsync(dashboard, "audit", "list", "--text", "MAI", "--json")).Ends(0).Json.AsArray().Count.ShouldBe(1);
        (await Shell.AgainstAsync(dashboard, "audit", "list", "--from", "2026-03-02", "--by", "ann", "--json")).Ends(0).Json.AsArray().ShouldBeEmpty();
        (await Shell.AgainstAsync(dashboard, "audit", "list", "--from", "soon")).Ends(2);
        var lines = (await Shell.AgainstAsync(dashboard, "audit", "export", "--by", "ann")).Ends(0).Out;
        lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(2);
        (await Shell.AgainstAsync(dashboard, "audit", "export", "--csv", "--to", "2026-03-01T12:00:01Z")).Ends(0).Out.ShouldContain("\"a, b\"");
        (await Shell.AgainstAsync(dashboard, "audit", "verify")).Ends(0).Out.ShouldStartWith("The chain is whole: ");

        await using var sql = dashboard.Get<NpgsqlDataSource>().CreateCommand(
            "ALTER TABLE audit DISABLE TRIGGER ALL; DELETE FROM audit WHERE subject = 'files'; ALTER TABLE audit ENABLE TRIGGER ALL");
        await sql.ExecuteNonQueryAsync(Token);
        (await Shell.AgainstAsync(dashboard, "audit", "verify")).Ends(1).Out.ShouldStartWith("BROKEN: Entries before entry ");
        (await Shell.AgainstAsync(dashboard, "audit", "verify", "--json")).Ends(1).Json["fault"]!["kind"]!.GetValue<string>().ShouldBe("Missing");
    }
}
