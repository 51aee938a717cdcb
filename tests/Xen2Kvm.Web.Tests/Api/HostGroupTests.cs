using System.Net;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Tests.Auth;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Web.Tests.Api;

/// <summary>Host groups, the roles in them, and what becomes of an approval when either changes.</summary>
public sealed class HostGroupTests(Database database)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_group_is_made_filled_renamed_and_removed_and_every_act_is_in_the_log()
    {
        await using var world = await WaveWorld.StartAsync(database, "db");
        using var admin = await world.Dashboard.WithTokenAsync(Roles.Admin);
        await admin.GroupAsync("paris", "xen1");
        await world.Dashboard.GrantAsync(admin, "olga", Roles.Operator, "paris");
        await admin.SendJsonAsync(HttpMethod.Put, "/api/v1/host-groups/paris", new { name = "Paris, north" });
        (await world.Approver.SendJsonAsync(HttpMethod.Get, "/api/v1/host-groups")).AsArray().Single()!["hosts"]!.ToJsonString().ShouldBe("""["xen1"]""");
        (await admin.SendJsonAsync(HttpMethod.Get, "/api/v1/people")).AsArray().Single(person => (string?)person!["userName"] == "olga")!["grants"]![0]!["place"]!
            .GetValue<string>().ShouldBe("Paris, north");
        await admin.PutIntoAsync("xen1", null);
        await admin.PutIntoAsync("xen1", "Paris, north");
        (await admin.DeleteAsync(new Uri("/api/v1/host-groups/Paris,%20north", UriKind.Relative), Token)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await admin.DeleteAsync(new Uri("/api/v1/host-groups/Paris,%20north", UriKind.Relative), Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await world.Dashboard.Get<IAuditLog>().SearchAsync(new AuditQuery(), 7, Token)).Reverse().Select(act => $"{act.Action} {act.Subject}: {act.Detail}").ShouldBe(
        [
            "group.add paris: ", "host.group xen1: no group → paris", "user.grant olga: on the host group paris: no role → Operator",
            "group.rename Paris, north: paris → Paris, north", "host.group xen1: Paris, north → no group", "host.group xen1: no group → Paris, north",
            "group.remove Paris, north: hosts: xen1; roles that ended: olga Operator",
        ]);
    }

    [Fact]
    public async Task Names_that_mislead_or_are_taken_are_refused_and_hostile_ones_stay_text()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var admin = await dashboard.WithTokenAsync(Roles.Admin);
        await admin.GroupAsync("<script>alert(1)</script> & -x");
        foreach (var (name, why) in new[]
        {
            ("", "1 to 60 characters"), ("   ", "1 to 60 characters"), (new string('x', 61), "1 to 60 characters"), ("a\nb", "on one line"),
            (" <SCRIPT>alert(1)</script> & -x ", "already"),
        })
        {
            (await admin.ProblemAsync(HttpMethod.Post, "/api/v1/host-groups", new { name }, HttpStatusCode.Conflict)).ShouldContain(why);
        }

        await admin.GroupAsync("oslo");
        (await admin.ProblemAsync(HttpMethod.Put, "/api/v1/host-groups/oslo", new { name = "<script>alert(1)</script> & -x" }, HttpStatusCode.Conflict)).ShouldContain("already");
        (await admin.SendJsonAsync(HttpMethod.Get, "/api/v1/host-groups")).AsArray().Select(group => (string?)group!["name"]).ShouldBe(
            ["<script>alert(1)</script> & -x", "oslo"], ignoreOrder: true);
    }

    [Fact]
    public async Task Two_admins_at_once_make_one_group_of_a_name_and_lose_no_role()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var admin = await dashboard.WithTokenAsync(Roles.Admin);
        var made = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => admin.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, "/api/v1/host-groups") { Content = System.Net.Http.Json.JsonContent.Create(new { name = "paris" }) }, Token)));
        made.Count(answer => answer.StatusCode == HttpStatusCode.Created).ShouldBe(1);
        made.Count(answer => answer.StatusCode == HttpStatusCode.Conflict).ShouldBe(5);

        await dashboard.UserAsync("olga", Roles.Viewer);
        var names = Enumerable.Range(0, 8).Select(number => $"group {number}").ToList();
        foreach (var name in names)
        {
            await admin.GroupAsync(name);
        }

        await Task.WhenAll(names.Select(name => dashboard.GrantAsync(admin, "olga", Roles.Operator, name)).Append(dashboard.GrantAsync(admin, "olga", Roles.Approver, "group 0")));
        var olga = (await dashboard.Get<People>().FindAsync("olga", Token))!;
        olga.Grants.Select(grant => grant.Place).ShouldBe(names);
        olga.Grants.Skip(1).ShouldAllBe(grant => grant.Role == Roles.Operator);
        (await dashboard.Get<IAuditLog>().SearchAsync(new AuditQuery { Action = "user.grant" }, 100, Token)).Count.ShouldBe(9);
    }

    [Fact]
    public async Task A_role_in_a_place_is_Operator_or_Approver_and_nobody_gives_one_to_oneself()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var admin = await dashboard.WithTokenAsync(Roles.Admin);
        await admin.GroupAsync("paris");
        await dashboard.UserAsync("olga", Roles.Viewer);
        async Task RefusedAsync(string name, object body, HttpStatusCode status, string why) =>
            (await admin.ProblemAsync(HttpMethod.Put, $"/api/v1/people/{name}/grants", body, status)).ShouldContain(why);
        await RefusedAsync("olga", new { role = "Admin", group = "paris" }, HttpStatusCode.Conflict, "The role Admin cannot be given in one place");
        await RefusedAsync("olga", new { role = "Viewer", group = "paris" }, HttpStatusCode.Conflict, "cannot be given");
        await RefusedAsync("admin", new { role = "Operator", group = "paris" }, HttpStatusCode.Conflict, "oneself");
        await RefusedAsync("olga", new { role = "Operator", group = "rome" }, HttpStatusCode.NotFound, "no host group rome");
        await RefusedAsync("olga", new { role = "Operator", wave = Guid.NewGuid() }, HttpStatusCode.Conflict, "wave is not known");
        await RefusedAsync("olga", new { role = "Operator" }, HttpStatusCode.BadRequest, "either a group of hosts or a wave");
        await RefusedAsync("nobody", new { role = "Operator", group = "paris" }, HttpStatusCode.NotFound, "no person nobody");
        (await dashboard.Get<People>().FindAsync("olga", Token))!.Grants.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_open_session_and_a_token_follow_the_group_from_the_next_request_on()
    {
        await using var world = await WaveWorld.StartAsync(database, "db");
        using var admin = await world.Dashboard.WithTokenAsync(Roles.Admin);
        await admin.GroupAsync("paris", "xen1", "kvm1");
        await world.Dashboard.GrantAsync(admin, "olga", Roles.Operator, "paris");
        using var olga = await world.Dashboard.ClientAsync("olga");
        await olga.SendJsonAsync(HttpMethod.Post, "/api/v1/hosts/xen1/refresh");
        var made = await PostAsync(world.Dashboard, "olga", new { name = "ci", groups = new[] { "paris" } });
        made["token"]!["role"]!.GetValue<string>().ShouldBe(Roles.Operator);
        using var token = world.Dashboard.WithToken(made["plain"]!.GetValue<string>());
        await token.SendJsonAsync(HttpMethod.Post, "/api/v1/hosts/xen1/refresh");

        await admin.PutIntoAsync("xen1", null);
        await olga.ProblemAsync(HttpMethod.Post, "/api/v1/hosts/xen1/refresh", null, HttpStatusCode.Forbidden);
        await token.ProblemAsync(HttpMethod.Post, "/api/v1/hosts/xen1/refresh", null, HttpStatusCode.Forbidden);
        await admin.PutIntoAsync("xen1", "paris");
        await token.SendJsonAsync(HttpMethod.Post, "/api/v1/hosts/xen1/refresh");
        await admin.DeleteAsync(new Uri("/api/v1/host-groups/paris", UriKind.Relative), Token);
        await token.ProblemAsync(HttpMethod.Post, "/api/v1/hosts/xen1/refresh", null, HttpStatusCode.Forbidden);

        // A group of the same name is another group.
        await admin.GroupAsync("paris", "xen1", "kvm1");
        await olga.ProblemAsync(HttpMethod.Post, "/api/v1/hosts/xen1/refresh", null, HttpStatusCode.Forbidden);
        await token.ProblemAsync(HttpMethod.Post, "/api/v1/hosts/xen1/refresh", null, HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task An_approver_of_all_its_hosts_approves_a_wave_and_one_of_some_does_not()
    {
        await using var world = await WaveWorld.StartAsync(database, "db");
        using var admin = await world.Dashboard.WithTokenAsync(Roles.Admin);
        await admin.GroupAsync("paris", "xen1");
        await admin.GroupAsync("oslo", "kvm1");
        await world.Dashboard.GrantAsync(admin, "petra", Roles.Approver, "paris");
        await world.Dashboard.GrantAsync(admin, "petra", Roles.Operator, "oslo");
        using var petra = await world.Dashboard.ClientAsync("petra");
        await world.DraftAsync();
        var print = (await world.ActAsync("submit"))["fingerprint"]!.GetValue<string>();
        var (path, body) = ($"/api/v1/waves/{world.Wave}/decision", new { approve = true, fingerprint = print });
        (await petra.ProblemAsync(HttpMethod.Post, path, body, HttpStatusCode.Forbidden)).ShouldContain("This needs the role Approver on kvm1 (group oslo)");
        await world.Dashboard.GrantAsync(admin, "petra", Roles.Approver, "oslo");
        (await petra.SendJsonAsync(HttpMethod.Post, path, body))["state"]!.GetValue<string>().ShouldBe("Approved");
        await world.ActAsync("start");
        await world.LookAsync();
        (await world.StatesAsync()).ShouldBe(["db: Running"]);
    }

    [Theory]
    [InlineData("host moved", "kvm1 (group oslo)")]
    [InlineData("group removed", "xen1 (no group), kvm1 (no group)")]
    [InlineData("role taken", "xen1 (group paris), kvm1 (group paris)")]
    public async Task An_approval_whose_giver_lost_the_role_there_starts_nothing_and_says_why(string what, string where)
    {
        await using var world = await WaveWorld.StartAsync(database, "db", "app");
        using var admin = await world.Dashboard.WithTokenAsync(Roles.Admin);
        await admin.GroupAsync("paris", "xen1", "kvm1");
        await admin.GroupAsync("oslo");
        await world.Dashboard.GrantAsync(admin, "petra", Roles.Approver, "paris");
        using var petra = await world.Dashboard.ClientAsync("petra");
        await world.DraftAsync(new { maxConcurrent = 1 });
        var submitted = await world.ActAsync("submit");
        await petra.SendJsonAsync(HttpMethod.Post, $"/api/v1/waves/{world.Wave}/decision", new { approve = true, fingerprint = (string?)submitted["fingerprint"] });
        await LoseAsync();
        var why = $"petra, who approved Friday, may not approve it any more. This needs the role Approver on {where}.";
        (await world.Operator.ProblemAsync(HttpMethod.Post, $"/api/v1/waves/{world.Wave}/start", null, HttpStatusCode.Conflict)).ShouldContain(why);

        // And when it is lost while the wave runs: what runs goes on, nothing more starts.
        await world.ActAsync("withdraw");
        await admin.PutIntoAsync("xen1", null);
        await admin.PutIntoAsync("kvm1", null);
        await world.ApproveAsync();
        await world.ActAsync("start");
        await world.LookAsync();
        await admin.SendJsonAsync(HttpMethod.Put, "/api/v1/people/approver/role", new { role = "Viewer" });
        await world.RunIsAsync("db", "Succeeded");
        await world.LookAsync();
        var wave = await world.NowAsync();
        wave.State.ShouldBe(WaveState.Draft);
        wave.Note!.ShouldStartWith("approver, who approved Friday, may not approve it any more. This needs the role Approver on xen1 (no group), kvm1 (no group).");
        (await world.StatesAsync()).ShouldBe(["db: Proven", "app: Waiting"]);

        Task LoseAsync() => what switch
        {
            "host moved" => admin.PutIntoAsync("kvm1", "oslo"),
            "group removed" => admin.DeleteAsync(new Uri("/api/v1/host-groups/paris", UriKind.Relative), Token),
            _ => world.Dashboard.GrantAsync(admin, "petra", Roles.Operator, "paris"),
        };
    }

    private static async Task<System.Text.Json.Nodes.JsonNode> PostAsync(Dashboard dashboard, string name, object body)
    {
        var browser = new Browser(dashboard);
        (await browser.SignInAsync(name)).ShouldBe("/");
        browser.Client.DefaultRequestHeaders.Add("RequestVerificationToken", await browser.AntiforgeryTokenAsync());
        return await browser.Client.SendJsonAsync(HttpMethod.Post, "/api/v1/tokens", body);
    }
}
