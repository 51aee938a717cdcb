using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Waves;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Web.Tests.Api;

/// <summary>The dispatcher over a real database; what the workers would do is written into the ledger.</summary>
public sealed class WaveDispatchTests(Database database)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Plans_start_in_order_under_the_limits_and_the_wave_ends_when_all_are_proven()
    {
        await using var world = await WaveWorld.StartAsync(database, "db", "app", "web");
        await world.DraftAsync(after: ("app", "db"));
        await world.ApproveAsync();
        await world.LookAsync();
        (await world.StatesAsync()).ShouldBe(["db: Waiting", "app: Waiting", "web: Waiting"], "an approved wave without a window waits for a person");
        await world.ActAsync("start");
        await world.LookAsync();
        await world.LookAsync();
        (await world.StatesAsync()).ShouldBe(["db: Running", "app: Waiting", "web: Running"]);
        await world.RunIsAsync("db", "Succeeded");
        await world.LookAsync();
        (await world.StatesAsync()).ShouldBe(["db: Proven", "app: Running", "web: Running"]);
        await world.RunIsAsync("app", "Succeeded");
        await world.RunIsAsync("web", "Succeeded");
        await world.LookAsync();
        (await world.NowAsync()).State.ShouldBe(WaveState.Done);
        var run = (await world.Dashboard.Get<IRunStore>().ListAsync(1, Token)).Single();
        run.WaveId.ShouldBe(world.Wave);
        run.StartedBy.ShouldBe("wave Friday, started by operator (token test Operator)");
    }

    [Fact]
    public async Task A_wave_that_is_put_off_while_it_runs_starts_nothing_more_until_it_is_let_go()
    {
        await using var world = await WaveWorld.StartAsync(database, "db", "app");
        await world.DraftAsync(after: ("app", "db"));
        await world.ApproveAsync();
        await world.ActAsync("start");
        await world.LookAsync();
        var put = await world.ActAsync("put-off", new { until = DateTimeOffset.UtcNow.AddHours(1) });
        put["state"]!.GetValue<string>().ShouldBe("Running");
        await world.RunIsAsync("db", "Succeeded");
        await world.LookAsync();
        (await world.StatesAsync()).ShouldBe(["db: Proven", "app: Waiting"]);
        await world.ActAsync("put-off", new { until = (DateTimeOffset?)null });
        await world.LookAsync();
        (await world.StatesAsync()).ShouldBe(["db: Proven", "app: Running"]);
        (await world.NowAsync()).Fingerprint.ShouldNotBeNull("the approval holds");
    }

    [Fact]
    public async Task What_is_not_as_it_was_approved_does_not_start_and_voids_the_approval()
    {
        await using var world = await WaveWorld.StartAsync(database, "db", "app");
        await world.DraftAsync(new { maxConcurrent = 1 });
        await world.ApproveAsync();
        await world.ActAsync("start");
        await world.LookAsync();
        await world.RunIsAsync("db", "Succeeded");
        var app = WaveWorld.Guest("app");
        world.Dashboard.Hosts.Show(WaveWorld.Guest("db"), app with { Disks = [app.Disks[0] with { SizeBytes = 2L << 30 }, app.Disks[1]] });
        await world.LookAsync();

        var wave = await world.NowAsync();
        wave.State.ShouldBe(WaveState.Draft);
        wave.Note!.ShouldContain("app is not as it was approved");
        wave.Drift.ShouldHaveSingleItem().ToString().ShouldBe(
            "app: disk xvda1 on Xen was /dev/vg0/app-xvda1, 1073741824 bytes, raw, LogicalVolume, writable, now /dev/vg0/app-xvda1, 2147483648 bytes, raw, LogicalVolume, writable.");
        (await world.StatesAsync()).ShouldBe(["db: Proven", "app: Waiting"]);
        await world.LookAsync();
        (await world.Dashboard.Get<IRunStore>().ListAsync(10, Token)).Count.ShouldBe(1);

        // Seen, submitted and approved anew it goes on where it was.
        await world.ApproveAsync();
        await world.ActAsync("start");
        await world.LookAsync();
        (await world.StatesAsync()).ShouldBe(["db: Proven", "app: Running"]);
    }

    [Fact]
    public async Task A_failed_run_is_rolled_back_by_policy_once_and_the_wave_pauses()
    {
        await using var world = await WaveWorld.StartAsync(database, "db", "app");
        await world.DraftAsync(new { maxConcurrent = 1, onFailure = "RollBack", stopAfterFailures = 1 });
        await world.ApproveAsync();
        await world.ActAsync("start");
        await world.LookAsync();
        await world.RunIsAsync("db", "Failed", ", error = 'the disk is full'");
        await world.LookAsync();
        (await world.StatesAsync()).ShouldBe(["db: RollingBack", "app: Waiting"]);
        (await world.Dashboard.Get<IRunStore>().ListAsync(1, Token)).Single().IntentBy.ShouldBe("wave Friday");
        await world.RunIsAsync("db", "Failed", ", error = 'the roll-back failed'");
        await world.LookAsync();
        await world.LookAsync();
        (await world.StatesAsync())[0].ShouldBe("db: NeedsYou", "what failed on its way back is left to a person");
        var wave = await world.NowAsync();
        wave.State.ShouldBe(WaveState.Paused);
        wave.Note!.ShouldContain("db");

        await world.ActAsync("start");
        await world.LookAsync();
        (await world.StatesAsync()).ShouldBe(["db: NeedsYou", "app: Running"], "a person has seen the failure and gone on");
    }

    [Theory]
    [InlineData("LeaveToPerson", "Pending", "NeedsYou")]
    [InlineData("RollBackBeforeCutover", "Pending", "RollingBack")]
    [InlineData("RollBackBeforeCutover", "Done", "NeedsYou")]
    [InlineData("RollBack", "Done", "RollingBack")]
    public async Task The_policy_knows_whether_the_guest_has_run_on_KVM(string policy, string cutover, string state)
    {
        await using var world = await WaveWorld.StartAsync(database, "db");
        await world.DraftAsync(new { onFailure = policy });
        await world.ApproveAsync();
        await world.ActAsync("start");
        await world.LookAsync();
        await world.RunIsAsync("db", "Failed", $$""", steps = '[{"id":"start","title":"t","isCutover":true,"state":"{{cutover}}"},{"id":"prove","title":"t","state":"Failed"}]'""");
        await world.LookAsync();
        (await world.StatesAsync()).ShouldBe([$"db: {state}"]);
    }

    [Fact]
    public async Task A_host_that_does_not_answer_delays_a_plan_and_voids_nothing()
    {
        await using var world = await WaveWorld.StartAsync(database, "db");
        await world.DraftAsync();
        await world.ApproveAsync();
        await world.ActAsync("start");
        world.Dashboard.Hosts.Break("No route to host");
        await world.LookAsync();
        (await world.NowAsync()).State.ShouldBe(WaveState.Running);
        world.Dashboard.Get<WaveDispatcher>().WhyResting(world.Wave, world.Plans["db"])!.ShouldContain("No route to host");
        (await world.Dashboard.Get<IRunStore>().ListAsync(10, Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_host_that_was_removed_is_named_where_its_plan_waits()
    {
        await using var world = await WaveWorld.StartAsync(database, "db");
        await world.DraftAsync();
        await world.ApproveAsync();
        await world.ActAsync("start");
        using var removed = await world.Operator.DeleteAsync(new Uri("/api/v1/hosts/kvm1", UriKind.Relative), Token);
        removed.IsSuccessStatusCode.ShouldBeTrue();
        await world.LookAsync();
        world.Dashboard.Get<WaveDispatcher>().WhyResting(world.Wave, world.Plans["db"])!.ShouldContain("host is not known any more");
        (await world.NowAsync()).State.ShouldBe(WaveState.Running);
    }

    [Fact]
    public async Task A_window_starts_the_wave_by_itself_and_one_that_passed_pauses_it()
    {
        await using var world = await WaveWorld.StartAsync(database, "db", "app");
        var now = DateTimeOffset.UtcNow;
        var window = new { zone = "UTC", on = $"{now.AddMinutes(-1):yyyy-MM-dd}", start = $"{now.AddMinutes(-1):HH:mm:ss}", minutes = 2 };
        await world.DraftAsync(new { maxConcurrent = 1 }, new { windows = new[] { window } });
        await world.ApproveAsync();
        await world.LookAsync();
        await world.LookAsync();
        var wave = await world.NowAsync();
        (wave.State, wave.StartedBy).ShouldBe((WaveState.Running, "its window"));
        (await world.StatesAsync()).ShouldBe(["db: Running", "app: Waiting"]);
    }

    [Fact]
    public async Task Pausing_and_holding_keep_plans_from_starting_and_limits_change_while_it_runs()
    {
        await using var world = await WaveWorld.StartAsync(database, "db", "app", "web");
        await world.DraftAsync(new { maxConcurrent = 1 });
        await world.ApproveAsync();
        await world.ActAsync("hold", new { plan = world.Plans["db"], hold = true });
        await world.ActAsync("start");
        await world.LookAsync();
        (await world.StatesAsync()).ShouldBe(["db: Held", "app: Running", "web: Waiting"]);
        await world.ActAsync("pause");
        await world.Operator.SendJsonAsync(HttpMethod.Put, $"/api/v1/waves/{world.Wave}/limits", new { maxConcurrent = 3, maxPerSourceHost = 3, maxPerTargetHost = 3 });
        await world.ActAsync("hold", new { plan = world.Plans["db"], hold = false });
        await world.LookAsync();
        (await world.StatesAsync()).ShouldBe(["db: Waiting", "app: Running", "web: Waiting"]);
        await world.ActAsync("start");
        await world.LookAsync();
        (await world.StatesAsync()).ShouldBe(["db: Running", "app: Running", "web: Running"]);
    }

    [Fact]
    public async Task A_plan_that_was_rolled_back_is_tried_again_in_the_same_wave()
    {
        await using var world = await WaveWorld.StartAsync(database, "db", "app");
        await world.DraftAsync(new { stopAfterFailures = 0 }, after: ("app", "db"));
        await world.ApproveAsync();
        await world.ActAsync("start");
        await world.LookAsync();
        await world.Operator.ProblemAsync(HttpMethod.Post, $"/api/v1/waves/{world.Wave}/retry", new { plan = world.Plans["db"] }, System.Net.HttpStatusCode.Conflict);
        await world.ActAsync("pause");
        await world.RunIsAsync("db", "RolledBack");
        (await world.StatesAsync()).ShouldBe(["db: RolledBack", "app: Blocked"]);
        await world.ActAsync("retry", new { plan = world.Plans["db"] });
        (await world.StatesAsync()).ShouldBe(["db: Waiting", "app: Waiting"]);
        await world.ActAsync("withdraw");
        await world.Operator.SendJsonAsync(HttpMethod.Put, $"/api/v1/waves/{world.Wave}", world.Request("Friday, again", new { stopAfterFailures = 0 }, null, ("app", "db")));
        (await world.StatesAsync()).ShouldBe(["db: Waiting", "app: Waiting"], "a change of the draft does not bring the old run back");
        await world.ApproveAsync();
        await world.ActAsync("start");
        await world.LookAsync();
        (await world.StatesAsync()).ShouldBe(["db: Running", "app: Waiting"]);
        (await world.Dashboard.Get<IRunStore>().ListAsync(10, Token)).Count.ShouldBe(2);
    }
}
