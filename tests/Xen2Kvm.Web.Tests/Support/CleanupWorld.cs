using System.Text.Json.Nodes;
using NSubstitute;
using Xen2Kvm.Domain.Cleanups;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Cleanups;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Auth;

namespace Xen2Kvm.Web.Tests.Support;

/// <summary>Guests that were moved and proven, with what they left on a scripted Xen host.</summary>
internal sealed class CleanupWorld : IAsyncDisposable
{
    private readonly WaveWorld _world;

    private CleanupWorld(WaveWorld world) => _world = world;

    public Dashboard Dashboard => _world.Dashboard;

    public FakeHosts Hosts => Dashboard.Hosts;

    /// <summary>Proposes.</summary>
    public HttpClient Operator => _world.Operator;

    /// <summary>Another person, who approves.</summary>
    public HttpClient Approver => _world.Approver;

    public Dictionary<string, Guid> Runs { get; } = [];

    public Guid Id { get; private set; }

    public static Task<CleanupWorld> StartAsync(Database database, params string[] guests) => StartAsync(database, TimeSpan.Zero, guests);

    public static async Task<CleanupWorld> StartAsync(Database database, TimeSpan hold, params string[] guests)
    {
        var world = new CleanupWorld(await WaveWorld.StartAsync(database, [("Cleanup:HoldPeriod", hold.ToString())], guests));
        foreach (var guest in guests)
        {
            await world.MoveAsync(guest);
        }

        world.Hosts.Show([.. guests.Select(guest => WaveWorld.Guest(guest) with { Power = PowerState.Off, IsLocked = true })]);
        return world;
    }

    public static string Volume(string guest) => $"/dev/vg0/{guest}-xvda1";

    public static string Config(string guest) => $"/etc/xen/{guest}.cfg.locked-by-xen2kvm";

    public static string Lock(string guest) => $"/locks/{guest}.json";

    /// <summary>Operator proposes, approver approves.</summary>
    public async Task ApproveAsync(params string[] guests)
    {
        var proposed = await ProposeAsync(guests);
        (await Approver.SendJsonAsync(HttpMethod.Post, $"/api/v1/cleanups/{Id}/decision", new { approve = true, fingerprint = (string?)proposed["fingerprint"] }))
            ["cleanup"]!["state"]!.GetValue<string>().ShouldBe("Approved");
    }

    public async Task<JsonNode> ProposeAsync(params string[] guests)
    {
        var proposed = await Operator.SendJsonAsync(HttpMethod.Post, "/api/v1/cleanups", Request(guests));
        Id = proposed["id"]!.GetValue<Guid>();
        return proposed;
    }

    public static object Request(params string[] guests) => new { guests = guests.Select(guest => new { host = "xen1", guest }) };

    public Task<JsonNode> DeleteAsync(params string[] confirm) => Operator.SendJsonAsync(HttpMethod.Post, $"/api/v1/cleanups/{Id}/run", new { delete = true, confirm });

    /// <summary>What the worker does.</summary>
    public Task CarryOutAsync() => Dashboard.Get<CleanupExecutor>().CarryOutAsync(TestContext.Current.CancellationToken);

    public async Task<Cleanup> NowAsync() => (await Dashboard.Get<ICleanupStore>().FindAsync(Id, TestContext.Current.CancellationToken))!;

    public async Task<IReadOnlyList<string>> ActsAsync() =>
        [.. (await Dashboard.Get<IAuditLog>().SearchAsync(new AuditQuery(), 100, TestContext.Current.CancellationToken)).Where(entry => entry.Action.StartsWith("cleanup.", StringComparison.Ordinal)).Select(entry => entry.Action).Reverse()];

    public async ValueTask DisposeAsync() => await _world.DisposeAsync();

    // As a worker would have brought it to its end.
    private async Task MoveAsync(string guest)
    {
        var token = TestContext.Current.CancellationToken;
        var id = (await Operator.SendJsonAsync(HttpMethod.Post, "/api/v1/runs", new { plan = _world.Plans[guest] }))["id"]!.GetValue<Guid>();
        var runs = Dashboard.Get<IRunStore>();
        var (run, claim) = (await runs.ClaimNextAsync("test", TimeSpan.FromMinutes(1), token)).ShouldNotBeNull();
        run.Id.ShouldBe(id);
        var disks = WaveWorld.Guest(guest).Disks;
        var marks = string.Join(',', disks.Select(disk => $$"""{"path":"{{disk.Path}}","value":"block 4096","sizeBytes":{{disk.SizeBytes}}}"""));
        var now = DateTimeOffset.UtcNow;
        await runs.SaveAsync(claim, run with
        {
            State = RunState.Succeeded,
            FinishedAt = now,
            Steps = [.. run.Steps.Select(step => step with
            {
                State = StepState.Done, FinishedAt = now, Output = step.Id == "stop" ? $$"""{"lock":{"guest":"x","runId":"{{id}}"},"marks":[{{marks}}]}""" : "{}",
            })],
        }, [], token);
        await runs.ReleaseAsync(claim, token);
        Runs[guest] = id;
        Hosts.Xen.GetStateAsync(guest, Arg.Any<CancellationToken>()).Returns(new DomainState(PowerState.Off, null));
        Hosts.Xen.GetLockAsync(guest, Arg.Any<CancellationToken>()).Returns(_ => Hosts.Remains.There.ContainsKey(Lock(guest))
            ? new SourceLock(guest, id, $"/etc/xen/{guest}.cfg", Config(guest), null, null) : null);
        Hosts.Xen.MarkDisksAsync(Arg.Any<IReadOnlyList<string>>(), Arg.Any<CancellationToken>()).Returns(call => Marks(call.Arg<IReadOnlyList<string>>()));
        Hosts.Kvm.GetStateAsync(guest, Arg.Any<CancellationToken>()).Returns(PowerState.Running);
        Hosts.Kvm.GetOwnerAsync(guest, Arg.Any<CancellationToken>()).Returns(id);
        foreach (var disk in disks)
        {
            Hosts.Remains.There[disk.Path!] = new($"volume u-{disk.Path}, {disk.SizeBytes} bytes", disk.SizeBytes!.Value, null, $"lvremove -q -y {disk.Path}");
        }

        Hosts.Remains.There[Config(guest)] = new("sha256 00", 100, null, $"rm -f -- {Config(guest)}");
        Hosts.Remains.There[Lock(guest)] = new("sha256 11", 100, null, $"rm -f -- {Lock(guest)}");
    }

    /// <summary>Sectors written to each disk of the source so far.</summary>
    public long Written { get; set; } = 4096;

    private IReadOnlyList<DiskMark> Marks(IReadOnlyList<string> paths) => [.. paths.Select(path => Hosts.Remains.There.TryGetValue(path, out var there)
        ? new DiskMark(path, $"block {Written}", there.Bytes) : new DiskMark(path, "missing", null))];
}
