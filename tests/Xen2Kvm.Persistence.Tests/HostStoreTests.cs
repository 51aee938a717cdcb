using System.Text;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence.Tests.Support;

namespace Xen2Kvm.Persistence.Tests;

public sealed class HostStoreTests(Store store) : IClassFixture<Store>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_host_comes_back_as_it_was_saved()
    {
        var host = Some.Host("round-trip");
        await store.Hosts.SaveAsync(host, Token);
        (await store.Hosts.FindAsync(host.Id, Token)).ShouldBe(host);
        (await store.Hosts.FindAsync(Guid.NewGuid(), Token)).ShouldBeNull();
    }

    [Fact]
    public async Task Saving_a_host_again_replaces_it()
    {
        var host = Some.Host("replaced");
        await store.Hosts.SaveAsync(host, Token);
        var changed = host with { Name = "replaced-2", LastError = null, UnreachableSince = null, Ssh = new() { Address = "192.0.2.8" } };
        await store.Hosts.SaveAsync(changed, Token);
        (await store.Hosts.FindAsync(host.Id, Token)).ShouldBe(changed);
    }

    [Fact]
    public async Task What_a_contact_tells_never_undoes_what_a_person_changed_meanwhile()
    {
        var host = Some.Host("contact") with { UnreachableSince = null, LastError = null };
        await store.Hosts.SaveAsync(host, Token);
        await store.Hosts.SaveAsync(host with { Ssh = new() { Address = "192.0.2.8" } }, Token);
        var first = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        await store.Hosts.SetUnreachableAsync(host.Id, first, "no route", Token);
        await store.Hosts.SetUnreachableAsync(host.Id, first.AddHours(1), "time-out", Token);
        var lost = (await store.Hosts.FindAsync(host.Id, Token))!;
        (lost.Ssh.Address, lost.UnreachableSince, lost.LastError).ShouldBe(("192.0.2.8", first, "time-out"));
        await store.Hosts.SetSeenAsync(host.Id, first.AddHours(2), Token);
        var seen = (await store.Hosts.FindAsync(host.Id, Token))!;
        (seen.LastSeenAt, seen.UnreachableSince, seen.LastError).ShouldBe((first.AddHours(2), null, null));
    }

    [Fact]
    public async Task Two_hosts_cannot_have_one_name()
    {
        await store.Hosts.SaveAsync(Some.Host("twin"), Token);
        var error = await Should.ThrowAsync<InvalidOperationException>(() => store.Hosts.SaveAsync(Some.Host("twin"), Token));
        error.Message.ShouldContain("twin");
    }

    [Fact]
    public async Task Hosts_are_listed_by_name()
    {
        await store.Hosts.SaveAsync(Some.Host("list-b"), Token);
        await store.Hosts.SaveAsync(Some.Host("list-a"), Token);
        (await store.Hosts.ListAsync(Token)).Select(host => host.Name).Where(name => name.StartsWith("list-", StringComparison.Ordinal))
            .ShouldBe(["list-a", "list-b"]);
    }

    [Fact]
    public async Task A_secret_is_encrypted_at_rest()
    {
        var host = Some.Host("secret");
        await store.Hosts.SaveAsync(host, Token);
        await store.Hosts.SetSecretAsync(host.Id, "correct horse battery staple", Token);
        (await store.Hosts.GetSecretAsync(host.Id, Token)).ShouldBe("correct horse battery staple");

        var raw = (byte[])(await store.SqlAsync($"SELECT protected FROM host_secrets WHERE host_id = '{host.Id}'"))!;
        raw.AsSpan().IndexOf("horse"u8).ShouldBe(-1);
        Convert.ToBase64String(raw).ShouldNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes("horse")));
        var everywhere = await store.SqlAsync("SELECT string_agg(query_to_xml('SELECT * FROM ' || quote_ident(tablename), true, false, '')::text, '') FROM pg_tables WHERE schemaname = 'public'");
        ((string)everywhere!).ShouldNotContain("horse");
    }

    [Fact]
    public async Task A_secret_can_be_replaced_and_taken_away()
    {
        var host = Some.Host("secret-change");
        await store.Hosts.SaveAsync(host, Token);
        (await store.Hosts.GetSecretAsync(host.Id, Token)).ShouldBeNull();
        await store.Hosts.SetSecretAsync(host.Id, "one", Token);
        await store.Hosts.SetSecretAsync(host.Id, "two", Token);
        (await store.Hosts.GetSecretAsync(host.Id, Token)).ShouldBe("two");
        await store.Hosts.SetSecretAsync(host.Id, null, Token);
        (await store.Hosts.GetSecretAsync(host.Id, Token)).ShouldBeNull();
    }

    [Fact]
    public async Task A_secret_moved_to_another_hosts_row_does_not_decrypt()
    {
        var (mine, other) = (Some.Host("secret-mine"), Some.Host("secret-other"));
        await store.Hosts.SaveAsync(mine, Token);
        await store.Hosts.SaveAsync(other, Token);
        await store.Hosts.SetSecretAsync(mine.Id, "mine", Token);
        await store.SqlAsync($"INSERT INTO host_secrets SELECT '{other.Id}', protected, updated_at FROM host_secrets WHERE host_id = '{mine.Id}'");
        var error = await Should.ThrowAsync<InvalidOperationException>(() => store.Hosts.GetSecretAsync(other.Id, Token));
        error.Message.ShouldContain("Enter the secret again");
    }

    [Fact]
    public async Task Another_node_reads_the_secret_with_the_shared_keys()
    {
        var host = Some.Host("secret-shared");
        await store.Hosts.SaveAsync(host, Token);
        await store.Hosts.SetSecretAsync(host.Id, "shared", Token);
        await using var node = Store.NewNode(store.ConnectionString, store.Time);
        await node.InitialiseXen2KvmDatabaseAsync(Token);
        var hosts = (Engine.Ports.IHostStore)node.GetService(typeof(Engine.Ports.IHostStore))!;
        (await hosts.GetSecretAsync(host.Id, Token)).ShouldBe("shared");
    }

    [Fact]
    public async Task A_snapshot_has_another_version_whenever_it_is_stored_even_with_the_same_time()
    {
        var host = Some.Host("snapshot-version");
        await store.Hosts.SaveAsync(host, Token);
        (await store.Hosts.ListSnapshotVersionsAsync(Token)).Keys.ShouldNotContain(host.Id);
        await store.Hosts.SaveSnapshotAsync(host.Id, Some.Snapshot(), [], Token);
        var first = (await store.Hosts.ListSnapshotVersionsAsync(Token))[host.Id];
        await store.Hosts.SetSeenAsync(host.Id, Some.Time, Token);
        (await store.Hosts.ListSnapshotVersionsAsync(Token))[host.Id].ShouldBe(first);
        await store.Hosts.SaveSnapshotAsync(host.Id, Some.Snapshot(), [], Token);
        (await store.Hosts.ListSnapshotVersionsAsync(Token))[host.Id].ShouldNotBe(first);
    }

    [Fact]
    public async Task The_latest_snapshot_comes_back_whole()
    {
        var host = Some.Host("snapshot");
        await store.Hosts.SaveAsync(host, Token);
        (await store.Hosts.GetSnapshotAsync(host.Id, Token)).ShouldBeNull();
        await store.Hosts.SaveSnapshotAsync(host.Id, Some.Snapshot("old"), [], Token);
        var snapshot = Some.Snapshot("a", "b");
        await store.Hosts.SaveSnapshotAsync(host.Id, snapshot, [], Token);
        (await store.Hosts.GetSnapshotAsync(host.Id, Token)).ShouldHoldTheSameAs(snapshot);
    }

    [Fact]
    public async Task Text_that_PostgreSQL_refuses_is_made_visible_instead_of_failing()
    {
        var host = Some.Host("nul") with { LastError = "a\0b\ud800c" };
        await store.Hosts.SaveAsync(host, Token);
        (await store.Hosts.FindAsync(host.Id, Token))!.LastError.ShouldBe("a␀b\ufffdc");
        var guest = Some.Guest("evil\0name") with { Facts = [new("x", "\udc00", FactSource.Config, "y")] };
        var snapshot = Some.Snapshot() with { Guests = [guest] };
        await store.Hosts.SaveSnapshotAsync(host.Id, snapshot, [new("evil\0name", "appeared\0")], Token);
        var stored = (await store.Hosts.GetSnapshotAsync(host.Id, Token))!.Guests[0];
        stored.Name.ShouldBe("evil␀name");
        stored.Facts[0].Value.ShouldBe("\ufffd");
    }

    [Fact]
    public async Task Whatever_changes_of_a_host_is_heard_on_every_node()
    {
        var host = Some.Host("heard");
        foreach (var change in new Func<Task>[]
        {
            () => store.Hosts.SaveAsync(host, Token), () => store.Hosts.SaveSnapshotAsync(host.Id, Some.Snapshot("a"), [], Token),
            () => store.Hosts.SetSeenAsync(host.Id, Some.Time, Token), () => store.Hosts.SetUnreachableAsync(host.Id, Some.Time, "no route", Token),
            () => store.Hosts.RemoveAsync(host.Id, Token),
        })
        {
            await store.ShouldBeHeardAsync(ChangeKind.Host, host.Id, change);
        }
    }

    [Fact]
    public async Task Differences_are_listed_newest_first_since_a_time_and_at_most_500()
    {
        var host = Some.Host("differences");
        await store.Hosts.SaveAsync(host, Token);
        var many = Enumerable.Range(0, 600).Select(at => new SnapshotDifference("g", $"old {at}")).ToList();
        await store.Hosts.SaveSnapshotAsync(host.Id, Some.Snapshot(), many, Token);
        var later = Some.Snapshot() with { TakenAt = Some.Time.AddHours(1) };
        await store.Hosts.SaveSnapshotAsync(host.Id, later, [new(null, "kernel: a → b"), new("g", "is gone")], Token);

        var all = await store.Hosts.ListDifferencesAsync(host.Id, Some.Time, Token);
        all.Count.ShouldBe(500);
        all[0].ShouldBe((later.TakenAt, new SnapshotDifference("g", "is gone")));
        all[2].Difference.Text.ShouldBe("old 599");
        (await store.Hosts.ListDifferencesAsync(host.Id, later.TakenAt, Token)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task Removing_a_host_removes_its_secret_and_inventory()
    {
        var host = Some.Host("removed");
        await store.Hosts.SaveAsync(host, Token);
        await store.Hosts.SetSecretAsync(host.Id, "x", Token);
        await store.Hosts.SaveSnapshotAsync(host.Id, Some.Snapshot("a"), [new("a", "appeared")], Token);
        await store.Hosts.RemoveAsync(host.Id, Token);
        (await store.SqlAsync($"SELECT (SELECT count(*) FROM host_secrets WHERE host_id = '{host.Id}') + (SELECT count(*) FROM host_snapshots WHERE host_id = '{host.Id}') + (SELECT count(*) FROM host_differences WHERE host_id = '{host.Id}')"))
            .ShouldBe(0L);
    }

    [Fact]
    public async Task What_belongs_to_an_unknown_host_is_refused_in_words()
    {
        var id = Guid.NewGuid();
        (await Should.ThrowAsync<InvalidOperationException>(() => store.Hosts.SetSecretAsync(id, "x", Token))).Message.ShouldContain($"no host {id}");
        (await Should.ThrowAsync<InvalidOperationException>(() => store.Hosts.SaveSnapshotAsync(id, Some.Snapshot(), [], Token)))
            .Message.ShouldContain($"no host {id}");
    }
}
