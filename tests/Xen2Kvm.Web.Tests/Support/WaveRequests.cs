using System.Text.Json.Nodes;
using Npgsql;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Waves;
using Xen2Kvm.Web.Auth;

namespace Xen2Kvm.Web.Tests.Support;

/// <summary>Waves of scripted guests: what people ask for, and what happens to their runs.</summary>
internal sealed class WaveWorld : IAsyncDisposable
{
    private WaveWorld(Dashboard dashboard, HttpClient operate, HttpClient approve) => (Dashboard, Operator, Approver) = (dashboard, operate, approve);

    public Dashboard Dashboard { get; }

    /// <summary>Submits.</summary>
    public HttpClient Operator { get; }

    /// <summary>Another person, who approves.</summary>
    public HttpClient Approver { get; }

    public Dictionary<string, Guid> Plans { get; } = [];

    public Guid Wave { get; private set; }

    /// <summary>Two hosts, and a plan for each guest.</summary>
    public static Task<WaveWorld> StartAsync(Database database, params string[] guests) => StartAsync(database, [], guests);

    /// <summary>The same with settings of the dashboard.</summary>
    public static async Task<WaveWorld> StartAsync(Database database, (string Key, string Value)[] settings, params string[] guests)
    {
        var dashboard = await Dashboard.StartAsync(database, settings);
        dashboard.Hosts.Show([.. guests.Select(guest => Guest(guest))]);
        var world = new WaveWorld(dashboard, await dashboard.WithTokenAsync(Roles.Operator), await dashboard.WithTokenAsync(Roles.Approver));
        foreach (var (name, kind) in new[] { ("xen1", "Xen"), ("kvm1", "Kvm") })
        {
            await world.Operator.AddHostAsync(name, kind);
            await world.Operator.SendJsonAsync(HttpMethod.Post, $"/api/v1/hosts/{name}/refresh");
        }

        foreach (var guest in guests)
        {
            var plan = await world.Operator.SendJsonAsync(HttpMethod.Post, "/api/v1/plans", new { sourceHost = "xen1", guest, targetHost = "kvm1" });
            world.Plans[guest] = plan["id"]!.GetValue<Guid>();
        }

        return world;
    }

    /// <summary>A guest with disks of its own.</summary>
    public static Domain.Inventory.Guest Guest(string name) => FakeHosts.Files(name) with
    {
        Uuid = null,
        Disks = [.. FakeHosts.Files().Disks.Select(disk => disk with { Path = $"/dev/vg0/{name}-{disk.Vdev}" })],
    };

    /// <summary>A draft of all plans in order; <paramref name="after"/> says which waits for which.</summary>
    public async Task<JsonNode> DraftAsync(object? policy = null, object? calendar = null, params (string Guest, string After)[] after)
    {
        var wave = await Operator.SendJsonAsync(HttpMethod.Post, "/api/v1/waves", Request("Friday", policy, calendar, after));
        Wave = wave["id"]!.GetValue<Guid>();
        return wave;
    }

    public object Request(string name, object? policy = null, object? calendar = null, params (string Guest, string After)[] after) => new
    {
        name, policy, calendar,
        plans = Plans.Select(plan => new { plan = plan.Value, dependsOn = after.Where(pair => pair.Guest == plan.Key).Select(pair => Plans[pair.After]) }),
    };

    /// <summary>Submits and approves.</summary>
    public async Task ApproveAsync()
    {
        var submitted = await ActAsync("submit");
        (await Approver.SendJsonAsync(HttpMethod.Post, $"/api/v1/waves/{Wave}/decision", new { approve = true, fingerprint = (string?)submitted["fingerprint"] }))["state"]!
            .GetValue<string>().ShouldBe("Approved");
    }

    public Task<JsonNode> ActAsync(string act, object? body = null) => Operator.SendJsonAsync(HttpMethod.Post, $"/api/v1/waves/{Wave}/{act}", body);

    /// <summary>Has the waves looked at once.</summary>
    public Task LookAsync() => Dashboard.Get<WaveDispatcher>().LookAsync(TestContext.Current.CancellationToken);

    public async Task<Wave> NowAsync() => (await Dashboard.Get<WaveService>().FindAsync(Wave, TestContext.Current.CancellationToken))!;

    /// <summary>Where each plan stands, as <c>guest: State</c>.</summary>
    public async Task<IReadOnlyList<string>> StatesAsync()
    {
        var view = await Dashboard.Get<WaveService>().LookAsync(await NowAsync(), TestContext.Current.CancellationToken);
        return [.. view.Entries.Select(status => $"{status.Entry.GuestName}: {status.State}")];
    }

    /// <summary>What the workers would have made of a guest's run.</summary>
    public async Task RunIsAsync(string guest, string state, string rest = "")
    {
        await using var command = Dashboard.Get<NpgsqlDataSource>().CreateCommand($"UPDATE runs SET state = '{state}'{rest} WHERE guest_name = '{guest}'");
        (await command.ExecuteNonQueryAsync()).ShouldBe(1);
    }

    public async ValueTask DisposeAsync()
    {
        Operator.Dispose();
        Approver.Dispose();
        await Dashboard.DisposeAsync();
    }
}
