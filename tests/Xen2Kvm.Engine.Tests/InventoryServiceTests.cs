using NSubstitute;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Tests;

public sealed class InventoryServiceTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 26, 8, 0, 0, TimeSpan.Zero);
    private readonly IHostStore _store = Substitute.For<IHostStore>();
    private readonly Dictionary<Guid, long> _versions = [];
    private readonly Dictionary<Guid, HostSnapshot> _snapshots = [];
    private readonly List<Host> _hosts = [];
    private readonly InventoryService _inventory;

    public InventoryServiceTests()
    {
        _store.ListAsync(Arg.Any<CancellationToken>()).Returns(_ => [.. _hosts]);
        _store.ListSnapshotVersionsAsync(Arg.Any<CancellationToken>()).Returns(_ => new Dictionary<Guid, long>(_versions));
        _store.GetSnapshotAsync(Arg.Any<Guid>(), Arg.Any<CancellationToken>()).Returns(call => _snapshots.GetValueOrDefault(call.Arg<Guid>()));
        _inventory = new InventoryService(_store);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_an_inventory_that_changed_is_read_again_and_the_list_stays_the_same_until_then()
    {
        var (one, two) = (Add("xen1", "web", "files"), Add("xen2", "mail"));
        var first = await _inventory.ListGuestsAsync(Token);
        first.Select(seen => $"{seen.Host.Name}/{seen.Guest.Name}").ShouldBe(["xen1/files", "xen1/web", "xen2/mail"]);
        (await _inventory.ListGuestsAsync(Token)).ShouldBeSameAs(first);
        await _store.Received(2).GetSnapshotAsync(Arg.Any<Guid>(), Arg.Any<CancellationToken>());

        Store(two, "mail", "ldap");
        (await _inventory.ListGuestsAsync(Token)).Select(seen => seen.Guest.Name).ShouldBe(["files", "web", "ldap", "mail"]);
        await _store.Received(1).GetSnapshotAsync(one, Arg.Any<CancellationToken>());
        await _store.Received(2).GetSnapshotAsync(two, Arg.Any<CancellationToken>());
    }

    [Fact]
    public async Task A_change_of_the_host_itself_is_seen_without_reading_its_inventory_again()
    {
        var id = Add("xen1", "web");
        await _inventory.ListGuestsAsync(Token);
        _hosts[0] = _hosts[0] with { UnreachableSince = Now, LastError = "xen1 does not answer." };
        (await _inventory.ListGuestsAsync(Token)).ShouldHaveSingleItem().Host.LastError.ShouldBe("xen1 does not answer.");
        (await _inventory.ListHostsAsync(Token)).ShouldHaveSingleItem().Snapshot!.Guests.ShouldHaveSingleItem();
        await _store.Received(1).GetSnapshotAsync(id, Arg.Any<CancellationToken>());
    }

    [Fact]
    public async Task A_host_that_is_removed_takes_its_guests_along_and_one_that_was_never_asked_has_none()
    {
        Add("xen1", "web");
        Add("xen2", "mail");
        await _inventory.ListGuestsAsync(Token);
        _hosts.RemoveAt(0);
        _hosts.Add(Host("xen3"));
        (await _inventory.ListGuestsAsync(Token)).ShouldHaveSingleItem().Guest.Name.ShouldBe("mail");
        (await _inventory.ListHostsAsync(Token)).Select(known => (known.Host.Name, known.Snapshot is null)).ShouldBe([("xen2", false), ("xen3", true)]);
    }

    private static Host Host(string name) => new() { Id = Guid.NewGuid(), Name = name, Kind = HostKind.Xen, Ssh = new SshEndpoint { Address = "192.0.2.1" } };

    private Guid Add(string name, params string[] guests)
    {
        _hosts.Add(Host(name));
        Store(_hosts[^1].Id, guests);
        return _hosts[^1].Id;
    }

    private void Store(Guid host, params string[] guests)
    {
        _versions[host] = _versions.GetValueOrDefault(host) + 7;
        _snapshots[host] = new HostSnapshot { TakenAt = Now, Facts = new HostFacts { Hostname = "x" }, Guests = [.. guests.Select(name => Guests.Files() with { Name = name })] };
    }
}
