using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xen2Kvm.Persistence;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Web.Tests.Auth;

public sealed class FirstAdminTests(Database database)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_link_makes_the_first_admin_and_signs_in_and_works_once()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var link = dashboard.SetupToken();
        File.GetUnixFileMode(dashboard.Get<SetupLink>().FilePath).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var browser = new Browser(dashboard);
        var made = await browser.PostFormAsync("/account/first-admin", ("token", link), ("userName", "ada"), ("password", Dashboard.Password));
        made.Headers.Location!.ToString().ShouldBe("/");
        (await browser.Client.GetFromJsonAsync<JsonNode>("/api/v1/me", Token))!["role"]!.GetValue<string>().ShouldBe(Roles.Admin);
        File.Exists(dashboard.Get<SetupLink>().FilePath).ShouldBeFalse();

        var second = await new Browser(dashboard).PostFormAsync(
            "/account/first-admin", ("token", link), ("userName", "eve"), ("password", Dashboard.Password));
        second.Headers.Location!.ToString().ShouldBe("/account/sign-in?error=done");
    }

    [Theory]
    [InlineData("wrong token", "ada", Dashboard.Password, "link")]
    [InlineData(null, "ada", "short", "password")]
    [InlineData(null, "", Dashboard.Password, "name")]
    [InlineData(null, "(this machine)", Dashboard.Password, "name")]
    public async Task A_wrong_form_says_what_is_wrong_and_makes_nobody(string? token, string name, string password, string error)
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var answer = await new Browser(dashboard).PostFormAsync(
            "/account/first-admin", ("token", token ?? dashboard.SetupToken()), ("userName", name), ("password", password));
        answer.Headers.Location!.ToString().ShouldStartWith($"/account/first-admin?error={error}&token=");
        dashboard.Get<SetupLink>().IsOpen.ShouldBeTrue();
    }

    [Fact]
    public async Task Of_many_at_once_one_becomes_admin()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var link = dashboard.SetupToken();
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(async n => await new Browser(dashboard).PostFormAsync(
            "/account/first-admin", ("token", link), ("userName", $"user{n}"), ("password", Dashboard.Password))));
        answers.Count(answer => answer.Headers.Location!.ToString() == "/").ShouldBe(1);
        await using var scope = dashboard.App.Services.CreateAsyncScope();
        (await scope.ServiceProvider.GetRequiredService<UserManager<AppUser>>().Users.CountAsync(Token)).ShouldBe(1);
    }

    [Fact]
    public async Task A_restart_keeps_the_link()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var link = dashboard.Get<SetupLink>();
        var token = dashboard.SetupToken();
        link.Open("http://127.0.0.1:1").ShouldEndWith(token);
        link.Fits(token).ShouldBeTrue();
        link.Fits(token + "x").ShouldBeFalse();
    }

    [Fact]
    public async Task Without_an_antiforgery_token_nothing_happens()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var answer = await new Browser(dashboard).PostRawAsync(
            "/account/first-admin", ("token", dashboard.SetupToken()), ("userName", "ada"), ("password", Dashboard.Password));
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        dashboard.Get<SetupLink>().IsOpen.ShouldBeTrue();
    }
}
