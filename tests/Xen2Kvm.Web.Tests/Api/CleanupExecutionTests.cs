using System.Net;
using NSubstitute;
using Xen2Kvm.Domain.Cleanups;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Cleanups;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Web.Tests.Api;

/// <summary>Carrying a cleanup out on its bad days: cut off, twice at once, a host that is away, things that change meanwhile.</summary>
public sealed class CleanupExecutionTests(Database database)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_differs_in_the_middle_ends_it_and_voids_the_approval()
    {
        await using var world = await CleanupWorld.StartAsync(database, "files");
        await world.ApproveAsync("files");
        await world.DeleteAsync("files");
        var config = CleanupWorld.Config("files");
        world.Hosts.Remains.After = path =>
        {
            if (path == CleanupWorld.Volume("files"))
            {
                world.Hosts.Remains.There[config] = world.Hosts.Remains.There[config] with { Identity = "sha256 edited" };
            }
        };
        await world.CarryOutAsync();
        var failed = await world.NowAsync();
        failed.State.ShouldBe(CleanupState.Failed);
        failed.Drift.ShouldHaveSingleItem().Now.ShouldBe("sha256 edited");
        world.Hosts.Remains.Deleted.ShouldNotContain(config);
        world.Hosts.Remains.Deleted.ShouldNotContain(CleanupWorld.Lock("files"));
        (await world.Operator.ProblemAsync(HttpMethod.Post, $"/api/v1/cleanups/{world.Id}/run", new { delete = true, confirm = new[] { "files" } }, HttpStatusCode.Conflict)).ShouldContain("does not hold any more");
    }

    [Fact]
    public async Task What_was_written_to_after_the_move_stays()
    {
        await using var world = await CleanupWorld.StartAsync(database, "files");
        world.Written = 8192;
        var proposed = await world.ProposeAsync("files");
        proposed["cleanup"]!["items"]!.AsArray().Where(item => item!["kind"]!.GetValue<string>() == "Volume")
            .ShouldAllBe(item => item!["stays"]!.GetValue<string>() == $"it was changed since the move ({item["path"]}: 2.0 MiB written)");
        world.Written = 4096;
        await world.Operator.SendJsonAsync(HttpMethod.Post, $"/api/v1/cleanups/{world.Id}/withdraw");
        await world.ApproveAsync("files");
        await world.DeleteAsync("files");
        world.Written = 8192;
        await world.CarryOutAsync();
        (await world.NowAsync()).State.ShouldBe(CleanupState.Failed);
        world.Hosts.Remains.Deleted.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(4, false)]
    [InlineData(4, true)]
    public async Task A_program_that_dies_at_any_deletion_goes_on_where_it_was(int at, bool afterEffect)
    {
        await using var world = await CleanupWorld.StartAsync(database, "files");
        await world.ApproveAsync("files");
        await world.DeleteAsync("files");
        var calls = 0;
        void Die(string path)
        {
            if (++calls == at)
            {
                throw new InvalidOperationException("the process ends here");
            }
        }

        if (afterEffect)
        {
            world.Hosts.Remains.After = Die;
        }
        else
        {
            world.Hosts.Remains.Before = Die;
        }

        await Should.ThrowAsync<InvalidOperationException>(world.CarryOutAsync);
        (await world.NowAsync()).State.ShouldBe(CleanupState.Deleting);
        await world.CarryOutAsync();
        var done = await world.NowAsync();
        done.State.ShouldBe(CleanupState.Done);
        done.Items.Count(item => item.Outcome!.Text == "was gone already").ShouldBe(afterEffect ? 1 : 0);
        world.Hosts.Remains.Deleted.Count.ShouldBe(4);
        world.Hosts.Remains.Deleted[^1].ShouldBe(CleanupWorld.Lock("files"));
    }

    [Fact]
    public async Task A_host_that_does_not_answer_leaves_the_rest_and_its_lock_for_the_next_time()
    {
        await using var world = await CleanupWorld.StartAsync(database, "files", "web");
        await world.ApproveAsync("files", "web");
        await world.DeleteAsync("web", "files");
        world.Hosts.Remains.Before = path =>
        {
            if (path == "/dev/vg0/files-xvda2")
            {
                throw new RemoteException(RemoteFailure.ConnectionLost, "xen1", "xen1: the connection broke");
            }
        };
        await world.CarryOutAsync();
        var failed = await world.NowAsync();
        failed.State.ShouldBe(CleanupState.Failed);
        failed.Items.Single(item => item.Outcome is { Gone: false }).Outcome!.Text.ShouldContain("the connection broke");
        world.Hosts.Remains.There.ShouldContainKey(CleanupWorld.Lock("files"));
        world.Hosts.Remains.Deleted.ShouldContain(CleanupWorld.Lock("web"), "another guest's turn comes all the same");
        world.Hosts.Remains.Before = _ => { };
        await world.DeleteAsync("web", "files");
        await world.CarryOutAsync();
        (await world.NowAsync()).State.ShouldBe(CleanupState.Done);
    }

    [Fact]
    public async Task Of_two_who_press_at_the_same_time_one_starts_it_and_nothing_is_deleted_twice()
    {
        await using var world = await CleanupWorld.StartAsync(database, "files");
        await world.ApproveAsync("files");
        var service = world.Dashboard.Get<CleanupService>();
        var starts = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            try
            {
                await service.StartAsync(world.Id, ["files"], "operator", Token);
                return true;
            }
            catch (RefusedException)
            {
                return false;
            }
        }));
        starts.Count(started => started).ShouldBe(1);
        await Task.WhenAll(world.CarryOutAsync(), world.CarryOutAsync(), world.CarryOutAsync());
        await world.CarryOutAsync();
        world.Hosts.Remains.Deleted.Count.ShouldBe(4);
        (await world.ActsAsync()).Count(act => act == "cleanup.delete").ShouldBe(4);
    }

    [Fact]
    public async Task Disks_that_a_rolled_back_run_left_on_kvm_are_deleted_as_that_runs_and_never_the_moved_guests_own()
    {
        await using var world = await CleanupWorld.StartAsync(database, "files");
        var (plans, runs) = (world.Dashboard.Get<IPlanStore>(), world.Dashboard.Get<IRunStore>());
        var run = (await runs.FindAsync(world.Runs["files"], Token))!;
        var plan = (await plans.FindAsync(run.PlanId, Token))!;
        var old = plan with { Id = Guid.NewGuid(), Target = plan.Target with { Disks = [plan.Target.Disks[0] with { Path = "/images/left.raw" }, plan.Target.Disks[0]] } };
        await plans.SaveAsync(old, Token);
        var rolledBack = run with { Id = Guid.CreateVersion7(DateTimeOffset.UtcNow.AddDays(-1)), PlanId = old.Id, State = RunState.RolledBack, CreatedAt = run.CreatedAt.AddDays(-1) };
        (await runs.CreateAsync(rolledBack, plan.SourceHostId, Token)).ShouldBeTrue();
        var left = true;
        world.Hosts.Kvm.FindAllocatedAsync(Arg.Any<TargetDisk>(), rolledBack.Id, Arg.Any<CancellationToken>())
            .Returns(call => left ? new AllocatedDisk(call.Arg<TargetDisk>().Path, DiskFormat.Raw, 512, false) : null);
        world.Hosts.Kvm.DeleteAsync(Arg.Any<TargetDisk>(), Arg.Any<Guid>(), Arg.Any<CancellationToken>()).Returns(_ =>
        {
            left = false;
            return Task.CompletedTask;
        });
        await world.ApproveAsync("files");
        var items = (await world.NowAsync()).Items.Where(item => item.Kind == RemainKind.TargetDisk).ToList();
        items.Single(item => item.Path == plan.Target.Disks[0].Path).Stays!.ShouldContain("same path");
        items.Single(item => item.Path == "/images/left.raw").Command.ShouldBe("rm -f -- /images/left.raw");
        await world.DeleteAsync("files");
        await world.CarryOutAsync();
        (await world.NowAsync()).State.ShouldBe(CleanupState.Done);
        await world.Hosts.Kvm.Received(1).DeleteAsync(Arg.Any<TargetDisk>(), Arg.Any<Guid>(), Arg.Any<CancellationToken>());
        await world.Hosts.Kvm.Received(1).DeleteAsync(Arg.Is<TargetDisk>(disk => disk.Path == "/images/left.raw"), rolledBack.Id, Arg.Any<CancellationToken>());
    }
}
