using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Web.Tests.Auth;

public sealed class SignInTests(Database database)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_person_signs_in_is_known_and_signs_out()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var browser = await dashboard.SignedInAsync(Roles.Viewer);
        (await browser.Client.GetFromJsonAsync<JsonNode>("/api/v1/me", Token))!["name"]!.GetValue<string>().ShouldBe("viewer");
        var session = browser.Cookies.Single(cookie => cookie.Name == "x2k-session");
        session.HttpOnly.ShouldBeTrue();

        var left = await browser.PostFormAsync("/account/sign-out");
        left.Headers.Location!.ToString().ShouldBe("/account/sign-in");
        (await browser.Client.GetAsync("/api/v1/me", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_wrong_password_and_an_unknown_name_get_the_same_answer()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        await dashboard.UserAsync(Roles.Viewer);
        foreach (var name in new[] { "viewer", "nobody" })
        {
            var answer = await new Browser(dashboard).PostFormAsync("/account/sign-in", ("userName", name), ("password", "wrong"));
            answer.Headers.Location!.ToString().ShouldBe("/account/sign-in?error=wrong&returnUrl=%2F");
        }

        var audit = await dashboard.Get<IAuditLog>().SearchAsync(new AuditQuery(), 10, Token);
        audit.Count(entry => entry.Action == "user.sign-in-failed").ShouldBe(2);
        audit.ShouldAllBe(entry => !entry.Detail.Contains("wrong"));
    }

    [Fact]
    public async Task Eight_failures_lock_the_account_even_for_the_right_password()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        await dashboard.UserAsync(Roles.Viewer);
        var browser = new Browser(dashboard);
        for (var attempt = 0; attempt < 8; attempt++)
        {
            await browser.PostFormAsync("/account/sign-in", ("userName", "viewer"), ("password", "wrong"));
        }

        var answer = await browser.PostFormAsync("/account/sign-in", ("userName", "viewer"), ("password", Dashboard.Password));
        answer.Headers.Location!.ToString().ShouldStartWith("/account/sign-in?error=locked");
    }

    [Fact]
    public async Task Too_many_attempts_from_one_address_are_held_back()
    {
        await using var dashboard = await Dashboard.StartAsync(database, ("Dashboard:SignInAttemptsPerMinute", "2"));
        var browser = new Browser(dashboard);
        HttpResponseMessage answer = null!;
        for (var attempt = 0; attempt < 3; attempt++)
        {
            answer = await browser.PostFormAsync("/account/sign-in", ("userName", "viewer"), ("password", "wrong"));
        }

        answer.Headers.Location!.ToString().ShouldBe("/account/sign-in?error=too-many");
    }

    [Theory]
    [InlineData("/guests?q=a", "/guests?q=a")]
    [InlineData("https://evil.example/", "/")]
    [InlineData("//evil.example/", "/")]
    [InlineData("/\\evil.example/", "/")]
    [InlineData("javascript:alert(1)", "/")]
    public async Task After_the_sign_in_only_pages_of_this_site_follow(string wanted, string followed)
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        await dashboard.UserAsync(Roles.Viewer);
        var answer = await new Browser(dashboard).PostFormAsync(
            "/account/sign-in", ("userName", "viewer"), ("password", Dashboard.Password), ("returnUrl", wanted));
        answer.Headers.Location!.ToString().ShouldBe(followed);
    }

    [Fact]
    public async Task A_session_cookie_changes_nothing_without_an_antiforgery_token()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var browser = await dashboard.SignedInAsync(Roles.Operator);
        var problem = await browser.Client.ProblemAsync(HttpMethod.Post, "/api/v1/hosts", Requests.Host("xen1", "Xen"), HttpStatusCode.BadRequest);
        problem.ShouldContain("antiforgery");
        browser.Client.DefaultRequestHeaders.Add("RequestVerificationToken", await browser.AntiforgeryTokenAsync());
        await browser.Client.AddHostAsync("xen1", "Xen");
        (await browser.PostRawAsync("/account/sign-out")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_token_that_is_not_known_is_refused_even_beside_a_good_session()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var browser = await dashboard.SignedInAsync(Roles.Operator);
        browser.Client.DefaultRequestHeaders.Add("Authorization", "Bearer x2k_made-up");
        var response = await browser.Client.GetAsync("/api/v1/me", Token);
        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        response.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer");
    }
}
