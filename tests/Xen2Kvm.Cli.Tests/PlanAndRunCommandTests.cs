using Xen2Kvm.Cli.Tests.Support;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Cli.Tests;

public sealed class PlanAndRunCommandTests(Database database)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_plan_is_made_shown_and_checked()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var id = await Scene.PlanAsync(dashboard);
        (await Shell.AgainstAsync(dashboard, "plan", "list")).Ends(0).Out.ShouldContain(id.ToString());
        (await Shell.AgainstAsync(dashboard, "plan", "show", "files")).Ends(0).Out.ShouldContain("Projected downtime: no run measured yet.");
        (await Shell.AgainstAsync(dashboard, "plan", "show", id.ToString()[..13], "--xml")).Ends(0).Out.ShouldStartWith("<domain");
        (await Shell.AgainstAsync(dashboard, "preflight", "files")).Ends(0).Out.ShouldContain("Nothing stops a start.");
        var dry = (await Shell.AgainstAsync(
            dashboard, "plan", "create", "xen1", "files", "--to", "kvm1", "--dry-run", "--tcp", "80", "--bridge", "xenbr0=br7", "--json")).Ends(0);
        dry.Json["proof"]!["pingAddress"]!.GetValue<string>().ShouldBe("10.77.0.31", "a port does not lose the proposed ping");
        dry.Json["target"]!["nics"]![0]!["bridge"]!.GetValue<string>().ShouldBe("br7");
        (await Shell.AgainstAsync(dashboard, "plan", "list", "--json")).Json.AsArray().Count.ShouldBe(1);
        (await Shell.AgainstAsync(dashboard, "plan", "create", "xen1", "files", "--to", "kvm1", "--bridge", "xenbr0")).Ends(2).Error.ShouldContain("NAME=VALUE");
        (await Shell.AgainstAsync(dashboard, "plan", "show", "nothing")).Ends(1).Error.ShouldContain("There is no plan nothing");
    }

    [Fact]
    public async Task A_run_is_started_watched_to_its_end_and_its_result_is_the_exit_code()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        await Scene.PlanAsync(dashboard);
        var id = (await Shell.AgainstAsync(dashboard, "run", "start", "files", "--json")).Ends(0).Json["id"]!.GetValue<Guid>();
        var watching = Shell.AgainstAsync(dashboard, "run", "watch", "files");
        await EndAsync(dashboard, RunState.Failed, "the disk is full");
        var watched = (await watching.WaitAsync(TimeSpan.FromSeconds(60), Token)).Ends(1);
        watched.Out.ShouldContain("[copy] half way");
        watched.Out.ShouldContain("files: Failed. the disk is full");

        (await Shell.AgainstAsync(dashboard, "run", "show", id.ToString())).Ends(0).Out.ShouldContain("the disk is full");
        (await Shell.AgainstAsync(dashboard, "run", "log", "files")).Ends(0).Out.ShouldContain("half way");
        (await Shell.AgainstAsync(dashboard, "run", "log", "files", "--level", "error")).Ends(0).Out.ShouldNotContain("half way");
        (await Shell.AgainstAsync(dashboard, "run", "rollback", "files")).Ends(2).Error.ShouldContain("--yes");
        (await Shell.AgainstAsync(dashboard, "run", "resume", "files")).Ends(0);
        (await Shell.AgainstAsync(dashboard, "run", "cancel", "files")).Ends(0).Out.ShouldContain("stop asked for");
        (await Shell.AgainstAsync(dashboard, "run", "answer", "files", "wait")).Ends(1).Error.ShouldContain("asks nothing");
    }

    [Fact]
    public async Task A_run_that_succeeds_ends_the_watch_with_zero()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        await Scene.PlanAsync(dashboard);
        (await Shell.AgainstAsync(dashboard, "run", "start", "files")).Ends(0);
        await EndAsync(dashboard, RunState.Succeeded, null);
        (await Shell.AgainstAsync(dashboard, "run", "watch", "files")).Ends(0).Out.ShouldContain("files: Succeeded");
        (await Shell.AgainstAsync(dashboard, "run", "list")).Ends(0).Out.ShouldContain("Succeeded");
    }

    [Fact]
    public async Task What_a_guest_prints_does_not_steer_the_terminal()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        await Scene.PlanAsync(dashboard);
        var id = (await Shell.AgainstAsync(dashboard, "run", "start", "files", "--json")).Json["id"]!.GetValue<Guid>();
        await dashboard.Get<IRunStore>().AppendLogAsync(id, [new RunLogEntry(DateTimeOffset.UtcNow, null, RunLogLevel.Info, "a\u001b[2Jb")], Token);
        (await Shell.AgainstAsync(dashboard, "run", "log", "files")).Ends(0).Out.ShouldNotContain("\u001b");
    }

    // Plays the worker: the dashboard of these tests has none.
    private static async Task EndAsync(Dashboard dashboard, RunState state, string? error)
    {
        var store = dashboard.Get<IRunStore>();
        var (run, claim) = (await store.ClaimNextAsync("test", TimeSpan.FromMinutes(1), Token))!.Value;
        await store.SaveAsync(
            claim, run with { State = state, Error = error, FinishedAt = DateTimeOffset.UtcNow },
            [new RunLogEntry(DateTimeOffset.UtcNow, "copy", RunLogLevel.Info, "half way")], Token);
        await store.ReleaseAsync(claim, Token);
    }
}
