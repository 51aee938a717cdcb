using Xen2Kvm.Demo;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;

namespace Xen2Kvm.Web.Tests.Components;

/// <summary>A plan and its runs for tests of pages.</summary>
internal static class Sample
{
    public static readonly DateTimeOffset Now = new(2026, 11, 21, 9, 0, 0, TimeSpan.Zero);

    public static Host Xen { get; } = DemoInventory.Xen1(Now);

    public static Host Kvm { get; } = DemoInventory.Kvm1(Now);

    public static Plan Plan(Guest? guest = null, PlanChoices? choices = null) => PlanProposal.Make(
        Guid.CreateVersion7(Now), Xen, guest ?? DemoInventory.Files(), Kvm, DemoInventory.Kvm1Snapshot(Now).Facts, choices ?? new PlanChoices(), "anna", Now);

    public static Run Copying(Plan plan)
    {
        var run = DemoRuns.At(plan, "copy", RunState.Running, Now, TimeSpan.FromMinutes(4));
        return run.With(run.Steps.First(step => step.Id == "copy") with { Progress = DemoRuns.Copying(plan, 0.5, Now.AddSeconds(-1)) });
    }

    public static Run Asking(Plan plan) => DemoRuns.At(plan, "stop", RunState.NeedsAnswer, Now, TimeSpan.FromMinutes(7)) with
    {
        DownSince = Now.AddMinutes(-6),
        Question = new RunQuestion("shutdown-1", "stop", "files has not shut down on xen1 within 300 s. What now?",
            [new("wait", "Wait another 300 s"), new("force", "Switch it off: what it has not written is lost")]),
    };

    public static Run Failed(Plan plan)
    {
        var run = DemoRuns.At(plan, "convert", RunState.Failed, Now, TimeSpan.FromMinutes(30)) with { Error = "No kernel with virtio in /boot. Install one." };
        return run.With(run.Steps.First(step => step.Id == "convert") with { State = StepState.Failed, Error = run.Error });
    }

    public static Run Done(Plan plan) => DemoRuns.At(plan, "end", RunState.Succeeded, Now, TimeSpan.FromMinutes(30));

    public static Run Measured(Plan plan)
    {
        var run = DemoRuns.At(plan, "end", RunState.Succeeded, Now, TimeSpan.FromHours(3));
        return run.With(run.Steps.First(step => step.Id == "copy") with { Progress = DemoRuns.Copying(plan, 2, Now.AddHours(-3)) });
    }

    public static Run RolledBack(Plan plan)
    {
        var run = DemoRuns.At(plan, "verify", RunState.RolledBack, Now, TimeSpan.FromHours(1));
        return run with { UpAgainAt = run.DownSince?.AddMinutes(7), Steps = [.. run.Steps.Select(step => step.StartedAt is null ? step : step with { State = StepState.Undone })] };
    }
}
