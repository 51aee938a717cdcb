using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Xen2Kvm.Domain.Cleanups;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Runs;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Hubs;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Web.Tests.Api;

public sealed class RunApiTests(Database database)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_is_started_listed_shown_stopped_and_resumed()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var api = await dashboard.WithTokenAsync(Roles.Operator);
        var id = await api.StartFilesAsync();
        (await api.GetFromJsonAsync<JsonNode>("/api/v1/runs", Token))!.AsArray().Single()!["state"]!.GetValue<string>().ShouldBe("Queued");
        var run = await api.GetFromJsonAsync<Run>($"/api/v1/runs/{id}", RunJson.Options, Token);
        run!.Steps.Select(step => step.Id).ShouldContain("copy");
        (await api.GetFromJsonAsync<JsonNode>($"/api/v1/runs/{id}", Token))!.AsObject().ContainsKey("projectedDowntime").ShouldBeTrue();
        run.StartedBy.ShouldBe("operator (token test Operator)");

        (await api.SendJsonAsync(HttpMethod.Post, $"/api/v1/runs/{id}/stop"))["intent"]!.GetValue<string>().ShouldBe("Stop");
        var again = await api.ProblemAsync(HttpMethod.Post, "/api/v1/runs", new { plan = run.PlanId }, HttpStatusCode.Conflict);
        again.ShouldContain("Another run of files");
        await api.ProblemAsync(HttpMethod.Post, $"/api/v1/runs/{Guid.NewGuid()}/stop", null, HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_question_that_is_not_open_cannot_be_answered()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var api = await dashboard.WithTokenAsync(Roles.Operator);
        var id = await api.StartFilesAsync();
        var problem = await api.ProblemAsync(
            HttpMethod.Post, $"/api/v1/runs/{id}/answer", new { question = "shutdown-timeout-1", value = "force" }, HttpStatusCode.Conflict);
        problem.ShouldContain("not open any more");
    }

    [Fact]
    public async Task The_log_comes_in_pages_and_can_be_waited_for()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var api = await dashboard.WithTokenAsync(Roles.Operator);
        var id = await api.StartFilesAsync();
        var store = dashboard.Get<IRunStore>();
        RunLogEntry Line(string text) => new(DateTimeOffset.UtcNow, "copy", RunLogLevel.Info, text);
        await store.AppendLogAsync(id, [Line("one"), Line("two"), Line("three")], Token);

        var first = await api.GetFromJsonAsync<JsonNode>($"/api/v1/runs/{id}/log?most=2", Token);
        first!["lines"]!.AsArray().Select(line => line!["text"]!.GetValue<string>()).ShouldBe(["one", "two"]);
        var next = first["next"]!.GetValue<long>();
        var rest = await api.GetFromJsonAsync<JsonNode>($"/api/v1/runs/{id}/log?after={next}", Token);
        rest!["lines"]!.AsArray().Single()!["text"]!.GetValue<string>().ShouldBe("three");

        // Waits for a line that is written by this or any other node meanwhile.
        var watch = Stopwatch.StartNew();
        var waiting = api.GetFromJsonAsync<JsonNode>($"/api/v1/runs/{id}/log?after={rest["next"]}&wait=25", Token);
        await store.AppendLogAsync(id, [Line("four")], Token);
        (await waiting)!["lines"]!.AsArray().Single()!["text"]!.GetValue<string>().ShouldBe("four");
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task The_log_is_read_and_searched_from_its_end()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var api = await dashboard.WithTokenAsync(Roles.Operator);
        var id = await api.StartFilesAsync();
        await dashboard.Get<IRunStore>().AppendLogAsync(
            id, [.. Enumerable.Range(1, 30).Select(number => new RunLogEntry(DateTimeOffset.UtcNow, "copy", number % 10 == 0 ? RunLogLevel.Warning : RunLogLevel.Info, $"Block {number}"))], Token);
        async Task<IEnumerable<string>> LinesAsync(string query) =>
            (await api.GetFromJsonAsync<JsonNode>($"/api/v1/runs/{id}/log?before=1000000&{query}", Token))!["lines"]!.AsArray().Select(line => line!["text"]!.GetValue<string>());
        (await LinesAsync("most=2")).ShouldBe(["Block 29", "Block 30"]);
        (await LinesAsync("q=bLOCK%202&most=3")).ShouldBe(["Block 27", "Block 28", "Block 29"]);
        (await LinesAsync("level=warning")).ShouldBe(["Block 10", "Block 20", "Block 30"]);
        (await LinesAsync("step=stop")).ShouldBeEmpty();
        (await api.GetAsync($"/api/v1/runs/{Guid.NewGuid()}/log?before=10", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task The_log_is_given_as_a_file_whole_or_what_passes_a_filter()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var api = await dashboard.WithTokenAsync(Roles.Operator);
        var id = await api.StartFilesAsync();
        await dashboard.Get<IRunStore>().AppendLogAsync(
            id, [.. Enumerable.Range(1, 5020).Select(number => new RunLogEntry(DateTimeOffset.UnixEpoch, "copy", number % 2500 == 0 ? RunLogLevel.Error : RunLogLevel.Debug, $"Block {number}"))], Token);
        using var whole = await api.GetAsync($"/api/v1/runs/{id}/log/text", Token);
        whole.Content.Headers.ContentType!.ToString().ShouldBe("text/plain; charset=utf-8");
        whole.Content.Headers.ContentDisposition!.FileName.ShouldBe($"files-{id:N}.log");
        var lines = (await whole.Content.ReadAsStringAsync(Token)).Split('\n');
        lines.Count(line => line.Contains(" Block ", StringComparison.Ordinal)).ShouldBe(5020);
        lines.ShouldContain("1970-01-01T00:00:00.000Z debug   copy      Block 5020");
        (await api.GetStringAsync($"/api/v1/runs/{id}/log/text?level=error&step=copy&q=bLOCK&times=false", Token)).ShouldBe("Block 2500\nBlock 5000\n");
        (await api.GetAsync($"/api/v1/runs/{id}/log/text?level=loud", Token)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await api.GetAsync($"/api/v1/runs/{Guid.NewGuid()}/log/text", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Samples_and_evidence_are_served_and_evidence_runs_nothing()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var api = await dashboard.WithTokenAsync(Roles.Operator);
        var id = await api.StartFilesAsync();
        var store = dashboard.Get<IRunStore>();
        await store.AppendSamplesAsync(id, [new RunSample(DateTimeOffset.UtcNow, 1, 2, 3, true)], Token);
        await store.SaveEvidenceAsync(id, new RunEvidence("console.txt", "text/plain", "login:"u8.ToArray(), DateTimeOffset.UtcNow), Token);
        await store.SaveEvidenceAsync(id, new RunEvidence("page.html", "text/html", "<script>"u8.ToArray(), DateTimeOffset.UtcNow), Token);

        (await api.GetFromJsonAsync<JsonNode>($"/api/v1/runs/{id}/samples", Token))!.AsArray().Single()!["reachable"]!.GetValue<bool>().ShouldBeTrue();
        (await api.GetFromJsonAsync<JsonNode>($"/api/v1/runs/{id}/evidence", Token))!.AsArray().Count.ShouldBe(2);
        using var text = await api.GetAsync($"/api/v1/runs/{id}/evidence/console.txt", Token);
        (await text.Content.ReadAsStringAsync(Token)).ShouldBe("login:");
        using var page = await api.GetAsync($"/api/v1/runs/{id}/evidence/page.html", Token);
        page.Content.Headers.ContentDisposition!.DispositionType.ShouldBe("attachment");
        page.Headers.GetValues("Content-Security-Policy").Single().ShouldContain("sandbox");
        await api.ProblemAsync(HttpMethod.Get, $"/api/v1/runs/{id}/evidence/..%2f..%2fetc%2fpasswd", null, HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task The_hub_says_which_run_changed_to_those_who_may_know()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var api = await dashboard.WithTokenAsync(Roles.Operator);
        var id = await api.StartFilesAsync();
        var (_, plain) = await dashboard.Get<IApiTokenStore>().CreateAsync("hub", "operator", Roles.Viewer, "all", null, null, Token);
        await using var hub = await HubClient.ConnectAsync(dashboard.Address, RunsHub.Path, plain, Token);
        await hub.InvokeAsync("Watch", Token, id);
        await dashboard.Get<IRunStore>().AppendLogAsync(id, [new RunLogEntry(DateTimeOffset.UtcNow, null, RunLogLevel.Info, "x")], Token);
        (await hub.MessageAsync(RunsHub.RunChanged, Token).WaitAsync(TimeSpan.FromSeconds(30), Token)).GetValue<Guid>().ShouldBe(id);

        await hub.InvokeAsync("WatchCleanups", Token);
        var cleanup = new Cleanup
        {
            Id = Guid.CreateVersion7(), CreatedAt = DateTimeOffset.UtcNow, ProposedBy = "olga", ProposedAt = DateTimeOffset.UtcNow, Guests = [], Items = [], Hold = TimeSpan.Zero,
        };
        (await dashboard.Get<ICleanupStore>().SaveAsync(cleanup, Token)).ShouldBe(CleanupSave.Saved);
        (await hub.MessageAsync(RunsHub.CleanupChanged, Token).WaitAsync(TimeSpan.FromSeconds(30), Token)).GetValue<Guid>().ShouldBe(cleanup.Id);

        await hub.InvokeAsync("WatchHosts", Token);
        var host = (await dashboard.Get<IHostStore>().ListAsync(Token))[0];
        await dashboard.Get<IHostStore>().SetSeenAsync(host.Id, DateTimeOffset.UtcNow, Token);
        (await hub.MessageAsync(RunsHub.HostChanged, Token).WaitAsync(TimeSpan.FromSeconds(30), Token)).GetValue<Guid>().ShouldBe(host.Id);
        await Should.ThrowAsync<WebSocketException>(() => HubClient.ConnectAsync(dashboard.Address, RunsHub.Path, null, Token));
    }
}
