using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Engine.Routes.BlockCopy;

/// <summary>Makes the copy bootable on KVM. It can be cut off anywhere and is then done again from its start.</summary>
internal sealed class ConvertStep(IGuestConverter converter, IReadOnlyList<IDiskRule> rules) : StepBase
{
    public override string Id => "convert";

    public override string Title(Plan plan) => "Make it bootable on KVM";

    public override Task<StepOutcome> ProbeAsync(StepContext context, CancellationToken cancellationToken) =>
        Task.FromResult<StepOutcome>(new StepOutcome.NotStarted());

    public override async Task<StepOutcome> StartAsync(StepContext context, CancellationToken cancellationToken)
    {
        var allocated = context.Output<AllocateOutput>("allocate")!;
        var boot = context.Plan.Source.Boot;
        var hostKernel = boot is { Method: BootMethod.HostKernel, Kernel: { } kernelPath }
            ? await context.Xen.ReadKernelAsync(kernelPath, boot.Ramdisk, cancellationToken).ConfigureAwait(false)
            : null;
        var request = new ConversionRequest
        {
            RunId = context.Run.Id,
            Source = context.Plan.Source,
            Target = context.Plan.Target,
            Disks = [.. context.Plan.Target.Disks.Zip(allocated.Disks, (plan, disk) => new ConversionDisk(disk.Path, disk.Format, plan))],
            StagedKernel = allocated.Kernel?.TargetPath,
            StagedInitrd = allocated.Initrd?.TargetPath,
            KernelFileName = allocated.Kernel is null ? null : Path.GetFileName(boot.Kernel),
            InitrdFileName = allocated.Initrd is null ? null : Path.GetFileName(boot.Ramdisk),
            Assess = inspection => Assess(new DiskFacts(context.Plan.Source, inspection, hostKernel)),
            WorkDirectory = RunPaths.Work(context.Run.Id),
        };
        var outcome = await converter.ConvertAsync(context.Target, request, new Say(context), cancellationToken).ConfigureAwait(false);
        foreach (var concern in outcome.Concerns)
        {
            context.Log($"[{concern.Id} {concern.Severity}] {concern.Title} {concern.Evidence}",
                concern.Severity == Severity.Info ? Domain.Runs.RunLogLevel.Info : Domain.Runs.RunLogLevel.Warning);
        }

        if (outcome.Concerns.FirstOrDefault(concern => concern.Severity == Severity.Blocker) is { } blocker)
        {
            return new StepOutcome.Failed($"{blocker.Title} {blocker.Evidence} {blocker.Fix} The guest goes back to {context.SourceHost.Name}.", RollBack: true);
        }

        var diffs = string.Join("\n", outcome.Changes.Select(change => $"# {change.Path}: {change.Reason}\n{change.Diff}"));
        await context.KeepAsync("changes.diff", diffs, cancellationToken).ConfigureAwait(false);
        if (outcome.BootLoader.Length > 0)
        {
            context.Log(outcome.BootLoader);
        }

        return new StepOutcome.Done(outcome);
    }

    public override async Task<StepRehearsal> RehearseAsync(StepContext context, CancellationToken cancellationToken)
    {
        if (context.Plan.Source.Boot is { Method: BootMethod.HostKernel, Kernel: { } kernel } boot)
        {
            await context.Xen.ReadKernelAsync(kernel, boot.Ramdisk, cancellationToken).ConfigureAwait(false);
        }

        return new(Note: $"On {context.TargetHost.Name} guestfish opens the copied disks in an appliance of its own. What it changes depends on what it finds there; each changed file is kept as a diff with the run.");
    }

    private IReadOnlyList<Concern> Assess(DiskFacts facts) => [.. rules.SelectMany(rule => rule.Evaluate(facts))];

    private sealed class Say(StepContext context) : IProgress<string>
    {
        public void Report(string value) => context.Report(value);
    }
}
