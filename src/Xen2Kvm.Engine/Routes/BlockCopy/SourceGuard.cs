using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Engine.Routes.BlockCopy;

/// <summary>
/// Watches the source's disks from the guest's shutdown to its start on KVM. The lock keeps programs from starting it on Xen, not people:
/// what they change there after it was copied would be lost without a trace.
/// </summary>
internal static class SourceGuard
{
    private static readonly TimeSpan _every = TimeSpan.FromSeconds(15);

    /// <summary>Looks at the source's disks.</summary>
    public static Task<IReadOnlyList<DiskMark>> LookAsync(StepContext context, CancellationToken cancellationToken) =>
        context.Xen.MarkDisksAsync(Paths(context), cancellationToken);

    /// <summary>Marks the disks of a guest that is off and locked.</summary>
    public static async Task<IReadOnlyList<DiskMark>> MarkAsync(StepContext context, CancellationToken cancellationToken)
    {
        var marks = await LookAsync(context, cancellationToken).ConfigureAwait(false);
        foreach (var mark in marks.Where(mark => !mark.IsKnown))
        {
            context.Log($"{context.SourceHost.Name} does not count what is written to {mark.Path}: see to it that nobody starts {context.Plan.Source.Name} there during the move.", RunLogLevel.Warning);
        }

        return marks;
    }

    /// <summary>
    /// Null while the disks have the sizes that the plan was made for; else why the run cannot go on. Hours can lie between the preflight and the
    /// shutdown, and what a disk grew by meanwhile would be left behind.
    /// </summary>
    public static string? Resized(StepContext context, IReadOnlyList<DiskMark> marks)
    {
        var sizes = marks.ToDictionary(mark => mark.Path, mark => mark.SizeBytes, StringComparer.Ordinal);

        // Of other formats than raw the file's size is not the disk's.
        var resized = Disks(context).Where(disk => disk is { SizeBytes: not null, Format: "raw" } && sizes[disk.Path!] is { } size && size != disk.SizeBytes)
            .Select(disk => $"{disk.Vdev} ({disk.Path}) had {disk.SizeBytes} bytes, has {sizes[disk.Path!]}").ToList();
        return resized.Count == 0
            ? null
            : $"{context.Plan.Source.Name} on {context.SourceHost.Name} has disks of other sizes than it was planned with: {string.Join("; ", resized)}. Only what was planned would be copied: refresh the inventory of {context.SourceHost.Name} and make a new plan.";
    }

    /// <summary>Whether it is time for another look while a step is observed again and again.</summary>
    public static bool IsDue(StepContext context) =>
        context.Run.Steps.First(step => step.Id == context.StepId).Progress is not { } last
        || last.At.Ticks / _every.Ticks != context.Time.GetUtcNow().Ticks / _every.Ticks;

    /// <summary>Null while the guest is off and its disks are as they were at the shutdown; else why the run cannot go on.</summary>
    public static async Task<StepOutcome.Failed?> CheckAsync(StepContext context, CancellationToken cancellationToken)
    {
        var (name, host) = (context.Plan.Source.Name, context.SourceHost.Name);
        var state = await context.Xen.GetStateAsync(name, cancellationToken).ConfigureAwait(false);
        if (state.Power != PowerState.Off)
        {
            return new StepOutcome.Failed(
                $"{name} is {state.Power.ToString().ToLowerInvariant()} on {host} again: somebody started it there. It is not started on KVM, since it must never run twice. {Advice(name, host)}");
        }

        var marked = context.Output<StopOutput>("stop")!.Marks.ToDictionary(mark => mark.Path, StringComparer.Ordinal);
        var now = await context.Xen.MarkDisksAsync([.. marked.Keys], cancellationToken).ConfigureAwait(false);
        var touched = now.Where(mark => !mark.IsUntouchedSince(marked[mark.Path])).ToList();
        return touched.Count == 0
            ? null
            : new StepOutcome.Failed(
                $"The disks of {name} on {host} have changed since it was shut down ({string.Join(", ", touched.Select(mark => mark.DifferenceFrom(marked[mark.Path])))}): somebody started it there, or another program writes to them. {Advice(name, host)}");
    }

    private static string Advice(string name, string host) =>
        $"The copy is of the state before and is not used: roll this run back, shut {name} down on {host} if it runs there, and start a new run.";

    private static IEnumerable<GuestDisk> Disks(StepContext context) =>
        context.Plan.Source.Disks.Where(disk => disk is { IsCdrom: false, Path: not null }).DistinctBy(disk => disk.Path, StringComparer.Ordinal);

    private static IReadOnlyList<string> Paths(StepContext context) => [.. Disks(context).Select(disk => disk.Path!)];
}
