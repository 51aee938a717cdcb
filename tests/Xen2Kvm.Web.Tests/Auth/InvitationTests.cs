using System.Net;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Web.Tests.Auth;

public sealed class InvitationTests(Database database)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Somebody_invited_sets_a_password_and_is_in_and_the_link_works_once()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var link = await InviteAsync(dashboard);
        var bob = new Browser(dashboard);
        (await bob.Client.GetStringAsync(link.Path, Token)).ShouldContain("You sign in as <strong>bob</strong>");
        (await bob.AcceptAsync(link)).ShouldBe("/");
        (await bob.WhoAsync()).ShouldBe(Roles.Approver);
        (await new Browser(dashboard).SignInAsync("bob")).ShouldBe("/");

        (await new Browser(dashboard).AcceptAsync(link, "another password of mine")).ShouldStartWith("/account/invitation?error=invitation");
        (await bob.Client.GetStringAsync(link.Path, Token)).ShouldContain("This link does not work");
        var audit = await dashboard.Get<IAuditLog>().SearchAsync(new AuditQuery(), 20, Token);
        audit.Where(entry => entry.Subject == "bob").Select(entry => (entry.By, entry.Action)).Reverse().Take(3)
            .ShouldBe([("admin", "user.invite"), ("bob", "user.accept"), ("bob", "user.sign-in")]);
        audit.ShouldAllBe(entry => !entry.Detail.Contains(link.Path.Split("token=")[1]));
    }

    [Fact]
    public async Task Of_many_who_use_a_link_at_once_one_sets_the_password()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var link = await InviteAsync(dashboard);
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(n => new Browser(dashboard).AcceptAsync(link, $"password number {n} of six")));
        answers.Count(answer => answer == "/").ShouldBe(1);
    }

    [Fact]
    public async Task A_weak_password_is_refused_and_the_link_still_works()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var link = await InviteAsync(dashboard);
        (await new Browser(dashboard).AcceptAsync(link, "short")).ShouldStartWith("/account/invitation?error=password&token=");
        (await new Browser(dashboard).AcceptAsync(link)).ShouldBe("/");
    }

    [Fact]
    public async Task A_link_that_expired_or_of_somebody_disabled_or_in_whose_place_a_newer_one_came_does_not_work()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var admin = await dashboard.PrincipalAsync(Roles.Admin);
        var link = await InviteAsync(dashboard);
        link.Until.ShouldBeInRange(DateTimeOffset.UtcNow.AddHours(71.9), DateTimeOffset.UtcNow.AddHours(72));

        await dashboard.Get<People>().DisableAsync("bob", admin, Token);
        (await new Browser(dashboard).AcceptAsync(link)).ShouldStartWith("/account/invitation?error=invitation");
        await Should.ThrowAsync<RefusedException>(dashboard.Get<People>().ResetPasswordAsync("bob", admin, Token));
        await dashboard.Get<People>().EnableAsync("bob", admin, Token);

        var newer = await dashboard.Get<People>().ResetPasswordAsync("bob", admin, Token);
        (await new Browser(dashboard).AcceptAsync(link)).ShouldStartWith("/account/invitation?error=invitation");

        await dashboard.AlterAsync("bob", user => user.InvitationExpiresAt = DateTimeOffset.UtcNow);
        (await new Browser(dashboard).AcceptAsync(newer)).ShouldStartWith("/account/invitation?error=invitation");
        (await dashboard.Get<People>().FindAsync("bob", Token))!.InvitedUntil.ShouldBeNull();
    }

    [Fact]
    public async Task Without_a_password_nobody_signs_in_not_even_with_none()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        await InviteAsync(dashboard);
        (await new Browser(dashboard).SignInAsync("bob", "")).ShouldStartWith("/account/sign-in?error=wrong");
        (await new Browser(dashboard).AcceptAsync(new Invitation("bob", "/account/invitation?token=", DateTimeOffset.UtcNow)))
            .ShouldStartWith("/account/invitation?error=invitation");
    }

    [Theory]
    [InlineData("<b>eve</b>")]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("system")]
    [InlineData("(this machine)")]
    [InlineData("admin")]
    [InlineData("nul\0")]
    public async Task A_name_that_is_taken_or_would_mislead_is_refused(string name)
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var admin = await dashboard.PrincipalAsync(Roles.Admin);
        await Should.ThrowAsync<RefusedException>(dashboard.Get<People>().InviteAsync(name, null, Roles.Viewer, admin, Token));
        (await dashboard.Get<People>().ListAsync(Token)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task The_api_gives_the_link_once_at_the_address_of_the_dashboard()
    {
        await using var dashboard = await Dashboard.StartAsync(database, ("Dashboard:PublicUrl", "https://x2k.example.org"));
        using var api = await dashboard.WithTokenAsync(Roles.Admin);
        var made = await api.SendJsonAsync(HttpMethod.Post, "/api/v1/people", new { userName = "bob", role = "Viewer", displayName = "Bob <script>" });
        made["link"]!.GetValue<string>().ShouldStartWith("https://x2k.example.org/account/invitation?token=");
        (await api.GetStringAsync("/api/v1/people", Token)).ShouldNotContain("token=");
        await api.ProblemAsync(HttpMethod.Post, "/api/v1/people", new { userName = "BOB", role = "Viewer" }, HttpStatusCode.Conflict);
        await api.ProblemAsync(HttpMethod.Post, "/api/v1/people", new { userName = "eve", role = "Root" }, HttpStatusCode.Conflict);
    }

    private static async Task<Invitation> InviteAsync(Dashboard dashboard) =>
        await dashboard.Get<People>().InviteAsync("bob", "Bob", Roles.Approver, await dashboard.PrincipalAsync(Roles.Admin), Token);
}
