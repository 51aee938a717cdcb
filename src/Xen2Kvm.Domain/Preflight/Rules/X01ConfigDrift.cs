using Xen2Kvm.Domain.Inventory;

namespace Xen2Kvm.Domain.Preflight.Rules;

/// <summary>What was attached or changed at run time is not in the file; the running domain is the truth.</summary>
public sealed class X01ConfigDrift() : RuleBase("X01", "The config file differs from the running domain"), IGuestRule, IPreflightRule
{
    /// <inheritdoc/>
    public IEnumerable<Concern> Evaluate(GuestFacts facts) => facts.Guest.Drift.Select(difference => Warning(
        difference, $"{facts.Guest.Name} runs with something else than its config file says.", $"{facts.Guest.ConfigPath}: {difference}",
        "The running domain is taken as the truth. Accept this, or correct the file and refresh."));

    /// <inheritdoc/>
    public IEnumerable<Concern> Evaluate(PreflightFacts facts)
    {
        if (facts.Guest is not { } guest)
        {
            yield return Blocker(facts.Plan.Source.Name, $"{facts.Plan.Source.Name} is not on {facts.SourceHost.Name} any more.",
                $"inventory of {facts.SourceHost.Name} at {facts.Source.TakenAt:u}", "Refresh the host's inventory and plan the guest where it is now.");
            yield break;
        }

        if (guest.IsLocked)
        {
            yield return Blocker(guest.Name, $"{guest.Name} was moved away from {facts.SourceHost.Name}, or a move of it is not at its end.",
                $"{guest.ConfigPath} is set aside", "Roll that move back first, or leave the guest where it is now.");
        }

        // A plan is frozen: a disk that came or grew since it was made would be left behind or cut off.
        foreach (var change in Changes(facts.Plan.Source, guest))
        {
            yield return Blocker(change, $"{guest.Name} has changed since it was planned.", change, "Make a new plan from the present inventory.");
        }
    }

    private static IEnumerable<string> Changes(Guest planned, Guest now)
    {
        var before = planned.Disks.ToDictionary(disk => disk.Vdev, StringComparer.Ordinal);
        foreach (var disk in now.Disks)
        {
            if (!before.Remove(disk.Vdev, out var old))
            {
                yield return $"disk {disk.Vdev} is new";
            }
            else if (old.Path != disk.Path || old.SizeBytes != disk.SizeBytes)
            {
                yield return $"disk {disk.Vdev} was {old.Path} ({old.SizeBytes} bytes), is {disk.Path} ({disk.SizeBytes} bytes)";
            }
        }

        foreach (var gone in before.Keys)
        {
            yield return $"disk {gone} is gone";
        }

        if (!planned.Nics.Select(nic => nic.Mac).SequenceEqual(now.Nics.Select(nic => nic.Mac)))
        {
            yield return $"MAC addresses were {string.Join(", ", planned.Nics.Select(nic => nic.Mac))}, are {string.Join(", ", now.Nics.Select(nic => nic.Mac))}";
        }
    }
}
