using System.Net;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Tests.Auth;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Web.Tests.Api;

/// <summary>Tries every act that is asked for where it takes place, on real hosts, plans, runs and waves, as everyone who has a role somewhere.</summary>
public sealed class PlaceAccessTests(Database database)
{
    private const string OnHosts = "host hosts plan run wave";
    private const string OnWave = "plan run wave";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_act_is_done_by_those_who_have_its_role_there_and_by_nobody_else()
    {
        await using var world = await StartAsync();
        using var admin = await world.Dashboard.WithTokenAsync(Roles.Admin);
        var oslo = await admin.GroupAsync("oslo");
        var paris = await admin.GroupAsync("paris", "xen1", "kvm1");
        var other = (await world.Operator.SendJsonAsync(HttpMethod.Post, "/api/v1/waves", new { name = "Other", plans = Array.Empty<object>() }))["id"]!.GetValue<Guid>();
        var (run, acts) = await ActsAsync(world);
        acts.Keys.Order().ShouldBe(AccessMatrix.Lines.Where(line => line.Value.Where is not null).Select(line => line.Key).Order(), "every such line is tried");

        await world.Dashboard.UserAsync("viewer", Roles.Viewer);
        await world.Dashboard.GrantAsync(admin, "olga-oslo", Roles.Operator, "oslo");
        await world.Dashboard.GrantAsync(admin, "petra-oslo", Roles.Approver, "oslo");
        await world.Dashboard.GrantAsync(admin, "olga-other", Roles.Operator, wave: other);
        await world.Dashboard.GrantAsync(admin, "petra-other", Roles.Approver, wave: other);
        var before = await LastActAsync(world);
        foreach (var name in new[] { "viewer", "olga-oslo", "petra-oslo", "olga-other", "petra-other" })
        {
            using var client = await world.Dashboard.ClientAsync(name);
            await TryAsync(client, name, acts, "", Roles.Viewer);
        }

        using (var limited = await world.Dashboard.ClientAsync("operator", oslo))
        {
            await TryAsync(limited, "a global operator's token for oslo", acts, "", Roles.Viewer);
        }

        (await LastActAsync(world)).ShouldBe(before, "nothing was done");
        (await world.Dashboard.Get<IRunStore>().FindAsync(run, Token))!.Intent.ShouldBe(Domain.Runs.RunIntent.Forward);

        await world.Dashboard.GrantAsync(admin, "olga-paris", Roles.Operator, "paris");
        await world.Dashboard.GrantAsync(admin, "petra-paris", Roles.Approver, "paris");
        await world.Dashboard.GrantAsync(admin, "olga-wave", Roles.Operator, wave: world.Wave);
        await world.Dashboard.GrantAsync(admin, "petra-wave", Roles.Approver, wave: world.Wave);
        await world.Dashboard.UserAsync("admin", Roles.Admin);
        foreach (var (name, where, role, limit) in new[]
        {
            ("olga-paris", OnHosts, Roles.Operator, Array.Empty<Guid>()), ("petra-paris", OnHosts, Roles.Approver, []), ("olga-wave", OnWave, Roles.Operator, []),
            ("petra-wave", OnWave, Roles.Approver, []), ("operator", OnHosts, Roles.Operator, []), ("operator", OnHosts, Roles.Operator, [paris]),
            ("approver", OnHosts, Roles.Approver, []), ("approver", OnHosts, Roles.Approver, [oslo, paris]), ("admin", OnHosts, Roles.Admin, []),
            ("admin", OnHosts, Roles.Approver, [paris]),
        })
        {
            using var client = await world.Dashboard.ClientAsync(name, limit);
            await TryAsync(client, $"{name}, limited to {limit.Length} groups", acts, where, role);
        }
    }

    [Theory]
    [InlineData(Roles.Operator)]
    [InlineData(Roles.Approver)]
    public async Task A_role_in_some_place_opens_nothing_that_belongs_to_the_whole_installation(string role)
    {
        await using var world = await StartAsync();
        using var admin = await world.Dashboard.WithTokenAsync(Roles.Admin);
        await admin.GroupAsync("paris", "xen1", "kvm1");
        await world.Dashboard.GrantAsync(admin, "olga", role, "paris");
        var olga = new Browser(world.Dashboard);
        (await olga.SignInAsync("olga")).ShouldBe("/");
        foreach (var (key, path) in AccessMatrixTests.Endpoints(world.Dashboard).Where(endpoint => AccessMatrix.Lines[endpoint.Key].Where is null))
        {
            (await AccessMatrixTests.IsLetInAsync(olga.Client, key, path)).ShouldBe(AccessMatrix.Lines[key].LeastRole is AccessMatrix.Open or Roles.Viewer, key);
        }

        using var client = await world.Dashboard.ClientAsync("olga");
        (await client.ProblemAsync(HttpMethod.Post, "/api/v1/hosts", Requests.Host("xen2", "Xen"), HttpStatusCode.Forbidden)).ShouldContain("has the role Viewer");
    }

