using System.Globalization;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Engine.Routes.BlockCopy;

/// <summary>Defines the guest in libvirt.</summary>
internal sealed class DefineStep : StepBase
{
    public override string Id => "define";

    public override string Title(Plan plan) => $"Define {plan.Target.Name} in libvirt";

    public override async Task<StepOutcome> ProbeAsync(StepContext context, CancellationToken cancellationToken)
    {
        var name = context.Plan.Target.Name;
        if (await context.Kvm.GetStateAsync(name, cancellationToken).ConfigureAwait(false) is null)
        {
            return new StepOutcome.NotStarted();
        }

        return await context.Kvm.GetOwnerAsync(name, cancellationToken).ConfigureAwait(false) == context.Run.Id
            ? new StepOutcome.Done(new { name })
            : new StepOutcome.Failed($"{context.TargetHost.Name} has another guest named {name} by now. Rename that one, then resume.");
    }

    public override async Task<StepOutcome> StartAsync(StepContext context, CancellationToken cancellationToken)
    {
        var xml = context.Kvm.BuildXml(context.Plan.Target, context.Run.Id);
        await context.Kvm.DefineAsync(xml, cancellationToken).ConfigureAwait(false);
        await context.KeepAsync("domain.xml", xml, cancellationToken).ConfigureAwait(false);
        return await ProbeAsync(context, cancellationToken).ConfigureAwait(false);
    }

    public override async Task<StepRehearsal> RehearseAsync(StepContext context, CancellationToken cancellationToken)
    {
        await context.Kvm.DefineAsync(context.Kvm.BuildXml(context.Plan.Target, context.Run.Id), cancellationToken).ConfigureAwait(false);
        return new();
    }

    public override async Task UndoAsync(StepContext context, CancellationToken cancellationToken)
    {
        if (await TargetGuestState.IsOursAsync(context, cancellationToken).ConfigureAwait(false))
        {
            await context.Kvm.UndefineAsync(context.Plan.Target.Name, cancellationToken).ConfigureAwait(false);
        }
    }
}

/// <summary>Starts the guest on KVM: the cutover. Refused while anything of it could run on Xen.</summary>
internal sealed class StartStep : StepBase
{
    public override string Id => "start";

    public override bool IsCutover => true;

    public override string Title(Plan plan) => $"Start {plan.Target.Name} on KVM";

    public override async Task<StepOutcome> ProbeAsync(StepContext context, CancellationToken cancellationToken)
    {
        var state = await context.Kvm.GetStateAsync(context.Plan.Target.Name, cancellationToken).ConfigureAwait(false);
        return state is PowerState.Running && await TargetGuestState.IsOursAsync(context, cancellationToken).ConfigureAwait(false)
            ? new StepOutcome.Done(new { name = context.Plan.Target.Name })
            : new StepOutcome.NotStarted();
    }

    public override async Task<StepOutcome> StartAsync(StepContext context, CancellationToken cancellationToken)
    {
        if (await SourceGuard.CheckAsync(context, cancellationToken).ConfigureAwait(false) is { } touched)
        {
            return touched;
        }

        if ((await context.Xen.GetLockAsync(context.Plan.Source.Name, cancellationToken).ConfigureAwait(false))?.RunId != context.Run.Id)
        {
            return new StepOutcome.Failed(
                $"{context.Plan.Source.Name} is not locked by this run on {context.SourceHost.Name} any more. It is not started on KVM: it must never run twice. Someone changed the lock there; roll this run back, and start a new one.");
        }

        await context.Kvm.StartAsync(context.Plan.Target.Name, cancellationToken).ConfigureAwait(false);
        return await ProbeAsync(context, cancellationToken).ConfigureAwait(false);
    }

    public override async Task<StepRehearsal> RehearseAsync(StepContext context, CancellationToken cancellationToken)
    {
        await context.Kvm.StartAsync(context.Plan.Target.Name, cancellationToken).ConfigureAwait(false);
        return new(Note: $"Only when {context.Plan.Source.Name} is off and locked on {context.SourceHost.Name} and nothing was written to its disks since its shutdown.");
    }

    public override async Task UndoAsync(StepContext context, CancellationToken cancellationToken)
    {
        if (await TargetGuestState.IsOursAsync(context, cancellationToken).ConfigureAwait(false)
            && await context.Kvm.GetStateAsync(context.Plan.Target.Name, cancellationToken).ConfigureAwait(false) is not PowerState.Off)
        {
            await context.Kvm.DestroyAsync(context.Plan.Target.Name, cancellationToken).ConfigureAwait(false);
        }
    }
}

/// <summary>Takes away what the move needed and lets the guest start with its new host. Its source stays, off and locked.</summary>
internal sealed class FinishStep : StepBase
{
    public override string Id => "finish";

    public override string Title(Plan plan) => "Tidy up";

    public override Task<StepOutcome> ProbeAsync(StepContext context, CancellationToken cancellationToken) =>
        Task.FromResult<StepOutcome>(new StepOutcome.NotStarted());

    public override async Task<StepOutcome> StartAsync(StepContext context, CancellationToken cancellationToken)
    {
        await context.Kvm.SetAutostartAsync(context.Plan.Target.Name, context.Plan.Target.Autostart, cancellationToken).ConfigureAwait(false);
        await CopyJob.CleanUpAsync(context, cancellationToken).ConfigureAwait(false);
        await context.Target.RunAsync(new Ports.RemoteCommand("rm", "-rf", "--", RunPaths.Run(context.Run.Id)), cancellationToken).ConfigureAwait(false);
        var downtime = context.Run.Downtime(context.Time.GetUtcNow());
        context.Log(string.Create(CultureInfo.InvariantCulture,
            $"{context.Plan.Target.Name} runs on {context.TargetHost.Name}. Downtime {downtime?.TotalSeconds ?? 0:0} s. Its disks on {context.SourceHost.Name} are untouched, and it is locked there."));
        return new StepOutcome.Done(new { downtimeSeconds = downtime?.TotalSeconds });
    }

    public override async Task UndoAsync(StepContext context, CancellationToken cancellationToken)
    {
        if (await TargetGuestState.IsOursAsync(context, cancellationToken).ConfigureAwait(false))
        {
            await context.Kvm.SetAutostartAsync(context.Plan.Target.Name, false, cancellationToken).ConfigureAwait(false);
        }
    }
}

/// <summary>Whether the guest on the target is this run's.</summary>
internal static class TargetGuestState
{
    public static async Task<bool> IsOursAsync(StepContext context, CancellationToken cancellationToken) =>
        await context.Kvm.GetOwnerAsync(context.Plan.Target.Name, cancellationToken).ConfigureAwait(false) == context.Run.Id;
}
