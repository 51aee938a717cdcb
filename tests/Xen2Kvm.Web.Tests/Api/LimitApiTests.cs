using System.Net;
using Xen2Kvm.Domain.Limits;
using Xen2Kvm.Engine.Limits;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Waves;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Web.Tests.Api;

public sealed class LimitApiTests(Database database)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_admin_adds_changes_and_removes_limits_and_the_log_says_so()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var admin = await dashboard.WithTokenAsync(Roles.Admin);
        await admin.PlanFilesAsync();
        (await admin.SendJsonAsync(HttpMethod.Get, "/api/v1/limits"))["rules"]!.AsArray().ShouldBeEmpty();
        var added = await admin.SendJsonAsync(HttpMethod.Post, "/api/v1/limits", new
        {
            kind = "BytesPerSecond", value = 40_000_000, scope = new { host = "kvm1" }, days = new[] { "Monday", "Monday" }, from = "08:00:00", to = "18:00:00", zone = "Europe/Berlin",
        });
        var id = added["id"]!.GetValue<Guid>();
        added["days"]!.AsArray().Count.ShouldBe(1);
        await admin.SendJsonAsync(HttpMethod.Put, $"/api/v1/limits/{id}", new { kind = "Runs", value = 1, scope = new { host = "kvm1", pool = "default" } });
        var now = await admin.SendJsonAsync(HttpMethod.Get, "/api/v1/limits");
        now["rules"]![0]!["value"]!.GetValue<long>().ShouldBe(1);
        now["now"]![0]!["scope"]!["pool"]!.GetValue<string>().ShouldBe("default");
        using var removed = await admin.DeleteAsync(new Uri($"/api/v1/limits/{id}", UriKind.Relative), Token);
        removed.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await admin.ProblemAsync(HttpMethod.Delete, $"/api/v1/limits/{id}", null, HttpStatusCode.Conflict)).ShouldContain("This limit is gone");
        var acts = await dashboard.Get<IAuditLog>().SearchAsync(new AuditQuery { Text = "kvm1" }, 50, Token);
        acts.Where(act => act.Action.StartsWith("limit.", StringComparison.Ordinal)).Select(act => $"{act.Action} {act.Subject} {act.Detail}".Trim()).ShouldBe(
        [
            "limit.remove pool default of kvm1: 1 run at once, always",
            "limit.change pool default of kvm1: 1 run at once, always before: kvm1: 40 MB/s, Mon 08:00–18:00 (Europe/Berlin)",
            "limit.add kvm1: 40 MB/s, Mon 08:00–18:00 (Europe/Berlin)",
        ]);
    }

    [Theory]
    [InlineData("""{"kind":"BytesPerSecond","value":0}""", "0.1 MB/s or more")]
    [InlineData("""{"kind":"Runs","value":1,"scope":{"host":"-rf"}}""", "There is no host -rf.")]
    [InlineData("""{"kind":"Runs","value":1,"scope":{"host":"kvm1","pool":"nvme"}}""", "kvm1 has no pool nvme; it has default.")]
    [InlineData("""{"kind":"Runs","value":1,"days":["Friday"],"zone":"<b>"}""", "<b> is no time zone known here")]
    [InlineData("""{"kind":"Runs","value":1,"from":"08:00:00"}""", "both from and to")]
    public async Task What_makes_no_sense_is_refused_with_a_reason_and_nothing_is_stored(string body, string reason)
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var admin = await dashboard.WithTokenAsync(Roles.Admin);
        await admin.PlanFilesAsync();
        var problem = await admin.ProblemAsync(HttpMethod.Post, "/api/v1/limits", System.Text.Json.Nodes.JsonNode.Parse(body), HttpStatusCode.Conflict);
        System.Text.Json.Nodes.JsonNode.Parse(problem)!["detail"]!.GetValue<string>().ShouldContain(reason);
        (await admin.ProblemAsync(HttpMethod.Post, "/api/v1/limits", new { }, HttpStatusCode.BadRequest)).ShouldContain("The JSON body is wrong");
        (await dashboard.Get<ILimitStore>().ListAsync(Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_wave_starts_no_more_than_the_limits_allow_says_why_and_goes_on_when_one_is_widened()
    {
        await using var world = await WaveWorld.StartAsync(database, "db", "app", "web");
        var limits = world.Dashboard.Get<LimitService>();
        var rule = await limits.AddAsync(new LimitDraft(LimitKind.Runs, 1, new LimitScope("kvm1", "default")), "anna", Token);
        await world.DraftAsync(new { maxConcurrent = 9, maxPerSourceHost = 9, maxPerTargetHost = 9 });
        await world.ApproveAsync();
        await world.ActAsync("start");
        await world.LookAsync();
        await world.LookAsync();
        (await world.StatesAsync()).ShouldBe(["db: Running", "app: Waiting", "web: Waiting"]);
        var view = await world.Dashboard.Get<WaveService>().LookAsync(await world.NowAsync(), Token);
        view.Entries[1].Reason.ShouldBe("waits: pool default of kvm1 has 1 of 1");
        await limits.ChangeAsync(rule.Id, new LimitDraft(LimitKind.Runs, 2, new LimitScope("kvm1")), "anna", Token);
        await world.LookAsync();
        (await world.StatesAsync()).ShouldBe(["db: Running", "app: Running", "web: Waiting"]);
    }

    [Fact]
    public async Task Of_two_who_change_one_limit_the_second_is_told_and_overwrites_nothing()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var limits = dashboard.Get<LimitService>();
        var seen = await limits.AddAsync(new LimitDraft(LimitKind.Runs, 4), "anna", Token);
        await limits.ChangeAsync(seen.Id, new LimitDraft(LimitKind.Runs, 3, Version: seen.Version), "bob", Token);
        using var admin = await dashboard.WithTokenAsync(Roles.Admin);
        (await admin.ProblemAsync(HttpMethod.Put, $"/api/v1/limits/{seen.Id}", new { kind = "Runs", value = 9, version = seen.Version }, HttpStatusCode.Conflict))
            .ShouldContain("Somebody changed this limit meanwhile. It is now everywhere: 3 runs at once, always.");
        (await limits.ReadAsync(Token)).Rules.Single().Value.ShouldBe(3);
        await admin.SendJsonAsync(HttpMethod.Put, $"/api/v1/limits/{seen.Id}", new { kind = "Runs", value = 9 });
        (await limits.ReadAsync(Token)).Rules.Single().Value.ShouldBe(9);
    }

    [Fact]
    public async Task A_run_that_was_asked_for_waits_above_the_limit_and_begins_when_it_is_lifted()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var operate = await dashboard.WithTokenAsync(Roles.Operator);
        var limits = dashboard.Get<LimitService>();
        (await limits.GateAsync(Token)).ShouldBeNull("nothing is limited");
        var rule = await limits.AddAsync(new LimitDraft(LimitKind.Runs, 0), "anna", Token);
        var run = await operate.StartFilesAsync();
        var runs = dashboard.Get<IRunStore>();
        (await runs.ClaimNextAsync("a", TimeSpan.FromMinutes(1), (await limits.GateAsync(Token))!, Token)).ShouldBeNull();
        (await limits.LookAsync(await runs.ListInFlightAsync(Token), [], Token)).Waiting[run].ShouldBe("no run may start anywhere");
        (await operate.SendJsonAsync(HttpMethod.Get, $"/api/v1/runs/{run}"))["waitsFor"]!.GetValue<string>().ShouldBe("no run may start anywhere");
        await limits.ChangeAsync(rule.Id, new LimitDraft(LimitKind.Runs, 1), "anna", Token);
        (await runs.ClaimNextAsync("a", TimeSpan.FromMinutes(1), (await limits.GateAsync(Token))!, Token))!.Value.Run.Id.ShouldBe(run);
        (await limits.UseAsync(Token)).Now.Single().ShouldBe(new LimitUse(LimitScope.Everywhere, LimitKind.Runs, 1, 1, null));
    }
}
