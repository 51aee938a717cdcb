using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xen2Kvm.Persistence.Tests.Support;

namespace Xen2Kvm.Persistence.Tests;

public sealed class SessionStoreTests(Store store) : IClassFixture<Store>
{
    private static readonly TimeSpan _idle = TimeSpan.FromMinutes(30);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_session_names_its_holder_with_the_role_of_now()
    {
        var ann = await UserAsync("ann", "Operator");
        var session = await OpenAsync(ann);
        await ShouldBeAsync("Operator");
        await store.SqlAsync($"DELETE FROM user_roles WHERE user_id = '{ann}'");
        await ShouldBeAsync(null);
        (await store.Sessions.FindAsync(Guid.NewGuid(), _idle, Token)).ShouldBeNull();

        async Task ShouldBeAsync(string? role)
        {
            var holder = (await store.Sessions.FindAsync(session, _idle, Token))!;
            (holder.UserId, holder.UserName, holder.Role).ShouldBe((ann, "ann", role));
        }
    }

    [Fact]
    public async Task A_session_is_over_while_its_holder_is_disabled_and_with_the_account()
    {
        var bob = await UserAsync("bob", "Viewer");
        var session = await OpenAsync(bob);
        await store.SqlAsync($"UPDATE users SET disabled_at = now() WHERE id = '{bob}'");
        (await store.Sessions.FindAsync(session, _idle, Token)).ShouldBeNull();
        await store.SqlAsync($"DELETE FROM users WHERE id = '{bob}'");
        (await store.SqlAsync($"SELECT count(*) FROM sessions WHERE id = '{session}'")).ShouldBe(0L);
    }

    [Fact]
    public async Task Use_keeps_a_session_open_and_idleness_ends_it()
    {
        var carl = await UserAsync("carl", "Viewer");
        var session = await OpenAsync(carl);
        store.Time.Advance(TimeSpan.FromMinutes(29));
        (await store.Sessions.FindAsync(session, _idle, Token)).ShouldNotBeNull();
        (await store.Sessions.ListAsync(carl, Token)).Single().LastSeenAt.ShouldBe(store.Time.GetUtcNow());
        store.Time.Advance(TimeSpan.FromMinutes(29));
        (await store.Sessions.FindAsync(session, _idle, Token)).ShouldNotBeNull();
        store.Time.Advance(_idle);
        (await store.Sessions.FindAsync(session, _idle, Token)).ShouldBeNull();
        (await store.Sessions.ListAsync(carl, Token)).ShouldBeEmpty();

        // The next sign-in of anybody sweeps it away.
        await OpenAsync(carl);
        (await store.SqlAsync($"SELECT count(*) FROM sessions WHERE id = '{session}'")).ShouldBe(0L);
    }

    [Fact]
    public async Task Sessions_end_one_by_one_or_all_but_one_and_only_those_of_the_account()
    {
        var (dora, emil) = (await UserAsync("dora", "Viewer"), await UserAsync("emil", "Viewer"));
        var (first, second, third, other) = (await OpenAsync(dora), await OpenAsync(dora), await OpenAsync(dora), await OpenAsync(emil));
        (await store.Sessions.EndAsync(dora, other, Token)).ShouldBeFalse();
        (await store.Sessions.EndAsync(dora, first, Token)).ShouldBeTrue();
        (await store.Sessions.EndAllAsync(dora, second, Token)).ShouldBe(1);
        (await store.Sessions.FindAsync(third, _idle, Token)).ShouldBeNull();
        (await store.Sessions.ListAsync(dora, Token)).Single().Id.ShouldBe(second);
        (await store.Sessions.EndAllAsync(dora, null, Token)).ShouldBe(1);
        (await store.Sessions.FindAsync(other, _idle, Token)).ShouldNotBeNull();
    }

    [Fact]
    public async Task What_a_browser_says_of_itself_is_cut_and_cleaned()
    {
        var fred = await UserAsync("fred", "Viewer");
        await store.Sessions.OpenAsync(fred, "192.0.2.1", "a\0" + new string('x', 5000), _idle, Token);
        (await store.Sessions.ListAsync(fred, Token)).Single().UserAgent.ShouldBe("a␀" + new string('x', 298));
    }

    private Task<Guid> OpenAsync(Guid user) => store.Sessions.OpenAsync(user, "192.0.2.1", "a browser", _idle, Token);

    private async Task<Guid> UserAsync(string name, string role)
    {
        await using var context = await store.Services.GetRequiredService<IDbContextFactory<Xen2KvmDbContext>>().CreateDbContextAsync(Token);
        var known = await context.Roles.SingleOrDefaultAsync(one => one.Name == role, Token) ?? context.Roles.Add(new IdentityRole<Guid>(role) { Id = Guid.NewGuid() }).Entity;
        var user = context.Users.Add(new AppUser { Id = Guid.NewGuid(), UserName = name, NormalizedUserName = name.ToUpperInvariant() }).Entity;
        context.UserRoles.Add(new IdentityUserRole<Guid> { UserId = user.Id, RoleId = known.Id });
        await context.SaveChangesAsync(Token);
        return user.Id;
    }
}
