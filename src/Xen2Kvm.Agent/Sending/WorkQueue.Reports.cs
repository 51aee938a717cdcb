using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Protocol;

namespace Xen2Kvm.Agent.Sending;

/// <content>What the receivers report.</content>
internal sealed partial class WorkQueue
{
    /// <summary>The receiver has written a region.</summary>
    public void Written(int disk, long offset)
    {
        lock (_gate)
        {
            SourceDisk source = DiskAt(disk);
            int region = RegionAt(source, offset / DiskLayout.RegionBytes(source.Disk.Length));
            CountWritten(source, region, ref source.Regions[region]);
        }
    }

    /// <summary>The receiver says what is durable, from its journal at connect or as it goes.</summary>
    public void Durable(int disk, ReadOnlySpan<RegionNote> notes, bool known)
    {
        lock (_gate)
        {
            SourceDisk source = DiskAt(disk);
            foreach (RegionNote note in notes)
                SetDurable(source, note, known);
            if (CopiedAt == 0 && _disks.All(d => d.NotDurable == 0))
                CopiedAt = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>A region was read back.</summary>
    /// <returns>False when it differs from the source.</returns>
    public bool Verified(int disk, RegionNote note)
    {
        lock (_gate)
        {
            SourceDisk source = DiskAt(disk);
            ref RegionEntry entry = ref source.Regions[RegionAt(source, note.Region)];
            if (entry.State != RegionState.Verifying)
                return true;
            _slots[entry.Slot].Verifying--;
            bool right = note.Hash == entry.Hash;
            if (right)
            {
                SetVerified(source, note.Region, ref entry);
            }
            else if (++entry.Mismatches >= MaxMismatches)
            {
                Fail(new TransferException(
                    $"disk {source.Disk.Id}: the target differs from the source at offset {source.RegionOffset(note.Region)} "
                    + $"({source.RegionLength(note.Region)} bytes), also after these were copied again; check the target's storage")
                { Disk = source.Disk.Id });
            }
            else
            {
                source.NotDurable++;
                source.Counters.Repaired += source.RegionLength(note.Region);
                SetPending(source, note.Region, ref entry);
            }
            Monitor.PulseAll(_gate);
            return right;
        }
    }

    /// <summary>The receiver's root hash of a disk.</summary>
    public void Root(int disk, UInt128 theirs, Func<IEnumerable<UInt128>, UInt128> combine)
    {
        lock (_gate)
        {
            SourceDisk source = DiskAt(disk);
            UInt128 ours = combine(source.Regions.Select(r => r.Hash));
            if (ours == theirs)
                source.RootHash = $"{(ulong)(ours >> 64):x16}{(ulong)ours:x16}";
            else
                Fail(new TransferException($"disk {source.Disk.Id}: the root hashes of the two sides differ") { Disk = source.Disk.Id });
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Where a region of a disk begins.</summary>
    public long OffsetOf(int disk, int region) => DiskAt(disk).RegionOffset(region);

    private void SetDurable(SourceDisk disk, RegionNote note, bool known)
    {
        ref RegionEntry entry = ref disk.Regions[RegionAt(disk, note.Region)];
        if (entry.State is RegionState.Durable or RegionState.Verifying or RegionState.Verified)
            return;
        // A region that is sent again is not durable because an earlier copy was.
        if (known ? entry.State != RegionState.Pending || entry.Mismatches > 0 : entry.State != RegionState.Sent || entry.Hash != note.Hash)
            return;
        if (entry.State == RegionState.Sent)
            _slots[entry.Slot].Unsynced--;
        if (known)
        {
            (entry.Hash, entry.ZeroBytes) = (note.Hash, note.ZeroBytes);
            entry.Mark(RegionMarks.HasHash);
            if ((entry.Marks & RegionMarks.CountedRead) == 0)
                disk.Counters.Resumed += disk.RegionLength(note.Region);
            Count(disk, note.Region, ref entry);
        }
        CountWritten(disk, note.Region, ref entry);
        disk.NotDurable--;
        if (entry.Mark(RegionMarks.CountedDurable))
            disk.Counters.Durable += disk.RegionLength(note.Region);
        SetToVerify(disk, note.Region, ref entry);
        if (known && note.Verified)
            SetVerified(disk, note.Region, ref entry);
    }

    private static void SetVerified(SourceDisk disk, int region, ref RegionEntry entry)
    {
        entry.State = RegionState.Verified;
        disk.NotVerified--;
        disk.Counters.Verified += disk.RegionLength(region);
    }

    private static void CountWritten(SourceDisk disk, int region, ref RegionEntry entry)
    {
        if (entry.Mark(RegionMarks.CountedWritten))
            disk.Counters.Written += disk.RegionLength(region);
    }

    private SourceDisk DiskAt(int disk) =>
        disk < _disks.Count ? _disks[disk] : throw new ProtocolException($"the receiver names disk {disk}, which the job has not");

    private static int RegionAt(SourceDisk disk, long region) =>
        region < disk.Regions.Length ? (int)region : throw new ProtocolException($"the receiver names region {region}, which disk {disk.Disk.Id} has not");
}
