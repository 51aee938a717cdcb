using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Web.Tests.Api;

public sealed class WaveApiTests(Database database)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_wave_is_drafted_submitted_by_one_person_and_approved_by_another()
    {
        await using var world = await WaveWorld.StartAsync(database, "db", "app");
        var draft = await world.DraftAsync(after: ("app", "db"));
        draft["state"]!.GetValue<string>().ShouldBe("Draft");
        var submitted = await world.ActAsync("submit");
        var print = submitted["fingerprint"]!.GetValue<string>();
        var path = $"/api/v1/waves/{world.Wave}/decision";
        (await world.Operator.PostAsJsonAsync(path, new { approve = true, fingerprint = print }, Token)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        await world.Approver.ProblemAsync(HttpMethod.Post, path, new { approve = true, fingerprint = "another" }, HttpStatusCode.Conflict);
        var approved = await world.Approver.SendJsonAsync(HttpMethod.Post, path, new { approve = true, fingerprint = print, reason = "fine" });
        approved["state"]!.GetValue<string>().ShouldBe("Approved");
        approved["decisions"]![0]!["by"]!.GetValue<string>().ShouldBe("approver");

        var dossier = await world.Operator.GetFromJsonAsync<JsonNode>($"/api/v1/waves/{world.Wave}/dossier", Token);
        dossier!["entries"]!.AsArray().Count.ShouldBe(2);
        var acts = (await world.Dashboard.Get<IAuditLog>().SearchAsync(new AuditQuery(), 10, Token)).Where(entry => entry.Subject.StartsWith("wave Friday", StringComparison.Ordinal)).Select(entry => entry.Action);
        acts.ShouldBe(["wave.approve", "wave.submit", "wave.create"]);
    }

    [Fact]
    public async Task Who_submitted_cannot_approve_even_with_the_role()
    {
        await using var world = await WaveWorld.StartAsync(database, "db");
        await world.DraftAsync();
        var submitted = await world.Approver.SendJsonAsync(HttpMethod.Post, $"/api/v1/waves/{world.Wave}/submit");
        (await world.Approver.ProblemAsync(HttpMethod.Post, $"/api/v1/waves/{world.Wave}/decision",
            new { approve = true, fingerprint = (string?)submitted["fingerprint"] }, HttpStatusCode.Conflict)).ShouldContain("another person");
    }

    [Fact]
    public async Task A_rejection_needs_a_reason_and_makes_a_draft_again()
    {
        await using var world = await WaveWorld.StartAsync(database, "db");
        await world.DraftAsync();
        var print = (string?)(await world.ActAsync("submit"))["fingerprint"];
        var path = $"/api/v1/waves/{world.Wave}/decision";
        await world.Approver.ProblemAsync(HttpMethod.Post, path, new { approve = false, fingerprint = print }, HttpStatusCode.Conflict);
        var rejected = await world.Approver.SendJsonAsync(HttpMethod.Post, path, new { approve = false, fingerprint = print, reason = "not on a Friday" });
        rejected["state"]!.GetValue<string>().ShouldBe("Draft");
        rejected["note"]!.GetValue<string>().ShouldContain("not on a Friday");
    }

    [Fact]
    public async Task An_approver_who_lost_the_role_neither_approves_nor_has_approved()
    {
        await using var world = await WaveWorld.StartAsync(database, "db");
        await world.DraftAsync();
        await world.ApproveAsync();
        await using (var scope = world.Dashboard.App.Services.CreateAsyncScope())
        {
            var users = scope.ServiceProvider.GetRequiredService<UserManager<AppUser>>();
            var approver = (await users.FindByNameAsync("approver"))!;
            await users.RemoveFromRoleAsync(approver, Roles.Approver);
            await users.AddToRoleAsync(approver, Roles.Viewer);
        }

        (await world.Operator.ProblemAsync(HttpMethod.Post, $"/api/v1/waves/{world.Wave}/start", null, HttpStatusCode.Conflict))
            .ShouldContain("may not approve it any more. This needs the role Approver on xen1 (no group), kvm1 (no group).");
        using var again = await world.Approver.PostAsJsonAsync($"/api/v1/waves/{world.Wave}/decision", new { approve = true, fingerprint = "x" }, Token);
        again.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Two_people_who_change_one_draft_do_not_overwrite_each_other()
    {
        await using var world = await WaveWorld.StartAsync(database, "db", "app");
        await world.DraftAsync();
        var path = $"/api/v1/waves/{world.Wave}";
        var plans = world.Plans.Values.Select(plan => new { plan }).ToList();
        await world.Operator.SendJsonAsync(HttpMethod.Put, path, new { name = "Monday", plans, version = 1 });
        (await world.Approver.ProblemAsync(HttpMethod.Put, path, new { name = "Tuesday", plans, version = 1 }, HttpStatusCode.Conflict)).ShouldContain("changed by someone else");
        (await world.NowAsync()).Name.ShouldBe("Monday");
    }

    [Fact]
    public async Task Cycles_a_guest_in_two_waves_and_a_plan_started_on_its_own_are_refused_in_words()
    {
        await using var world = await WaveWorld.StartAsync(database, "db", "app");
        (await world.Operator.ProblemAsync(HttpMethod.Post, "/api/v1/waves", world.Request("Loop", after: [("app", "db"), ("db", "app")]), HttpStatusCode.Conflict))
            .ShouldContain("wait for each other");
        await world.DraftAsync();
        (await world.Operator.ProblemAsync(HttpMethod.Post, "/api/v1/waves", world.Request("Second"), HttpStatusCode.Conflict)).ShouldContain("db is in the wave Friday already");
        (await world.Operator.ProblemAsync(HttpMethod.Post, "/api/v1/waves", new { name = "Friday", plans = Array.Empty<object>() }, HttpStatusCode.Conflict)).ShouldContain("Another wave is called Friday");
        (await world.Operator.ProblemAsync(HttpMethod.Post, "/api/v1/runs", new { plan = world.Plans["db"] }, HttpStatusCode.Conflict)).ShouldContain("is in the wave Friday");
        await world.ActAsync("cancel");
        await world.Operator.SendJsonAsync(HttpMethod.Post, "/api/v1/runs", new { plan = world.Plans["db"] });
    }

    [Fact]
    public async Task A_wave_whose_plans_could_not_start_is_not_submitted()
    {
        await using var world = await WaveWorld.StartAsync(database, "db");
        await world.DraftAsync();
        world.Dashboard.Hosts.Break("the key is refused");
        (await world.Operator.ProblemAsync(HttpMethod.Post, $"/api/v1/waves/{world.Wave}/submit", null, HttpStatusCode.Conflict)).ShouldContain("cannot be inventoried");
        (await world.NowAsync()).State.ShouldBe(WaveState.Draft);
    }

    [Fact]
    public async Task A_hostile_name_comes_back_as_text()
    {
        await using var world = await WaveWorld.StartAsync(database, "db");
        var wave = await world.Operator.SendJsonAsync(HttpMethod.Post, "/api/v1/waves", world.Request("<img src=x onerror=alert(1)>"));
        wave["name"]!.GetValue<string>().ShouldBe("<img src=x onerror=alert(1)>");
        await world.Operator.ProblemAsync(HttpMethod.Post, "/api/v1/waves", new { name = "a\u0001b", plans = Array.Empty<object>() }, HttpStatusCode.Conflict);
    }
}
