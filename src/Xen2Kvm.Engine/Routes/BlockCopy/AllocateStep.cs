using System.Globalization;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Engine.Routes.BlockCopy;

/// <summary>A file of dom0 that goes along with the disks.</summary>
/// <param name="SourcePath">Path on the source host.</param>
/// <param name="TargetPath">Path on the target host.</param>
/// <param name="LengthBytes">Size in bytes.</param>
internal sealed record StagedFile(string SourcePath, string TargetPath, long LengthBytes);

/// <summary>What was made.</summary>
/// <param name="Disks">The disks, in the plan's order.</param>
/// <param name="Kernel">dom0's kernel, for a guest that has none of its own.</param>
/// <param name="Initrd">dom0's initrd.</param>
internal sealed record AllocateOutput(IReadOnlyList<AllocatedDisk> Disks, StagedFile? Kernel, StagedFile? Initrd);

/// <summary>Makes the target's disks, tagged with the run.</summary>
internal sealed class AllocateStep : StepBase
{
    public override string Id => "allocate";

    public override string Title(Plan plan) => "Make the target's disks";

    public override Task<StepOutcome> ProbeAsync(StepContext context, CancellationToken cancellationToken) =>
        Task.FromResult<StepOutcome>(new StepOutcome.NotStarted());

    // Allocation adopts what an earlier attempt of this run made, so starting again is how it is probed.
    public override async Task<StepOutcome> StartAsync(StepContext context, CancellationToken cancellationToken)
    {
        var disks = new List<AllocatedDisk>();
        foreach (var disk in context.Plan.Target.Disks)
        {
            var allocated = await context.Kvm.AllocateAsync(disk, context.Run.Id, cancellationToken).ConfigureAwait(false);
            context.Log($"{context.TargetHost.Name}: {allocated.Path}, {allocated.SizeBytes / 1048576.0 / 1024:0.00} GiB, {allocated.Format}.");
            disks.Add(allocated);
        }

        var boot = context.Plan.Source.Boot;
        var kernel = boot.Method == BootMethod.HostKernel ? await StageAsync(context, boot.Kernel, "kernel", cancellationToken).ConfigureAwait(false) : null;
        var initrd = kernel is null ? null : await StageAsync(context, boot.Ramdisk, "initrd", cancellationToken).ConfigureAwait(false);
        return new StepOutcome.Done(new AllocateOutput(disks, kernel, initrd));
    }

    public override async Task UndoAsync(StepContext context, CancellationToken cancellationToken)
    {
        await context.Target.CheckAsync(new RemoteCommand("rm", "-rf", "--", RunPaths.Run(context.Run.Id)), cancellationToken).ConfigureAwait(false);
        foreach (var disk in context.Plan.Target.Disks)
        {
            if (!context.Run.DeleteTargetOnRollBack)
            {
                context.Log($"{disk.Path} on {context.TargetHost.Name} is kept.");
            }
            else if (await context.Kvm.FindAllocatedAsync(disk, context.Run.Id, cancellationToken).ConfigureAwait(false) is not null)
            {
                await context.Kvm.DeleteAsync(disk, context.Run.Id, cancellationToken).ConfigureAwait(false);
                context.Log($"{disk.Path} on {context.TargetHost.Name} is deleted, as {context.Run.IntentBy} asked.");
            }
        }
    }

    private static async Task<StagedFile?> StageAsync(StepContext context, string? path, string name, CancellationToken cancellationToken)
    {
        if (path is null)
        {
            return null;
        }

        var size = await context.Source.CheckAsync(new RemoteCommand("stat", "-L", "-c", "%s", "--", path) { IsRead = true }, cancellationToken).ConfigureAwait(false);
        var staged = new StagedFile(path, $"{RunPaths.Run(context.Run.Id)}/{name}", long.Parse(size.Trim(), CultureInfo.InvariantCulture));
        await context.Target.CheckAsync(
            RemoteCommand.Script("""umask 077; mkdir -p -- "${1%/*}" && truncate -s "$2" -- "$1" """, staged.TargetPath, size.Trim()), cancellationToken)
            .ConfigureAwait(false);
        return staged;
    }
}
