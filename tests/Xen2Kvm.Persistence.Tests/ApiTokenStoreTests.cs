using System.Text;
using Xen2Kvm.Persistence.Tests.Support;

namespace Xen2Kvm.Persistence.Tests;

public sealed class ApiTokenStoreTests(Store store) : IClassFixture<Store>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_token_is_found_by_its_plain_text_which_is_nowhere_in_the_database()
    {
        var (token, plain) = await store.Tokens.CreateAsync("ci", "ann", "Operator", "hosts", null, null, Token);
        token.Scope.ShouldBe("hosts");
        plain.ShouldMatch("^x2k_[A-Za-z0-9_-]{43}$");
        var found = (await store.Tokens.FindAsync(plain, Token))!;
        found.ShouldBe(token with { LastUsedAt = store.Time.GetUtcNow() });
        var row = (string)(await store.SqlAsync($"SELECT row_to_json(t)::text FROM api_tokens t WHERE id = '{token.Id}'"))!;
        row.ShouldNotContain(plain[4..]);
        row.ShouldNotContain(Convert.ToHexStringLower(Encoding.ASCII.GetBytes(plain)));
    }

    [Fact]
    public async Task A_token_keeps_the_groups_that_it_is_limited_to()
    {
        Guid[] groups = [Guid.NewGuid(), Guid.NewGuid()];
        var (_, plain) = await store.Tokens.CreateAsync("limited", "lena", "Operator", "all", groups, null, Token);
        (await store.Tokens.FindAsync(plain, Token))!.Groups.ShouldBe(groups);
        (await store.Tokens.ListAsync("lena", Token)).ShouldHaveSingleItem().Groups.ShouldBe(groups);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x2k_")]
    [InlineData("x2k_unknown\0")]
    [InlineData("Bearer x")]
    public async Task Anything_else_is_no_token(string plain) => (await store.Tokens.FindAsync(plain, Token)).ShouldBeNull();

    [Fact]
    public async Task Use_is_noted_to_the_minute()
    {
        var (_, plain) = await store.Tokens.CreateAsync("use", "ann", "Viewer", "all", null, null, Token);
        var first = (await store.Tokens.FindAsync(plain, Token))!.LastUsedAt!.Value;
        store.Time.Advance(TimeSpan.FromSeconds(59));
        (await store.Tokens.FindAsync(plain, Token))!.LastUsedAt.ShouldBe(first);
        store.Time.Advance(TimeSpan.FromSeconds(1));
        (await store.Tokens.FindAsync(plain, Token))!.LastUsedAt.ShouldBe(first.AddMinutes(1));
    }

    [Fact]
    public async Task A_token_is_refused_from_its_expiry_on_but_stays_listed()
    {
        var (token, plain) = await store.Tokens.CreateAsync("short", "expiry", "Viewer", "all", null, store.Time.GetUtcNow().AddMinutes(5), Token);
        (await store.Tokens.FindAsync(plain, Token)).ShouldNotBeNull();
        store.Time.Advance(TimeSpan.FromMinutes(5));
        (await store.Tokens.FindAsync(plain, Token)).ShouldBeNull();
        (await store.Tokens.ListAsync("expiry", Token)).ShouldHaveSingleItem().Id.ShouldBe(token.Id);
    }

    [Fact]
    public async Task A_revoked_token_is_gone()
    {
        var (token, plain) = await store.Tokens.CreateAsync("gone", "bob", "Admin", "all", null, null, Token);
        (await store.Tokens.RevokeAsync(token.Id, Token)).ShouldBeTrue();
        (await store.Tokens.RevokeAsync(token.Id, Token)).ShouldBeFalse();
        (await store.Tokens.FindAsync(plain, Token)).ShouldBeNull();
        (await store.Tokens.ListAsync(null, Token)).ShouldNotContain(other => other.Id == token.Id);
    }
}
