namespace Xen2Kvm.Domain.Inventory;

/// <summary>What changed in a host's inventory between two snapshots.</summary>
/// <param name="Guest">The guest it concerns, or null for the host itself.</param>
/// <param name="Text">The change in words: <c>appeared</c>, <c>memory 512 → 1024 MiB</c>.</param>
public sealed record SnapshotDifference(string? Guest, string Text)
{
    /// <summary>Compares two snapshots of the same host; an absent first one has no differences.</summary>
    public static IReadOnlyList<SnapshotDifference> Between(HostSnapshot? before, HostSnapshot after)
    {
        if (before is null)
        {
            return [];
        }

        var differences = new List<SnapshotDifference>();
        var old = before.Guests.ToDictionary(guest => guest.Name, StringComparer.Ordinal);
        foreach (var guest in after.Guests)
        {
            if (!old.Remove(guest.Name, out var was))
            {
                differences.Add(new(guest.Name, "appeared"));
                continue;
            }

            Compare(differences, guest.Name, "power", was.Power, guest.Power);
            Compare(differences, guest.Name, "vCPUs", was.Vcpus, guest.Vcpus);
            Compare(differences, guest.Name, "memory in MiB", was.MemoryMiB, guest.MemoryMiB);
            Compare(differences, guest.Name, "autostart", was.Autostart, guest.Autostart);
            Compare(differences, guest.Name, "disks", Describe(was.Disks), Describe(guest.Disks));
            Compare(differences, guest.Name, "NICs", Describe(was.Nics), Describe(guest.Nics));
        }

        differences.AddRange(old.Keys.Select(name => new SnapshotDifference(name, "is gone")));
        Compare(differences, null, "hypervisor", before.Facts.Hypervisor, after.Facts.Hypervisor);
        Compare(differences, null, "kernel", before.Facts.Kernel, after.Facts.Kernel);
        return differences;
    }

    private static void Compare<T>(List<SnapshotDifference> into, string? guest, string what, T before, T after)
    {
        if (!EqualityComparer<T>.Default.Equals(before, after))
        {
            into.Add(new(guest, $"{what}: {before} → {after}"));
        }
    }

    private static string Describe(IReadOnlyList<GuestDisk> disks) =>
        string.Join(", ", disks.Select(disk => $"{disk.Vdev} {disk.Path ?? "empty"} {disk.SizeBytes}"));

    private static string Describe(IReadOnlyList<GuestNic> nics) => string.Join(", ", nics.Select(nic => $"{nic.Mac} on {nic.Bridge}"));
}
