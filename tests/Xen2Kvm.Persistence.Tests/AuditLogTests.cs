using Npgsql;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence.Tests.Support;

namespace Xen2Kvm.Persistence.Tests;

public sealed class AuditLogTests(Store store) : IClassFixture<Store>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Entries_are_listed_newest_first_in_the_order_they_were_written()
    {
        AuditEntry first = new(Some.Time, "ann", "run.start", "files", "detail");
        AuditEntry second = first with { By = "system", At = Some.Time.AddHours(-1) };
        await store.Audit.AppendAsync(first, Token);
        await store.Audit.AppendAsync(second, Token);
        (await store.Audit.ListAsync(2, Token)).ShouldBe([second, first]);
    }

    [Theory]
    [InlineData("UPDATE audit SET by = 'nobody'")]
    [InlineData("DELETE FROM audit")]
    [InlineData("TRUNCATE audit")]
    public async Task The_database_refuses_to_change_what_was_written(string sql)
    {
        await store.Audit.AppendAsync(new(Some.Time, "ann", "run.start", "files", sql), Token);
        (await Should.ThrowAsync<PostgresException>(() => store.SqlAsync(sql))).MessageText.ShouldContain("append-only");
        (await store.Audit.ListAsync(100, Token)).ShouldContain(entry => entry.Detail == sql && entry.By == "ann");
    }
}
