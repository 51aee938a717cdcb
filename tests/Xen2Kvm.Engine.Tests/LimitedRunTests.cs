using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
using Xen2Kvm.Domain.Limits;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Limits;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Tests;

/// <summary>A whole run while bandwidth is limited.</summary>
public sealed class LimitedRunTests
{
    private static Bench LimitedBench(World world, long value = 40_000_000)
    {
        var bench = new Bench(world);
        var limits = Substitute.For<ILimitStore>();
        limits.ListAsync(Arg.Any<CancellationToken>()).Returns([new LimitRule { Id = Guid.NewGuid(), Kind = LimitKind.BytesPerSecond, Value = value, CreatedAt = default, CreatedBy = "anna" }]);
        bench.Bandwidth = new BandwidthGovernor(
            limits, bench.Store, new PlanPlaces(Substitute.For<IPlanStore>()), Substitute.For<IHostStore>(), Substitute.For<IHostConnector>(), TimeProvider.System,
            NullLogger<BandwidthGovernor>.Instance);
        return bench;
    }

    [Fact]
    public async Task A_copy_is_told_its_limit_before_it_starts()
    {
        var world = new World();
        var toldAtStart = 0;
        world.WhenCopying = () => toldAtStart = world.Limits.Count;
        var run = await LimitedBench(world).WorkUntilSettledAsync();
        run.State.ShouldBe(RunState.Succeeded, run.Error);
        toldAtStart.ShouldBe(1);
        world.Limits[0].Entries.Single().BytesPerSecond.ShouldBe(40_000_000);
    }

    [Fact]
    public async Task An_agent_of_an_earlier_version_copies_without_a_limit_and_the_run_says_so()
    {
        var bench = LimitedBench(new World { LimitExit = 2 });
        (await bench.WorkUntilSettledAsync()).State.ShouldBe(RunState.Succeeded);
        bench.Store.Log.ShouldContain(line => line.Level == RunLogLevel.Warning && line.Text.Contains("takes no limit by the clock", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_agent_that_does_not_take_its_limit_is_not_let_loose()
    {
        var world = new World { LimitExit = 1 };
        var run = await LimitedBench(world).WorkUntilSettledAsync();
        run.State.ShouldBe(RunState.Failed);
        run.Error!.ShouldContain("did not take the copy's limit: no such thing");
        world.CopyStarts.ShouldBe(0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Wherever_the_program_dies_no_copy_starts_without_its_limit(bool afterEffect)
    {
        for (var call = 1; ; call++)
        {
            var world = new World { BreakAt = call, BreakAfterEffect = afterEffect };
            world.WhenCopying = () => world.Limits.ShouldNotBeEmpty($"died at call {call}");
            var run = await LimitedBench(world).WorkUntilSettledAsync();
            run.State.ShouldBe(RunState.Succeeded, $"died at call {call}: {run.Error}");
            world.RanTwice.ShouldBeFalse();
            if (!world.Broke)
            {
                return;
            }
        }
    }
}
