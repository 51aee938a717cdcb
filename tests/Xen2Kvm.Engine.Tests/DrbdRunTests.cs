using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Domain.Runs;

namespace Xen2Kvm.Engine.Tests;

/// <summary>A guest on DRBD: its resources are held while the run needs them, and given back however it ends.</summary>
public sealed class DrbdRunTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Wherever_the_program_dies_the_resources_are_held_for_the_copy_and_given_back(bool afterEffect)
    {
        for (var call = 1; ; call++)
        {
            var bench = OnDrbd(new World { BreakAt = call, BreakAfterEffect = afterEffect });
            var run = await bench.WorkUntilSettledAsync();
            run.State.ShouldBe(RunState.Succeeded, $"died at call {call}: {run.Error}");
            (bench.World.DrbdHeldAtStart, bench.World.DrbdHeld).ShouldBe((true, false), $"died at call {call}");
            if (!bench.World.Broke)
            {
                bench.Store.Log.Count(entry => entry.Text.Contains("DRBD resource r0", StringComparison.Ordinal)).ShouldBe(2);
                return;
            }
        }
    }

    [Fact]
    public async Task A_roll_back_gives_them_back_before_the_guest_is_started_on_its_source()
    {
        var world = new World();
        world.Concerns.Add(new Concern("X08", Severity.Blocker, "files", "No kernel that boots on KVM.", "only xen kernels", "Install one."));
        (await OnDrbd(world).WorkUntilSettledAsync()).State.ShouldBe(RunState.RolledBack);
        (world.DrbdHeldAtStart, world.DrbdHeld, world.SourceRuns).ShouldBe((true, false, true));
    }

    private static Bench OnDrbd(World world)
    {
        var bench = new Bench(world);
        bench.Plan = bench.Plan with
        {
            Source = bench.Plan.Source with { Disks = [.. bench.Plan.Source.Disks.Select(disk => disk with { Backing = DiskBacking.Drbd })] },
        };
        return bench;
    }
}