    [Fact]
    public async Task What_touches_hosts_of_two_groups_needs_the_role_on_both_and_the_refusal_names_the_host()
    {
        await using var world = await StartAsync();
        using var admin = await world.Dashboard.WithTokenAsync(Roles.Admin);
        await admin.GroupAsync("paris", "xen1");
        await world.Dashboard.GrantAsync(admin, "olga", Roles.Operator, "paris");
        using var olga = await world.Dashboard.ClientAsync("olga");
        var plan = new { sourceHost = "xen1", guest = "web", targetHost = "kvm1" };
        (await olga.ProblemAsync(HttpMethod.Post, "/api/v1/plans", plan, HttpStatusCode.Forbidden)).ShouldContain("This needs the role Operator on kvm1 (no group)");
        await admin.GroupAsync("oslo <b>2</b>", "kvm1");
        (await olga.ProblemAsync(HttpMethod.Post, "/api/v1/runs", new { plan = world.Plans["web"] }, HttpStatusCode.Forbidden)).ShouldContain("on kvm1 (group oslo");
        await world.Dashboard.GrantAsync(admin, "olga", Roles.Operator, "oslo <b>2</b>");
        await olga.SendJsonAsync(HttpMethod.Post, "/api/v1/plans", plan);
        await olga.SendJsonAsync(HttpMethod.Post, "/api/v1/hosts/xen1/refresh");
        await olga.ProblemAsync(HttpMethod.Delete, "/api/v1/hosts/xen1", null, HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task A_role_on_a_wave_does_not_reach_guests_that_its_holder_puts_into_it()
    {
        await using var world = await StartAsync();
        using var admin = await world.Dashboard.WithTokenAsync(Roles.Admin);
        var wave = await world.Operator.SendJsonAsync(
            HttpMethod.Post, "/api/v1/waves", new { name = "Small", plans = new[] { new { plan = world.Plans["db"] } } });
        var path = $"/api/v1/waves/{wave["id"]}";
        await world.Dashboard.GrantAsync(admin, "olga", Roles.Operator, wave: wave["id"]!.GetValue<Guid>());
        using var olga = await world.Dashboard.ClientAsync("olga");
        await olga.SendJsonAsync(HttpMethod.Put, path, new { name = "Smaller", plans = new[] { new { plan = world.Plans["db"] } } });
        (await olga.ProblemAsync(HttpMethod.Put, path, new { name = "Large", plans = world.Plans.Values.Select(plan => new { plan }) }, HttpStatusCode.Forbidden))
            .ShouldContain("This needs the role Operator on xen1 (no group), kvm1 (no group)");
        (await world.Dashboard.Get<IWaveStore>().FindAsync(wave["id"]!.GetValue<Guid>(), Token))!.Entries.ShouldHaveSingleItem();
        await olga.ProblemAsync(HttpMethod.Post, "/api/v1/runs", new { plan = world.Plans["web"] }, HttpStatusCode.Forbidden);
        await olga.SendJsonAsync(HttpMethod.Post, path + "/cancel");
        await olga.ProblemAsync(HttpMethod.Post, $"/api/v1/plans/{world.Plans["db"]}/preflight", null, HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task A_role_that_ends_while_a_run_goes_on_stops_the_person_and_not_the_run()
    {
        await using var world = await StartAsync();
        using var admin = await world.Dashboard.WithTokenAsync(Roles.Admin);
        await admin.GroupAsync("paris", "xen1", "kvm1");
        await world.Dashboard.GrantAsync(admin, "olga", Roles.Operator, "paris");
        using var olga = await world.Dashboard.ClientAsync("olga");
        var run = await olga.SendJsonAsync(HttpMethod.Post, "/api/v1/runs", new { plan = world.Plans["web"] });
        await world.Dashboard.GrantAsync(admin, "olga", null, "paris");
        await olga.ProblemAsync(HttpMethod.Post, $"/api/v1/runs/{run["id"]}/rollback", null, HttpStatusCode.Forbidden);
        var now = (await world.Dashboard.Get<IRunStore>().FindAsync(run["id"]!.GetValue<Guid>(), Token))!;
        (now.State, now.Intent, now.StartedBy).ShouldBe((Domain.Runs.RunState.Queued, Domain.Runs.RunIntent.Forward, "olga (token of olga)"));
    }

    private async Task<WaveWorld> StartAsync() => await WaveWorld.StartAsync(database, "db", "web");

    // What each act needs to find its object; whether it goes well is not asked here.
    private static async Task<(Guid Run, IReadOnlyDictionary<string, (string Path, object? Body)> Acts)> ActsAsync(WaveWorld world)
    {
        var (plan, web) = (world.Plans["db"], world.Plans["web"]);
        world.Plans.Remove("web");
        await world.DraftAsync();
        await world.ApproveAsync();
        await world.ActAsync("start");
        await world.LookAsync();
        var run = (await world.Dashboard.Get<IRunStore>().ListAsync(1, Token)).Single().Id;
        var (planning, sheet) = (new { sourceHost = "xen1", guest = "web", targetHost = "kvm1" },
            new { name = "Sheet", rows = new[] { new { sourceHost = "xen1", guest = "web", targetHost = "kvm1" } } });
        var (r, w, p) = ($"/api/v1/runs/{run}", $"/api/v1/waves/{world.Wave}", $"/api/v1/plans/{plan}");
        var acts = new (string Key, string Path, object? Body)[]
        {
            ("POST /api/v1/hosts/{host}/test", "/api/v1/hosts/xen1/test", null), ("POST /api/v1/hosts/{host}/refresh", "/api/v1/hosts/kvm1/refresh", null),
            ("POST /api/v1/plans/propose", "/api/v1/plans/propose", planning), ("POST /api/v1/plans/", "/api/v1/plans", planning),
            ("POST /api/v1/plans/{id:guid}/preflight", p + "/preflight", null), ("POST /api/v1/plans/{id:guid}/acknowledge", p + "/acknowledge", new { concerns = new[] { "X03:vif0" } }),
            ("POST /api/v1/waves/propose", "/api/v1/waves/propose", sheet), ("PUT /api/v1/waves/{id:guid}/limits", w + "/limits", new { maxConcurrent = 3, maxPerSourceHost = 3, maxPerTargetHost = 3 }),
            ("POST /api/v1/waves/{id:guid}/hold", w + "/hold", new { plan, hold = false }), ("POST /api/v1/waves/{id:guid}/retry", w + "/retry", new { plan }),
            ("POST /api/v1/waves/{id:guid}/decision", w + "/decision", new { approve = true, fingerprint = "x" }), ("POST /api/v1/waves/{id:guid}/submit", w + "/submit", null),
            ("POST /api/v1/waves/{id:guid}/put-off", w + "/put-off", new { until = DateTimeOffset.UtcNow.AddHours(1) }), ("POST /api/v1/waves/{id:guid}/rehearse", w + "/rehearse", null),
            ("POST /api/v1/plans/{id:guid}/rehearse", p + "/rehearse", null),
            ("POST /api/v1/waves/{id:guid}/start", w + "/start", null), ("POST /api/v1/waves/{id:guid}/pause", w + "/pause", null), ("POST /api/v1/waves/{id:guid}/cancel", w + "/cancel", null),
            ("PUT /api/v1/waves/{id:guid}", w, new { name = "Friday", plans = new[] { new { plan } } }), ("POST /api/v1/waves/{id:guid}/withdraw", w + "/withdraw", null),
            ("POST /api/v1/runs/{id:guid}/answer", r + "/answer", new { question = "q", value = "v" }), ("POST /api/v1/runs/{id:guid}/stop", r + "/stop", null),
            ("POST /api/v1/runs/{id:guid}/resume", r + "/resume", null), ("POST /api/v1/runs/{id:guid}/rollback", r + "/rollback", null),
            ("POST /api/v1/waves/import", "/api/v1/waves/import", sheet), ("POST /api/v1/waves/", "/api/v1/waves", new { name = "Sunday", plans = new[] { new { plan = web } } }),
            ("POST /api/v1/runs/", "/api/v1/runs", new { plan = web }),
        };
        return (run, acts.ToDictionary(act => act.Key, act => (act.Path, act.Body)));
    }

    private static async Task TryAsync(HttpClient client, string who, IReadOnlyDictionary<string, (string Path, object? Body)> acts, string where, string role)
    {
        foreach (var (key, (path, body)) in acts)
        {
            var line = AccessMatrix.Lines[key];
            var expected = where.Split(' ').Contains(line.Where) && Roles.AtLeast(line.LeastRole).Contains(role);
            (await AccessMatrixTests.IsLetInAsync(client, key, path, body)).ShouldBe(expected, $"{key} as {who}");
        }
    }

    private static async Task<long> LastActAsync(WaveWorld world) => (await world.Dashboard.Get<IAuditLog>().SearchAsync(new AuditQuery(), 1, Token)).Single().Id;
}
