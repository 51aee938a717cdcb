namespace Xen2Kvm.Domain.Preflight.Rules;

/// <summary>What the plan asks of the target exists there.</summary>
public sealed class X19TargetRoom() : RuleBase("X19", "The target has bridge, room, memory and KVM"), IPreflightRule
{
    /// <inheritdoc/>
    public IEnumerable<Concern> Evaluate(PreflightFacts facts)
    {
        var target = facts.Target.Facts;
        foreach (var nic in facts.Plan.Target.Nics.Where(nic => target.Bridges.All(bridge => bridge.Name != nic.Bridge)))
        {
            yield return Blocker(nic.Bridge, $"{facts.TargetHost.Name} has no bridge {nic.Bridge}.", $"bridges there: {string.Join(", ", target.Bridges.Select(bridge => bridge.Name))}", "Choose another bridge in the plan, or make this one on the host.");
        }

        foreach (var nic in facts.Plan.Target.Nics)
        {
            if (nic.Mtu is { } mtu && target.Bridges.FirstOrDefault(bridge => bridge.Name == nic.Bridge) is { } bridge && bridge.Mtu < mtu)
            {
                yield return Blocker(nic.Bridge, $"Bridge {nic.Bridge} carries smaller frames than the guest sends.", $"MTU {bridge.Mtu}, the guest's is {mtu}", "Raise the bridge's MTU, or plan a smaller one.");
            }
        }

        foreach (var group in facts.Plan.Target.Disks.GroupBy(disk => (disk.StorageKind, disk.StorageName)))
        {
            var space = target.Storage.FirstOrDefault(storage => storage.Kind == group.Key.StorageKind && storage.Name == group.Key.StorageName);
            var needed = group.Sum(disk => disk.SizeBytes);
            if (space is null || space.FreeBytes < needed)
            {
                yield return Blocker(group.Key.StorageName, $"{group.Key.StorageName} on {facts.TargetHost.Name} has no room for the disks.",
                    $"{needed / 1073741824.0:0.0} GiB needed, {(space?.FreeBytes ?? 0) / 1073741824.0:0.0} GiB free", "Choose other storage in the plan, or make room.");
            }
        }

        foreach (var path in facts.ExistingTargetPaths)
        {
            yield return Blocker(path, $"{path} already exists on {facts.TargetHost.Name}.", path, "It is not overwritten. Choose another name in the plan, or remove it yourself.");
        }

        if (target.FreeMemoryMiB > 0 && target.FreeMemoryMiB < facts.Plan.Target.MemoryMiB)
        {
            yield return Blocker("memory", $"{facts.TargetHost.Name} has too little free memory.", $"{facts.Plan.Target.MemoryMiB} MiB needed, {target.FreeMemoryMiB} MiB free", "Plan less memory, or free some on the host.");
        }

        if (!facts.Plan.Target.UseKvm || target.KvmUsable == false)
        {
            yield return Warning("kvm", $"{facts.TargetHost.Name} cannot use KVM; the guest would be emulated, many times slower.", "a probe guest did not boot under KVM there", "Switch on VT-x/AMD-V in the firmware and load kvm_intel or kvm_amd. Accept this only for tests.");
        }
    }
}
