using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;

namespace Xen2Kvm.Domain.Waves;

/// <summary>What plans take of one resource of a target host, against what is free there.</summary>
/// <param name="Host">The host.</param>
/// <param name="Resource"><c>memory</c>, <c>vCPUs</c>, or the name of a volume group or pool.</param>
/// <param name="Adds">What the plans take: bytes, or virtual CPUs.</param>
/// <param name="Free">What is free: bytes, or logical processors in all; null when it is not known.</param>
/// <param name="IsBytes">Counted in bytes.</param>
public sealed record CapacityUse(string Host, string Resource, long Adds, long? Free, bool IsBytes)
{
    /// <summary>More than there is. Virtual CPUs may be more than processors: that is slow, not impossible.</summary>
    public bool IsTooMuch => IsBytes && Free is { } free && Adds > free;
}

/// <summary>Adds up what plans take on their target hosts, before anything is promised. Pure.</summary>
public static class WaveCapacity
{
    /// <summary>Every resource that the plans take, by host.</summary>
    /// <param name="plans">The plans that are still to be moved.</param>
    /// <param name="hosts">Target hosts with what is known of them.</param>
    public static IReadOnlyList<CapacityUse> Of(IReadOnlyCollection<Plan> plans, IReadOnlyDictionary<Guid, (string Name, HostFacts? Facts)> hosts) =>
        [.. plans.GroupBy(plan => plan.TargetHostId).SelectMany(group => OfHost([.. group], hosts.GetValueOrDefault(group.Key, ("?", null))))];

    private static IEnumerable<CapacityUse> OfHost(IReadOnlyList<Plan> plans, (string Name, HostFacts? Facts) host)
    {
        yield return new(host.Name, "memory", plans.Sum(plan => plan.Target.MemoryMiB) << 20, host.Facts?.FreeMemoryMiB << 20, true);
        yield return new(host.Name, "vCPUs", plans.Sum(plan => plan.Target.Vcpus), host.Facts is { Cpus: > 0 } facts ? facts.Cpus : null, false);
        foreach (var storage in plans.SelectMany(plan => plan.Target.Disks).GroupBy(disk => disk.StorageName, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            yield return new(
                host.Name, storage.Key, storage.Sum(disk => disk.SizeBytes),
                host.Facts?.Storage.FirstOrDefault(space => space.Name == storage.Key)?.FreeBytes, true);
        }
    }
}
