using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Runs;

namespace Xen2Kvm.Domain.Cleanups;

/// <summary>How a moved guest stands at one moment: whether what it left on Xen may be deleted. Asked of both hosts afresh.</summary>
public sealed record GuestStanding
{
    /// <summary>Its newest run.</summary>
    public required Run Run { get; init; }

    /// <summary>Its name on the KVM host.</summary>
    public required string TargetName { get; init; }

    /// <summary>Its state on the KVM host; null when libvirt does not know it.</summary>
    public required PowerState? OnKvm { get; init; }

    /// <summary>The run that defined that guest; null for none of this program.</summary>
    public required Guid? DefinedBy { get; init; }

    /// <summary>Its state on the Xen host.</summary>
    public required PowerState OnXen { get; init; }

    /// <summary>The run that holds its lock on the Xen host; null when it is not locked.</summary>
    public required Guid? LockedBy { get; init; }

    /// <summary>A configuration on the Xen host from which it could be started; null for none.</summary>
    public string? StartableConfig { get; init; }

    /// <summary>An open wave that has it; null for none.</summary>
    public string? Wave { get; init; }

    /// <summary>When it was proven on KVM; null when it was not.</summary>
    public static DateTimeOffset? ProvenAt(Run run) =>
        run.State == RunState.Succeeded && run.Steps.FirstOrDefault(step => step.Id == "prove") is { State: StepState.Done } proof ? proof.FinishedAt ?? run.FinishedAt : null;

    /// <summary>Why nothing of it may be deleted now, each as a sentence with what to do; empty when it may.</summary>
    /// <param name="lockGone">Its lock was deleted already by the same cleanup, with everything before it.</param>
    public IEnumerable<string> Problems(bool lockGone = false)
    {
        var (guest, xen, kvm) = (Run.GuestName, Run.SourceHost, Run.TargetHost);
        if (ProvenAt(Run) is null)
        {
            yield return $"The newest run of {guest} is not proven: it is {Run.State}. Only what a proven move left behind is deleted.";
        }

        if (Wave is { } wave)
        {
            yield return $"{guest} is in the wave {wave}, which has not come to its end. Let it end first.";
        }

        if (DefinedBy != Run.Id)
        {
            yield return OnKvm is null
                ? $"{kvm} has no guest {TargetName}. What is on {xen} may be all there is of it."
                : $"{TargetName} on {kvm} is not the guest that run {Run.Id} made there. What is on {xen} may be all there is of {guest}.";
        }
        else if (OnKvm != PowerState.Running)
        {
            yield return $"{TargetName} does not run on {kvm}: it is {OnKvm?.ToString().ToLowerInvariant()}. Start it there and see that it works.";
        }

        if (OnXen != PowerState.Off)
        {
            yield return $"{guest} is {OnXen.ToString().ToLowerInvariant()} on {xen}. Find out who started it there; it must never run twice.";
        }

        if (StartableConfig is { } config)
        {
            yield return $"{guest} has a configuration on {xen} again that is not set aside ({config}). Remove that one, or find out who needs it.";
        }

        if (!lockGone && LockedBy != Run.Id)
        {
            yield return LockedBy is { } other
                ? $"{guest} is locked on {xen} by another run ({other})."
                : $"{guest} is not locked on {xen} any more: somebody took the lock of its move away. Delete what is left there by hand.";
        }
    }
}
