using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Web.Tests.Api;

public sealed class TokenApiTests(Database database)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_person_makes_uses_and_revokes_a_token()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var browser = await dashboard.SignedInAsync(Roles.Operator);
        var created = await PostAsync(browser, "/api/v1/tokens", new { name = "ci", role = "Viewer", expiresInDays = 30 });
        using var client = dashboard.WithToken(created["plain"]!.GetValue<string>());
        var me = await client.GetFromJsonAsync<JsonNode>("/api/v1/me", Token);
        me!.ToJsonString().ShouldBe("""{"name":"operator","role":"Viewer","token":"ci","grants":[]}""");
        (await client.GetStringAsync("/api/v1/tokens", Token)).ShouldNotContain(created["plain"]!.GetValue<string>());

        var revoke = new HttpRequestMessage(HttpMethod.Delete, $"/api/v1/tokens/{created["token"]!["id"]}");
        revoke.Headers.Add("RequestVerificationToken", await browser.AntiforgeryTokenAsync());
        (await browser.Client.SendAsync(revoke, Token)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await client.GetAsync("/api/v1/me", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_token_has_no_more_power_than_its_maker_and_makes_no_tokens()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var browser = await dashboard.SignedInAsync(Roles.Operator);
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/tokens") { Content = JsonContent.Create(new { name = "x", role = "Admin" }) };
        request.Headers.Add("RequestVerificationToken", await browser.AntiforgeryTokenAsync());
        (await browser.Client.SendAsync(request, Token)).StatusCode.ShouldBe(HttpStatusCode.Conflict);
        using var client = await dashboard.WithTokenAsync(Roles.Admin);
        await client.ProblemAsync(HttpMethod.Post, "/api/v1/tokens", new { name = "y" }, HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task A_token_loses_what_its_owner_loses()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var client = await dashboard.WithTokenAsync(Roles.Operator);
        await using (var scope = dashboard.App.Services.CreateAsyncScope())
        {
            var users = scope.ServiceProvider.GetRequiredService<UserManager<AppUser>>();
            var owner = (await users.FindByNameAsync("operator"))!;
            await users.RemoveFromRoleAsync(owner, Roles.Operator);
            await users.AddToRoleAsync(owner, Roles.Viewer);
        }

        (await client.GetStringAsync("/api/v1/me", Token)).ShouldContain("\"role\":\"Viewer\"");
        await using (var scope = dashboard.App.Services.CreateAsyncScope())
        {
            var users = scope.ServiceProvider.GetRequiredService<UserManager<AppUser>>();
            await users.DeleteAsync((await users.FindByNameAsync("operator"))!);
        }

        (await client.GetAsync("/api/v1/me", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task One_sees_and_revokes_only_ones_own_tokens_but_an_admin_all()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var first = await dashboard.WithTokenAsync(Roles.Operator);
        using var second = await dashboard.WithTokenAsync(Roles.Viewer);
        using var admin = await dashboard.WithTokenAsync(Roles.Admin);
        var mine = (await first.GetFromJsonAsync<JsonNode>("/api/v1/tokens", Token))!.AsArray();
        mine.Select(token => token!["owner"]!.GetValue<string>()).Distinct().ShouldBe(["operator"]);
        await second.ProblemAsync(HttpMethod.Delete, $"/api/v1/tokens/{mine[0]!["id"]}", null, HttpStatusCode.NotFound);
        (await admin.GetFromJsonAsync<JsonNode>("/api/v1/tokens", Token))!.AsArray().Count.ShouldBeGreaterThan(2);
        (await admin.DeleteAsync($"/api/v1/tokens/{mine[0]!["id"]}", Token)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task The_local_token_is_private_works_and_changes_with_each_start()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var path = Path.Combine(dashboard.StateDirectory, "cli-token");
        File.GetUnixFileMode(path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using var client = dashboard.WithToken((await File.ReadAllTextAsync(path, Token)).Trim());
        (await client.GetStringAsync("/api/v1/me", Token)).ShouldContain("\"role\":\"Operator\"");
        await dashboard.Get<LocalToken>().RenewAsync(Token);
        (await client.GetAsync("/api/v1/me", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await dashboard.Get<IApiTokenStore>().ListAsync(LocalToken.Owner, Token)).Count.ShouldBe(1);
    }

    private static async Task<JsonNode> PostAsync(Browser browser, string path, object body)
    {
        browser.Client.DefaultRequestHeaders.Remove("RequestVerificationToken");
        browser.Client.DefaultRequestHeaders.Add("RequestVerificationToken", await browser.AntiforgeryTokenAsync());
        var result = await browser.Client.SendJsonAsync(HttpMethod.Post, path, body);
        browser.Client.DefaultRequestHeaders.Remove("RequestVerificationToken");
        return result;
    }
}
