using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Web.Tests.Api;

public sealed class PlanApiTests(Database database)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_plan_is_proposed_created_listed_shown_checked_and_drawn_as_xml()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var api = await dashboard.WithTokenAsync(Roles.Operator);
        var id = await api.PlanFilesAsync();
        var proposed = await api.SendJsonAsync(HttpMethod.Post, "/api/v1/plans/propose", new
        {
            sourceHost = "xen1", guest = "files", targetHost = "kvm1", choices = new { name = "renamed", format = "Qcow2", bridges = new { xenbr0 = "br9" } },
        });
        proposed["target"]!["name"]!.GetValue<string>().ShouldBe("renamed");
        proposed["target"]!["nics"]![0]!["bridge"]!.GetValue<string>().ShouldBe("br9");

        var listed = (await api.GetFromJsonAsync<JsonNode>("/api/v1/plans", Token))!.AsArray();
        listed.Single()!["sourceHost"]!.GetValue<string>().ShouldBe("xen1", "the proposed one is not stored");
        var plan = await api.GetFromJsonAsync<JsonNode>($"/api/v1/plans/{id}", Token);
        plan!["target"]!["disks"]![0]!["table"]!.GetValue<string>().ShouldBe("Msdos");
        plan.AsObject().ContainsKey("projectedDowntime").ShouldBeTrue();
        plan["projectedDowntime"].ShouldBeNull("no run was measured");
        using var xml = await api.GetAsync($"/api/v1/plans/{id}/xml", Token);
        xml.Content.Headers.ContentType!.MediaType.ShouldBe("application/xml");
        (await xml.Content.ReadAsStringAsync(Token)).ShouldContain("<name>files</name>");
        var preflight = await api.SendJsonAsync(HttpMethod.Post, $"/api/v1/plans/{id}/preflight");
        preflight["mayStart"]!.GetValue<bool>().ShouldBeTrue();
        var acknowledged = await api.SendJsonAsync(HttpMethod.Post, $"/api/v1/plans/{id}/acknowledge", new { concerns = new[] { "X03:vif0" } });
        acknowledged["acknowledged"]![0]!["by"]!.GetValue<string>().ShouldStartWith("operator");
    }

    [Fact]
    public async Task A_rehearsal_tells_how_far_a_run_would_come()
    {
        await using var dashboard = await Dashboard.StartAsync(database, ("Runs:AgentPath", "/nowhere/agent"));
        using var api = await dashboard.WithTokenAsync(Roles.Operator);
        var rehearsal = await api.SendJsonAsync(HttpMethod.Post, $"/api/v1/plans/{await api.PlanFilesAsync()}/rehearse");
        rehearsal["guest"]!.GetValue<string>().ShouldBe("files");
        rehearsal["steps"]!.AsArray().ShouldHaveSingleItem()!["id"]!.GetValue<string>().ShouldBe("check");
        rehearsal["problem"]!.GetValue<string>().ShouldContain("The agent's binary is missing at /nowhere/agent");
        await api.ProblemAsync(HttpMethod.Post, $"/api/v1/plans/{Guid.NewGuid()}/rehearse", null, HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_guest_that_cannot_be_planned_says_why()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var api = await dashboard.WithTokenAsync(Roles.Operator);
        await api.PlanFilesAsync();
        var problem = await api.ProblemAsync(
            HttpMethod.Post, "/api/v1/plans/propose",
            new { sourceHost = "xen1", guest = "files", targetHost = "kvm1", choices = new { storage = "nowhere" } }, HttpStatusCode.UnprocessableEntity);
        problem.ShouldContain("kvm1 has no volume group or pool nowhere");
    }

    [Fact]
    public async Task What_is_missing_is_named()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var api = await dashboard.WithTokenAsync(Roles.Operator);
        await api.ProblemAsync(HttpMethod.Post, "/api/v1/plans", new { sourceHost = "xen1", guest = "", targetHost = "" }, HttpStatusCode.BadRequest);
        await api.ProblemAsync(HttpMethod.Get, $"/api/v1/plans/{Guid.NewGuid()}", null, HttpStatusCode.NotFound);
        await api.ProblemAsync(HttpMethod.Post, $"/api/v1/plans/{Guid.NewGuid()}/preflight", null, HttpStatusCode.NotFound);
    }
}
