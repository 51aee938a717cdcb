using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Tests;

public sealed class BlockCopyRunTests
{
    [Fact]
    public async Task A_run_moves_the_guest_and_leaves_the_source_off_and_locked()
    {
        var bench = new Bench(new World());
        var run = await bench.WorkUntilSettledAsync();
        run.Error.ShouldBeNull();
        run.State.ShouldBe(RunState.Succeeded);
        (bench.World.SourceRuns, bench.World.TargetRuns, bench.World.RanTwice).ShouldBe((false, true, false));
        bench.World.Lock!.RunId.ShouldBe(bench.Id);
        bench.World.KeyAuthorized.ShouldBeFalse("the one-off key is taken away");
        run.Downtime(DateTimeOffset.UtcNow).ShouldNotBeNull();
        bench.Store.Evidence.Keys.ShouldContain("screen.png");
        run.Steps.Where(step => step.Id is "copy" or "verify").ShouldAllBe(step => step.Progress!.DoneBytes == step.Progress.TotalBytes, "what is done shows all of it");
    }

    [Fact]
    public async Task The_chart_ends_with_the_guest_answering_where_it_was_proven_to_answer()
    {
        var bench = new Bench(new World());
        await bench.WorkUntilSettledAsync();
        bench.Store.Samples.ShouldContain(sample => sample.Reachable == false, "it was down meanwhile");
        bench.Store.Samples.Last().Reachable.ShouldBe(true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Wherever_the_program_dies_the_next_worker_brings_the_run_to_its_end(bool afterEffect)
    {
        for (var call = 1; ; call++)
        {
            var world = new World { BreakAt = call, BreakAfterEffect = afterEffect };
            var bench = new Bench(world);
            var run = await bench.WorkUntilSettledAsync();
            run.State.ShouldBe(RunState.Succeeded, $"died at call {call}: {run.Error}");
            (world.SourceRuns, world.TargetRuns, world.RanTwice).ShouldBe((false, true, false), $"died at call {call}");
            world.CopyStarts.ShouldBeInRange(1, 2);
            if (!world.Broke)
            {
                call.ShouldBeGreaterThan(20);
                return;
            }
        }
    }

    [Fact]
    public async Task Wherever_the_run_fails_a_roll_back_brings_the_guest_back_to_xen()
    {
        for (var call = 1; ; call++)
        {
            var world = new World { BreakAt = call, Breakage = () => new RemoteException(RemoteFailure.CommandFailed, "kvm1", "broken for the test") };
            var bench = new Bench(world);
            await bench.WorkUntilSettledAsync();
            var ended = bench.Store.Only.State;
            ended.ShouldBeOneOf(RunState.Failed, RunState.Succeeded, RunState.RolledBack);
            await bench.Store.SetIntentAsync(bench.Id, RunIntent.RollBack, "tester", deleteTarget: true, CancellationToken.None);
            var run = await bench.WorkUntilSettledAsync();
            if (run.State == RunState.Failed)
            {
                // The roll-back itself broke; asked for once more it goes on.
                await bench.Store.SetIntentAsync(bench.Id, RunIntent.RollBack, "tester", deleteTarget: true, CancellationToken.None);
                run = await bench.WorkUntilSettledAsync();
            }

            run.State.ShouldBe(RunState.RolledBack, $"broke at call {call}: {run.Error}");
            (world.SourceRuns, world.TargetRuns, world.RanTwice).ShouldBe((true, false, false), $"broke at call {call}");
            (world.Lock, world.Defined, world.Disks.Count, world.KeyAuthorized).ShouldBe((null, false, 0, false), $"broke at call {call}");
            if (!world.Broke)
            {
                return;
            }
        }
    }

    [Fact]
    public async Task A_roll_back_that_is_cut_off_anywhere_is_finished_by_the_next_worker()
    {
        var probe = new World();
        var calm = new Bench(probe);
        await calm.WorkUntilSettledAsync();
        for (var call = probe.Calls + 1; ; call++)
        {
            var world = new World { BreakAt = call, BreakAfterEffect = call % 2 == 0 };
            var bench = new Bench(world);
            await bench.WorkUntilSettledAsync();
            await bench.Store.SetIntentAsync(bench.Id, RunIntent.RollBack, "tester", deleteTarget: false, CancellationToken.None);
            var run = await bench.WorkUntilSettledAsync();
            run.State.ShouldBe(RunState.RolledBack);
            (world.SourceRuns, world.TargetRuns, world.RanTwice).ShouldBe((true, false, false), $"died at call {call}");
            world.SourceStarts.ShouldBe(1);
            world.Disks.Count.ShouldBe(1, "nothing is deleted without consent");
            if (!world.Broke)
            {
                return;
            }
        }
    }

    [Fact]
    public async Task A_blocker_found_on_the_disk_rolls_back_by_itself()
    {
        var world = new World();
        world.Concerns.Add(new Concern("X08", Severity.Blocker, "files", "No kernel that boots on KVM.", "only xen kernels", "Install one."));
        var run = await new Bench(world).WorkUntilSettledAsync();
        run.State.ShouldBe(RunState.RolledBack);
        run.Error!.ShouldContain("No kernel");
        (world.SourceRuns, world.TargetRuns, world.Lock).ShouldBe((true, false, null));
        world.Disks.Count.ShouldBe(1, "nothing is deleted without consent");
    }

    [Fact]
    public async Task A_guest_that_does_not_shut_down_is_never_forced_unasked()
    {
        var world = new World { ShutdownIgnored = true };
        var bench = new Bench(world);
        bench.Plan = bench.Plan with { ShutdownTimeoutSeconds = 0 };
        await bench.WorkUntilSettledAsync();
        bench.Store.Only.State.ShouldBe(RunState.NeedsAnswer);
        world.SourceRuns.ShouldBeTrue();
        bench.Store.Only.Question!.Options.Select(option => option.Value).ShouldBe(["wait", "force", "roll-back"]);
        bench.Store.Only.Question.Text.ShouldContain("it is running there");
        bench.Store.Only.DownSince.ShouldBeNull("it still serves");

        await bench.Store.AnswerAsync(bench.Id, bench.Store.Only.Question.Id, "force", "tester", CancellationToken.None);
        (await bench.WorkUntilSettledAsync()).State.ShouldBe(RunState.Succeeded);
        world.RanTwice.ShouldBeFalse();
    }

    [Fact]
    public async Task Waiting_on_asks_the_guest_once_more_and_then_asks_the_person_anew()
    {
        var world = new World { ShutdownIgnored = true };
        var bench = new Bench(world);
        bench.Plan = bench.Plan with { ShutdownTimeoutSeconds = 0 };
        await bench.WorkUntilSettledAsync();
        await bench.Store.AnswerAsync(bench.Id, "shutdown-1", "wait", "tester", CancellationToken.None);
        await bench.WorkUntilSettledAsync();
        (bench.Store.Only.State, bench.Store.Only.Question?.Id, world.ShutdownRequests).ShouldBe((RunState.NeedsAnswer, "shutdown-2", 2));

        world.ShutdownIgnored = false;
        await bench.Store.AnswerAsync(bench.Id, "shutdown-2", "wait", "tester", CancellationToken.None);
        (await bench.WorkUntilSettledAsync()).State.ShouldBe(RunState.Succeeded);
        world.ShutdownRequests.ShouldBe(3);
    }

    [Fact]
    public async Task Giving_up_on_a_shutdown_leaves_the_guest_running_on_xen()
    {
        var world = new World { ShutdownIgnored = true };
        var bench = new Bench(world);
        bench.Plan = bench.Plan with { ShutdownTimeoutSeconds = 0 };
        await bench.WorkUntilSettledAsync();
        await bench.Store.AnswerAsync(bench.Id, bench.Store.Only.Question!.Id, "roll-back", "tester", CancellationToken.None);
        (await bench.WorkUntilSettledAsync()).State.ShouldBe(RunState.RolledBack);
        (world.SourceRuns, world.SourceStarts, world.Lock).ShouldBe((true, 0, null));
    }

    [Fact]
    public async Task A_guest_that_someone_started_on_xen_again_is_not_started_on_kvm()
    {
        var world = new World();
        world.WhenDefined = () => world.SourceRuns = true;
        var bench = new Bench(world);
        var run = await bench.WorkUntilSettledAsync();
        (run.State, world.TargetRuns, world.RanTwice).ShouldBe((RunState.Failed, false, false));
        run.Error!.ShouldContain("must never run twice");

        await bench.Store.SetIntentAsync(bench.Id, RunIntent.RollBack, "tester", deleteTarget: false, CancellationToken.None);
        run = await bench.WorkUntilSettledAsync();
        (run.State, world.SourceRuns, world.SourceStarts).ShouldBe((RunState.RolledBack, true, 0));
        run.UpAgainAt.ShouldNotBeNull("it does not count as down for ever");
    }

    [Theory]
    [InlineData("copy")]
    [InlineData("start")]
    public async Task What_was_written_on_xen_after_the_shutdown_is_never_left_behind(string caught)
    {
        var world = new World();
        var touch = () => { world.Written += 2048; };
        (world.WhenCopying, world.WhenDefined) = caught == "copy" ? (touch, world.WhenDefined) : (world.WhenCopying, touch);
        var bench = new Bench(world);
        var run = await bench.WorkUntilSettledAsync();
        (run.State, run.CurrentStep!.Id, world.TargetRuns).ShouldBe((RunState.Failed, caught, false));
        run.Error!.ShouldContain("/dev/vg0/files-xvda1: 1.0 MiB written");

        await bench.Store.SetIntentAsync(bench.Id, RunIntent.Forward, "tester", deleteTarget: false, CancellationToken.None);
        (await bench.WorkUntilSettledAsync()).State.ShouldBe(RunState.Failed, "no resume makes the copy good again");
        await bench.Store.SetIntentAsync(bench.Id, RunIntent.RollBack, "tester", deleteTarget: false, CancellationToken.None);
        (await bench.WorkUntilSettledAsync()).State.ShouldBe(RunState.RolledBack);
        (world.SourceRuns, world.Lock).ShouldBe((true, null));
    }

    [Theory]
    [InlineData("check", RunState.Failed, 0)]
    [InlineData("stop", RunState.RolledBack, 1)]
    public async Task A_disk_that_grew_since_the_plan_was_made_is_not_copied_short(string caught, RunState end, int startsOnXen)
    {
        var world = new World();
        var planned = world.SourceSize;
        world.SourceSize = path => planned(path) + (path.EndsWith("xvda2", StringComparison.Ordinal) && (caught == "check" || !world.SourceRuns) ? 1 << 20 : 0);
        var run = await new Bench(world).WorkUntilSettledAsync();
        (run.State, run.Steps.Single(step => step.Error is not null).Id).ShouldBe((end, caught));
        run.Error!.ShouldContain("xvda2 (/dev/vg0/files-xvda2) had 524288000 bytes, has 525336576");
        (world.SourceRuns, world.SourceStarts, world.Lock, world.CopyStarts).ShouldBe((true, startsOnXen, null, 0));
    }

    [Fact]
    public async Task A_disk_that_grows_during_the_copy_stops_the_run()
    {
        var world = new World();
        var planned = world.SourceSize;
        world.WhenCopying = () => world.SourceSize = path => planned(path) * 2;
        var run = await new Bench(world).WorkUntilSettledAsync();
        (run.State, run.CurrentStep!.Id, world.TargetRuns).ShouldBe((RunState.Failed, "copy", false));
        run.Error!.ShouldContain("/dev/vg0/files-xvda2 had 524288000 bytes, has 1048576000");
    }

    [Fact]
    public async Task A_reboot_of_the_source_host_is_not_taken_for_a_change_of_its_disks()
    {
        var world = new World();
        world.WhenCopying = () => world.Written = 0;
        (await new Bench(world).WorkUntilSettledAsync()).State.ShouldBe(RunState.Succeeded);
    }

    [Theory]
    [InlineData(PowerState.Paused, "xl unpause")]
    [InlineData(PowerState.Crashed, "xl destroy")]
    public async Task A_guest_that_cannot_shut_down_cleanly_stops_the_run_before_anything_is_changed(PowerState power, string advice)
    {
        var world = new World { SourcePower = power };
        var bench = new Bench(world);
        var run = await bench.WorkUntilSettledAsync();
        (run.State, run.CurrentStep!.Id, world.Disks.Count, world.Lock).ShouldBe((RunState.Failed, "check", 0, null));
        run.Error!.ShouldContain(advice);

        world.SourcePower = PowerState.Running;
        await bench.Store.SetIntentAsync(bench.Id, RunIntent.Forward, "tester", deleteTarget: false, CancellationToken.None);
        (await bench.WorkUntilSettledAsync()).State.ShouldBe(RunState.Succeeded);
    }

    [Fact]
    public async Task A_worker_that_lost_its_claim_stores_nothing_more()
    {
        var bench = new Bench(new World());
        var first = (await bench.Store.ClaimNextAsync("a", TimeSpan.FromSeconds(1), CancellationToken.None))!.Value;
        await bench.Store.ClaimNextAsync("b", TimeSpan.FromSeconds(1), CancellationToken.None);
        await Should.ThrowAsync<ClaimLostException>(() => bench.Store.SaveAsync(first.Claim, first.Run, [], CancellationToken.None));
    }
}
