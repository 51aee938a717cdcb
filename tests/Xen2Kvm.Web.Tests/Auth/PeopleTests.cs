using System.Net;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Web.Tests.Auth;

public sealed class PeopleTests(Database database)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Another_role_holds_in_an_open_session_from_the_next_request_on()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var browser = await dashboard.SignedInAsync(Roles.Operator);
        using var admin = await dashboard.WithTokenAsync(Roles.Admin);
        await admin.SendJsonAsync(HttpMethod.Put, "/api/v1/people/operator/role", new { role = "Viewer" });
        (await browser.WhoAsync()).ShouldBe(Roles.Viewer);
        await admin.SendJsonAsync(HttpMethod.Put, "/api/v1/people/operator/role", new { role = "Approver" });
        (await browser.WhoAsync()).ShouldBe(Roles.Approver);
        (await dashboard.Get<IAuditLog>().SearchAsync(new AuditQuery(), 2, Token)).Select(entry => (entry.By, entry.Action, entry.Subject, entry.Detail)).ShouldBe(
            [("admin (token test Admin)", "user.role", "operator", "Viewer → Approver"), ("admin (token test Admin)", "user.role", "operator", "Operator → Viewer")]);
    }

    [Fact]
    public async Task Who_is_disabled_is_out_at_once_in_sessions_tokens_and_sign_in_and_comes_back_as_before()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var browser = await dashboard.SignedInAsync(Roles.Operator);
        using var token = await dashboard.WithTokenAsync(Roles.Operator);
        using var admin = await dashboard.WithTokenAsync(Roles.Admin);
        await admin.SendJsonAsync(HttpMethod.Post, "/api/v1/people/operator/disable");
        (await browser.WhoAsync()).ShouldBeNull();
        (await token.GetAsync("/api/v1/me", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await new Browser(dashboard).SignInAsync("operator")).ShouldStartWith("/account/sign-in?error=disabled");
        (await new Browser(dashboard).SignInAsync("operator", "a guess")).ShouldStartWith("/account/sign-in?error=wrong");

        await admin.SendJsonAsync(HttpMethod.Post, "/api/v1/people/operator/enable");
        (await browser.WhoAsync()).ShouldBeNull("an ended session stays ended");
        (await new Browser(dashboard).SignInAsync("operator")).ShouldBe("/");
        (await token.GetAsync("/api/v1/me", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_reset_password_is_gone_at_once_with_all_sessions_and_nobody_else_ever_knows_the_next()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var browser = await dashboard.SignedInAsync(Roles.Operator);
        var other = await dashboard.SignedInAsync(Roles.Operator);
        using var admin = await dashboard.WithTokenAsync(Roles.Admin);
        var link = (await admin.SendJsonAsync(HttpMethod.Post, "/api/v1/people/operator/reset-password"))["link"]!.GetValue<string>();
        (await browser.WhoAsync()).ShouldBeNull();
        (await other.WhoAsync()).ShouldBeNull();
        (await browser.SignInAsync("operator")).ShouldStartWith("/account/sign-in?error=wrong");
        (await browser.AcceptAsync(new Invitation("operator", new Uri(link).PathAndQuery, default), "quite another one")).ShouldBe("/");
        (await new Browser(dashboard).SignInAsync("operator", "quite another one")).ShouldBe("/");
    }

    [Fact]
    public async Task A_lock_out_is_shown_with_its_end_and_an_admin_ends_it()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        await dashboard.UserAsync(Roles.Viewer);
        var browser = new Browser(dashboard);

        // All at once: each must be counted.
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => new Browser(dashboard).SignInAsync("viewer", "wrong")));
        (await browser.SignInAsync("viewer")).ShouldStartWith("/account/sign-in?error=locked");
        (await dashboard.Get<People>().FindAsync("viewer", Token))!.LockedUntil!.Value
            .ShouldBeInRange(DateTimeOffset.UtcNow.AddMinutes(8), DateTimeOffset.UtcNow.AddMinutes(10));

        using var admin = await dashboard.WithTokenAsync(Roles.Admin);
        await admin.SendJsonAsync(HttpMethod.Post, "/api/v1/people/viewer/unlock");
        (await dashboard.Get<People>().FindAsync("viewer", Token))!.LockedUntil.ShouldBeNull();
        (await browser.SignInAsync("viewer")).ShouldBe("/");
    }

    [Fact]
    public async Task Of_two_admins_who_demote_or_disable_each_other_at_once_one_stays()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var people = dashboard.Get<People>();
        for (var round = 0; round < 5; round++)
        {
            var (one, other) = (await dashboard.AdminAsync($"one{round}"), await dashboard.AdminAsync($"other{round}"));
            var outcomes = await Task.WhenAll(
                Record.ExceptionAsync(() => people.SetRoleAsync($"other{round}", Roles.Viewer, one, Token)).AsTask(),
                Record.ExceptionAsync(() => people.DisableAsync($"one{round}", other, Token)).AsTask());
            outcomes.Count(outcome => outcome is null).ShouldBe(1);
            outcomes.Single(outcome => outcome is not null).ShouldBeOfType<RefusedException>().Message.ShouldStartWith("You are not an admin any more");
        }
    }

    [Fact]
    public async Task Nobody_acts_on_themselves_so_the_last_admin_stays_one()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var admin = await dashboard.WithTokenAsync(Roles.Admin);
        foreach (var (method, act) in new[] { ("PUT", "role"), ("POST", "disable"), ("POST", "reset-password"), ("DELETE", "second-factor") })
        {
            var problem = await admin.ProblemAsync(
                new HttpMethod(method), $"/api/v1/people/ADMIN/{act}", act == "role" ? new { role = "Viewer" } : null, HttpStatusCode.Conflict);
            problem.ShouldContain("cannot be done to oneself");
        }

        (await dashboard.Get<People>().FindAsync("admin", Token)).ShouldNotBeNull().Role.ShouldBe(Roles.Admin);
    }

    [Fact]
    public async Task Who_is_no_admin_is_refused_by_the_service_itself()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var was = await dashboard.AdminAsync("was");
        await dashboard.Get<People>().SetRoleAsync("was", Roles.Approver, await dashboard.PrincipalAsync(Roles.Admin), Token);
        await Should.ThrowAsync<RefusedException>(dashboard.Get<People>().DisableAsync("admin", was, Token));
        await Should.ThrowAsync<RefusedException>(dashboard.Get<People>().InviteAsync("friend", null, Roles.Admin, was, Token));
    }

    [Fact]
    public async Task Nobody_known_is_not_found()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var admin = await dashboard.WithTokenAsync(Roles.Admin);
        await admin.ProblemAsync(HttpMethod.Post, "/api/v1/people/nobody/disable", null, HttpStatusCode.NotFound);
    }
}
