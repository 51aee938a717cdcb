using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Runs;
using Xen2Kvm.Transfer.Jobs;

namespace Xen2Kvm.Engine.Routes.BlockCopy;

/// <summary>Copy and verification are two stages of one job; this is what both have in common.</summary>
internal abstract class CopyJobStep(bool verifying) : StepBase
{
    public override async Task<StepOutcome> ProbeAsync(StepContext context, CancellationToken cancellationToken)
    {
        if (await GuardAsync(context, cancellationToken).ConfigureAwait(false) is { } touched)
        {
            return touched;
        }

        var status = await CopyJob.StatusAsync(context, cancellationToken).ConfigureAwait(false);
        return Settled(context, status) ?? (status.State == "running" ? Running(context, status) : new StepOutcome.NotStarted());
    }

    public override async Task<StepOutcome> StartAsync(StepContext context, CancellationToken cancellationToken)
    {
        await CopyJob.StartAsync(context, cancellationToken).ConfigureAwait(false);
        return await ObserveAsync(context, RunPaths.Run(context.Run.Id), cancellationToken).ConfigureAwait(false);
    }

    public override async Task<StepOutcome> ObserveAsync(StepContext context, string handle, CancellationToken cancellationToken)
    {
        var status = await CopyJob.StatusAsync(context, cancellationToken).ConfigureAwait(false);
        var settled = Settled(context, status);
        if ((settled is not null || SourceGuard.IsDue(context)) && await GuardAsync(context, cancellationToken).ConfigureAwait(false) is { } touched)
        {
            return touched;
        }

        if (settled is not null)
        {
            return settled;
        }

        switch (status.State)
        {
            case "running":
                return Running(context, status);
            case "failed":
                var disk = status.Error?.Disk is { } id ? $" (disk {id})" : "";
                return new StepOutcome.Failed($"The copy failed{disk}: {status.Error?.Message} Resume the run when this is mended; verified data is not copied again.");
            default:
                // The agent was killed or its host rebooted: start it again, it goes on from its journal.
                context.Log($"The copy on {context.SourceHost.Name} was {status.State}; it is taken up again.", RunLogLevel.Warning);
                await CopyJob.StartAsync(context, cancellationToken).ConfigureAwait(false);
                return Running(context, status);
        }
    }

    public override Task StopAsync(StepContext context, CancellationToken cancellationToken) => CopyJob.CancelAsync(context, cancellationToken);

    /// <summary>The step's end, when the job has come that far.</summary>
    protected abstract StepOutcome? Settled(StepContext context, TransferStatus status);

    /// <summary>Null while the source is as it was at the shutdown; else the step's end, and the copy's, which is of no use any more.</summary>
    private static async Task<StepOutcome.Failed?> GuardAsync(StepContext context, CancellationToken cancellationToken)
    {
        var touched = await SourceGuard.CheckAsync(context, cancellationToken).ConfigureAwait(false);
        if (touched is not null)
        {
            await CopyJob.CancelAsync(context, cancellationToken).ConfigureAwait(false);
        }

        return touched;
    }

    private StepOutcome.Running Running(StepContext context, TransferStatus status) =>
        new(RunPaths.Run(context.Run.Id), CopyJob.Progress(context, status, verifying));
}

/// <summary>What was copied.</summary>
/// <param name="TotalBytes">Size of all disks.</param>
/// <param name="DataBytes">Of these, not zero.</param>
/// <param name="SentBytes">Bytes on the wire.</param>
internal sealed record CopyOutput(long TotalBytes, long DataBytes, long SentBytes);

/// <summary>Copies every disk from host to host.</summary>
internal sealed class CopyStep() : CopyJobStep(verifying: false)
{
    public override string Id => "copy";

    public override string Title(Plan plan) => "Copy the disks";

    public override async Task<StepRehearsal> RehearseAsync(StepContext context, CancellationToken cancellationToken)
    {
        await CopyJob.StartAsync(context, cancellationToken).ConfigureAwait(false);
        return new(Note: $"The agent on {context.SourceHost.Name} reads {context.Plan.CopyBytes()} bytes and sends them to {context.TargetHost.Name} over ssh. While it works, the guest's state and what is written to its disks are looked at again and again.");
    }

    public override async Task UndoAsync(StepContext context, CancellationToken cancellationToken)
    {
        await CopyJob.CancelAsync(context, cancellationToken).ConfigureAwait(false);
        await CopyJob.CleanUpAsync(context, cancellationToken).ConfigureAwait(false);
    }

    protected override StepOutcome? Settled(StepContext context, TransferStatus status) =>
        status.State == "done" || (status.State == "running" && status.Phase is "verify" or "done")
            ? new StepOutcome.Done(
                new CopyOutput(status.Disks.Sum(disk => disk.TotalBytes), status.Disks.Sum(disk => disk.DataBytes), status.Disks.Sum(disk => disk.SentBytes)),
                CopyJob.Progress(context, status, verifying: false))
            : null;
}

/// <summary>A disk proven equal on both sides.</summary>
/// <param name="Disk">Vdev.</param>
/// <param name="Bytes">Bytes compared.</param>
/// <param name="RootHash">Hash over all of it, the same on both sides.</param>
/// <param name="RepairedBytes">Bytes that differed at first and were copied again.</param>
internal sealed record VerifiedDisk(string Disk, long Bytes, string RootHash, long RepairedBytes);

/// <summary>All disks proven equal.</summary>
/// <param name="Disks">Per disk.</param>
internal sealed record VerifyOutput(IReadOnlyList<VerifiedDisk> Disks);

/// <summary>Reads the target again and compares it with the source's hashes.</summary>
internal sealed class VerifyStep() : CopyJobStep(verifying: true)
{
    public override string Id => "verify";

    public override string Title(Plan plan) => "Verify every byte on the target";

    public override Task<StepRehearsal> RehearseAsync(StepContext context, CancellationToken cancellationToken) =>
        Task.FromResult(new StepRehearsal(Note: "The second stage of the same job: no command of its own."));

    protected override StepOutcome? Settled(StepContext context, TransferStatus status) => status.State == "done"
        ? new StepOutcome.Done(new VerifyOutput(
            [.. status.Disks.Select(disk => new VerifiedDisk(disk.Id, disk.VerifiedBytes, disk.RootHash ?? "", disk.RepairedBytes))]),
            CopyJob.Progress(context, status, verifying: true))
        : null;
}
