using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using NSubstitute;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Web.Tests.Api;

public sealed class HostApiTests(Database database)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_host_is_scanned_added_tested_refreshed_shown_and_removed()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var api = await dashboard.WithTokenAsync(Roles.Operator);
        var offer = await api.SendJsonAsync(HttpMethod.Post, "/api/v1/hosts/scan-key", new { ssh = new { address = "192.0.2.1" } });
        offer["fingerprint"]!.GetValue<string>().ShouldBe(FakeHosts.Fingerprint);

        await api.AddHostAsync("xen1", "Xen");
        var checks = await api.SendJsonAsync(HttpMethod.Post, "/api/v1/hosts/xen1/test");
        checks[1]!["fix"]!.GetValue<string>().ShouldBe("Add NOPASSWD.");
        var detail = await api.SendJsonAsync(HttpMethod.Post, "/api/v1/hosts/xen1/refresh");
        detail["facts"]!["hypervisor"]!.GetValue<string>().ShouldBe("Xen 4.17");
        detail["host"]!["kind"]!.GetValue<string>().ShouldBe("Xen");

        var guests = (await api.GetFromJsonAsync<JsonNode>("/api/v1/guests?host=xen1", Token))!.AsArray();
        guests.Single()!["guest"]!["power"]!.GetValue<string>().ShouldBe("Running");
        (await api.GetFromJsonAsync<JsonNode>("/api/v1/guests/xen1/files", Token))!["guest"]!["nics"]![0]!["mac"]!.GetValue<string>().ShouldBe("00:16:3e:00:00:01");

        (await api.DeleteAsync("/api/v1/hosts/xen1", Token)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await api.GetFromJsonAsync<JsonNode>("/api/v1/hosts", Token))!.AsArray().ShouldBeEmpty();
        var audit = await api.GetFromJsonAsync<JsonNode>("/api/v1/audit", Token);
        audit!.AsArray().Select(entry => entry!["action"]!.GetValue<string>()).ShouldContain("host.remove");
        audit[0]!["by"]!.GetValue<string>().ShouldBe("operator (token test Operator)");
    }

    [Fact]
    public async Task A_host_whose_connection_broke_is_asked_once_more_whether_it_is_gone()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var api = await dashboard.WithTokenAsync(Roles.Operator);
        await api.AddHostAsync("xen1", "Xen");
        dashboard.Hosts.Lose("xen1 cannot be reached at 192.0.2.1 port 22");
        (await api.ProblemAsync(HttpMethod.Post, "/api/v1/hosts/xen1/refresh", null, HttpStatusCode.BadGateway)).ShouldContain("xen1 cannot be reached at 192.0.2.1");
    }

    [Theory]
    [InlineData("db/01", "db/01")]
    [InlineData("a%2Fb c", "a%252Fb%20c")]
    [InlineData("<script>alert(1)</script>", "%3Cscript%3Ealert(1)%3C/script%3E")]
    public async Task A_guest_is_found_by_any_name_that_xen_allows(string name, string path)
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var api = await dashboard.WithTokenAsync(Roles.Operator);
        await api.AddHostAsync("xen1", "Xen");
        dashboard.Hosts.Show(FakeHosts.Files(name), FakeHosts.Files("twin"));
        await api.SendJsonAsync(HttpMethod.Post, "/api/v1/hosts/xen1/refresh");
        var seen = (await api.GetFromJsonAsync<JsonNode>($"/api/v1/guests/xen1/{path}", Token))!;
        seen["guest"]!["name"]!.GetValue<string>().ShouldBe(name);
        seen["concerns"]!.AsArray().ShouldContain(concern => concern!["id"]!.GetValue<string>() == "X05", "both write the same disks");
    }

    [Fact]
    public async Task Guests_come_in_parts_sorted_and_filtered_as_on_their_page()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var api = await dashboard.WithTokenAsync(Roles.Operator);
        await api.AddHostAsync("xen1", "Xen");
        dashboard.Hosts.Show(FakeHosts.Files("c"), FakeHosts.Files("a") with { MemoryMiB = 9000 }, FakeHosts.Files("<b>"));
        await api.SendJsonAsync(HttpMethod.Post, "/api/v1/hosts/xen1/refresh");
        var id = (await api.GetFromJsonAsync<JsonNode>("/api/v1/hosts", Token))![0]!["id"]!.GetValue<Guid>();
        (await NamesAsync("")).ShouldBe(["3", "<b>", "a", "c"]);
        (await NamesAsync("?sort=-Name&skip=1&most=1")).ShouldBe(["3", "a"]);
        (await NamesAsync("?sort=-MemoryMiB&most=1")).ShouldBe(["3", "a"]);
        (await NamesAsync("?q=%3CB")).ShouldBe(["1", "<b>"]);
        (await NamesAsync($"?host={id}&sort=Move")).Length.ShouldBe(4);
        (await NamesAsync("?host=xen2")).ShouldBe(["0"]);
        (await NamesAsync("?skip=-5&most=-1")).ShouldBe(["3"]);

        async Task<string[]> NamesAsync(string query)
        {
            using var answer = await api.GetAsync($"/api/v1/guests{query}", Token);
            var names = (await answer.Content.ReadFromJsonAsync<JsonNode>(Token))!.AsArray().Select(seen => seen!["guest"]!["name"]!.GetValue<string>());
            return [.. answer.Headers.GetValues("X-Total-Count"), .. names];
        }
    }

    [Fact]
    public async Task A_secret_never_comes_back()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var api = await dashboard.WithTokenAsync(Roles.Admin);
        await api.SendJsonAsync(HttpMethod.Post, "/api/v1/hosts", new
        {
            name = "xen1", kind = "Xen", secret = "hunter2-secret", ssh = new { address = "192.0.2.1", hostKey = FakeHosts.Key, authentication = "Password" },
        });
        foreach (var path in new[] { "/api/v1/hosts", "/api/v1/hosts/xen1", "/api/v1/audit" })
        {
            (await api.GetStringAsync(path, Token)).ShouldNotContain("hunter2");
        }
    }

    [Fact]
    public async Task A_changed_host_is_reached_anew_and_keeps_its_secret_unless_a_new_one_is_given()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var api = await dashboard.WithTokenAsync(Roles.Operator);
        var added = await api.SendJsonAsync(HttpMethod.Post, "/api/v1/hosts", new
        {
            name = "xen1", kind = "Xen", secret = "first secret", ssh = new { address = "192.0.2.1", hostKey = FakeHosts.Key, authentication = "Password" },
        });
        var id = added["id"]!.GetValue<Guid>();
        await api.SendJsonAsync(HttpMethod.Put, "/api/v1/hosts/xen1", new { ssh = new { address = "192.0.2.7", hostKey = FakeHosts.Key, authentication = "Password" } });
        (await dashboard.Get<IHostStore>().GetSecretAsync(id, Token)).ShouldBe("first secret");
        dashboard.Hosts.Connector.Received().Forget(id);

        await api.SendJsonAsync(HttpMethod.Put, "/api/v1/hosts/xen1", new { secret = "second secret", ssh = new { address = "192.0.2.7", hostKey = FakeHosts.Key, authentication = "Password" } });
        (await dashboard.Get<IHostStore>().GetSecretAsync(id, Token)).ShouldBe("second secret");
        (await api.ProblemAsync(HttpMethod.Put, "/api/v1/hosts/xen1", new { ssh = new { address = "a", hostKey = FakeHosts.Key, authentication = "Key" } }, HttpStatusCode.Conflict))
            .ShouldContain("Give a private key or a password");
        (await api.ProblemAsync(HttpMethod.Put, "/api/v1/hosts/xen1", new { ssh = new { address = "a", authentication = "Password" } }, HttpStatusCode.Conflict))
            .ShouldContain("Confirm the host key");
        await api.SendJsonAsync(HttpMethod.Put, "/api/v1/hosts/xen1", new { ssh = new { address = "192.0.2.7", hostKey = FakeHosts.Key, authentication = "Ambient" } });
        (await dashboard.Get<IHostStore>().GetSecretAsync(id, Token)).ShouldBeNull();

        var audit = await api.GetStringAsync("/api/v1/audit", Token);
        audit.ShouldContain("host.change");
        audit.ShouldContain("192.0.2.7");
        audit.ShouldNotContain("second secret");
    }

    [Fact]
    public async Task A_refused_request_is_a_conflict_that_says_why()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var api = await dashboard.WithTokenAsync(Roles.Operator);
        await api.AddHostAsync("xen1", "Xen");
        var problem = await api.ProblemAsync(HttpMethod.Post, "/api/v1/hosts", Requests.Host("xen1", "Xen"), HttpStatusCode.Conflict);
        problem.ShouldContain("There is a host named xen1 already");
    }

    [Fact]
    public async Task A_host_that_refuses_is_a_bad_gateway_with_its_words()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var api = await dashboard.WithTokenAsync(Roles.Operator);
        await api.AddHostAsync("xen1", "Xen");
        dashboard.Hosts.Break("xen1 refused the key (publickey).");
        var problem = await api.ProblemAsync(HttpMethod.Post, "/api/v1/hosts/xen1/refresh", null, HttpStatusCode.BadGateway);
        problem.ShouldContain("xen1 refused the key");
        (await api.GetStringAsync("/api/v1/hosts", Token)).ShouldContain("refused the key");
    }

    [Fact]
    public async Task A_fault_of_the_program_tells_nothing_of_its_inside()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var api = await dashboard.WithTokenAsync(Roles.Operator);
        await api.AddHostAsync("xen1", "Xen");
        dashboard.Hosts.Fault();
        var problem = await api.ProblemAsync(HttpMethod.Post, "/api/v1/hosts/xen1/refresh", null, HttpStatusCode.InternalServerError);
        problem.ShouldNotContain("Exception");
        problem.ShouldNotContain("secret inner text");
        problem.ShouldNotContain(" at ");
        problem.ShouldContain("trace id");
    }

    [Fact]
    public async Task A_body_that_cannot_be_read_says_where_it_is_wrong()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var api = await dashboard.WithTokenAsync(Roles.Operator);
        var problem = await api.ProblemAsync(
            HttpMethod.Post, "/api/v1/hosts", new { name = "x", kind = "Vmware", ssh = new { address = "a" } }, HttpStatusCode.BadRequest);
        problem.ShouldContain("$.kind");
        problem.ShouldNotContain("System.");
    }

    [Fact]
    public async Task An_unknown_host_is_not_found()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var api = await dashboard.WithTokenAsync(Roles.Viewer);
        (await api.ProblemAsync(HttpMethod.Get, "/api/v1/hosts/nowhere", null, HttpStatusCode.NotFound)).ShouldContain("There is no host nowhere");
    }
}
