using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence.Tests.Support;

namespace Xen2Kvm.Persistence.Tests;

public sealed class GrantStoreTests(Store store) : IClassFixture<Store>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private IHostGroupStore Groups => store.Services.GetRequiredService<IHostGroupStore>();

    private IGrantStore Grants => store.Services.GetRequiredService<IGrantStore>();

    [Fact]
    public async Task A_host_is_in_one_group_or_in_none_and_no_change_of_the_host_moves_it()
    {
        var host = Some.Host("moved");
        await store.Hosts.SaveAsync(host, Token);
        var (first, second) = (await GroupAsync("first"), await GroupAsync("<b>second</b> ' --"));
        (await Groups.PutAsync(host.Id, first.Id, Token)).ShouldBeTrue();
        (await Groups.PutAsync(host.Id, second.Id, Token)).ShouldBeTrue();
        await store.Hosts.SaveAsync(host with { DataAddress = "192.0.2.9" }, Token);
        (await OfAsync(host)).ShouldBe(second);
        (await Groups.PutAsync(host.Id, Guid.NewGuid(), Token)).ShouldBeFalse("there is no such group");
        (await Groups.PutAsync(Guid.NewGuid(), first.Id, Token)).ShouldBeFalse("there is no such host");
        (await Groups.RemoveAsync(second.Id, Token)).ShouldBeTrue();
        (await Groups.RemoveAsync(second.Id, Token)).ShouldBeFalse();
        (await OfAsync(host)).ShouldBeNull();
        (await store.Hosts.FindAsync(host.Id, Token)).ShouldNotBeNull("the host stays when its group goes");
    }

    [Fact]
    public async Task A_name_belongs_to_one_group_and_a_group_that_is_gone_does_not_come_back_by_a_new_name()
    {
        var group = await GroupAsync("one");
        (await Groups.AddAsync(new HostGroup(Guid.NewGuid(), "one"), Token)).ShouldBeFalse();
        var other = await GroupAsync("other");
        (await Groups.RenameAsync(other with { Name = "one" }, Token)).ShouldBeFalse();
        (await Groups.RenameAsync(other with { Name = "another" }, Token)).ShouldBeTrue();
        await Groups.RemoveAsync(group.Id, Token);
        (await Groups.RenameAsync(group with { Name = "again" }, Token)).ShouldBeFalse();
        (await Groups.ListAsync(Token)).ShouldNotContain(known => known.Id == group.Id);
    }

    [Fact]
    public async Task A_person_has_one_role_in_a_place_and_it_goes_with_the_group_the_wave_and_the_account()
    {
        var ann = await UserAsync("ann");
        var group = await GroupAsync("north");
        var wave = new Wave { Id = Guid.NewGuid(), Name = "Friday", CreatedAt = store.Time.GetUtcNow(), CreatedBy = "ann" };
        await store.Waves.SaveAsync(wave, null, Token);
        (await Grants.SetAsync(ann, new Grant("Operator", group.Id, null), Token)).ShouldBeTrue();
        (await Grants.SetAsync(ann, new Grant("Approver", group.Id, null), Token)).ShouldBeTrue();
        (await Grants.SetAsync(ann, new Grant("Operator", null, wave.Id), Token)).ShouldBeTrue();
        (await Grants.SetAsync(ann, new Grant("Operator", Guid.NewGuid(), null), Token)).ShouldBeFalse("there is no such group");
        (await Grants.SetAsync(ann, new Grant("Operator", null, Guid.NewGuid()), Token)).ShouldBeFalse("there is no such wave");
        (await Grants.ListAsync(ann, Token)).ShouldBe(
            [new PersonGrant(ann, "ann", new Grant("Operator", null, wave.Id), "Friday"), new PersonGrant(ann, "ann", new Grant("Approver", group.Id, null), "north")]);

        var session = await store.Sessions.OpenAsync(ann, "192.0.2.1", "a browser", TimeSpan.FromMinutes(5), Token);
        (await store.Sessions.FindAsync(session, TimeSpan.FromMinutes(5), Token))!.Grants.ShouldBe(
            [new Grant("Approver", group.Id, null), new Grant("Operator", null, wave.Id)], ignoreOrder: true);
        await Grants.RemoveAsync(ann, null, wave.Id, Token);
        await Groups.RemoveAsync(group.Id, Token);
        (await store.Sessions.FindAsync(session, TimeSpan.FromMinutes(5), Token))!.Grants.ShouldBeEmpty();

        var south = await GroupAsync("south");
        await Grants.SetAsync(ann, new Grant("Operator", south.Id, null), Token);
        await store.SqlAsync($"DELETE FROM users WHERE id = '{ann}'");
        (await Grants.ListAsync(null, Token)).ShouldNotContain(given => given.UserId == ann);
    }

    [Fact]
    public async Task Many_changes_at_once_leave_one_role_in_each_place()
    {
        var bob = await UserAsync("bob");
        var group = await GroupAsync("busy");
        await Task.WhenAll(Enumerable.Range(0, 20).Select(number => Grants.SetAsync(bob, new Grant(number % 2 == 0 ? "Operator" : "Approver", group.Id, null), Token)));
        (await Grants.ListAsync(bob, Token)).ShouldHaveSingleItem();
    }

    private async Task<HostGroup?> OfAsync(Host host) => (await Groups.ListHostsAsync(Token)).Single(known => known.Id == host.Id).Group;

    private async Task<HostGroup> GroupAsync(string name)
    {
        var group = new HostGroup(Guid.NewGuid(), name);
        (await Groups.AddAsync(group, Token)).ShouldBeTrue();
        return group;
    }

    private async Task<Guid> UserAsync(string name)
    {
        await using var context = await store.Services.GetRequiredService<IDbContextFactory<Xen2KvmDbContext>>().CreateDbContextAsync(Token);
        var user = context.Users.Add(new AppUser { Id = Guid.NewGuid(), UserName = name, NormalizedUserName = name.ToUpperInvariant() }).Entity;
        await context.SaveChangesAsync(Token);
        return user.Id;
    }
}
