using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Protocol;

namespace Xen2Kvm.Agent.Sending;

/// <summary>What a worker is to do next.</summary>
internal enum WorkKind
{
    /// <summary>End: the job is over, or this connection is.</summary>
    Stop,

    /// <summary>Read and send a region.</summary>
    Copy,

    /// <summary>Ask the receiver to make all durable.</summary>
    Sync,

    /// <summary>Ask the receiver to read a region back.</summary>
    Verify,

    /// <summary>Ask for the root hash of a disk.</summary>
    Root,
}

/// <summary>One piece of work.</summary>
internal readonly record struct Work(WorkKind Kind, SourceDisk? Disk = null, int Region = 0, RegionEntry Entry = default);

/// <summary>
/// Who does what: hands regions to the connections' workers, in order within a disk and in turn between disks, and keeps their state as the
/// receivers report. A connection that is lost gives back what it held. First all regions become durable, then all are verified.
/// </summary>
internal sealed class WorkQueue
{
    private const int MaxVerifyingPerSlot = 8, MaxMismatches = 2;
    private readonly object _gate = new();
    private readonly IReadOnlyList<SourceDisk> _disks;
    private readonly Slot[] _slots;
    private int _nextDisk;
    private bool _stopping;

    public WorkQueue(IReadOnlyList<SourceDisk> disks, int slots)
    {
        _disks = disks;
        _slots = [.. Enumerable.Range(0, slots).Select(_ => new Slot())];
    }

    /// <summary>Why the job failed, once it has.</summary>
    public TransferException? Failure { get; private set; }

    /// <summary>All regions are verified and the root hashes agree.</summary>
    public bool IsDone
    {
        get
        {
            lock (_gate)
                return _disks.All(d => d.RootHash is not null);
        }
    }

    /// <summary>True when no worker will get anything but <see cref="WorkKind.Stop"/>, save for a last sync.</summary>
    public bool IsOver
    {
        get
        {
            lock (_gate)
                return _stopping || Failure is not null || _disks.All(d => d.RootHash is not null);
        }
    }

    /// <summary>A connection is up; its workers may take.</summary>
    public void Attach(int slot)
    {
        lock (_gate)
        {
            _slots[slot] = new Slot { Up = true };
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>A connection is lost: what it sent and is not durable goes back.</summary>
    public void Detach(int slot)
    {
        lock (_gate)
        {
            _slots[slot].Up = false;
            foreach (SourceDisk disk in _disks)
            {
                if (disk.RootHash is null)
                    disk.RootAsked = false;
                for (int region = 0; region < disk.Regions.Length; region++)
                {
                    ref RegionEntry entry = ref disk.Regions[region];
                    if (entry.Slot != slot)
                        continue;
                    if (entry.State is RegionState.Sending or RegionState.Sent)
                        SetPending(disk, region, ref entry);
                    else if (entry.State == RegionState.Verifying)
                        SetToVerify(disk, region, ref entry);
                }
            }
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Ends the work at a safe point: nothing new is begun, what was sent is made durable.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Ends the work with an error.</summary>
    public void Fail(TransferException failure)
    {
        lock (_gate)
        {
            Failure ??= failure;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>The next work for a connection; waits until there is some.</summary>
    public Work Take(int slot)
    {
        lock (_gate)
        {
            while (true)
            {
                Slot own = _slots[slot];
                if (!own.Up || Failure is not null)
                    return new Work(WorkKind.Stop);
                bool mayCopy = !_stopping;
                if (mayCopy && TakeCopy(slot) is { } copy)
                    return copy;
                if (own.Sending == 0 && own.Unsynced > 0 && !own.SyncAsked)
                {
                    own.SyncAsked = true;
                    return new Work(WorkKind.Sync);
                }
                if (_stopping && own.Sending == 0 && own.Unsynced == 0)
                    return new Work(WorkKind.Stop);
                if (mayCopy && _disks.All(d => d.NotDurable == 0))
                {
                    if (own.Verifying < MaxVerifyingPerSlot && TakeVerify(slot) is { } verify)
                        return verify;
                    if (_disks.All(d => d.NotVerified == 0))
                    {
                        // The first connection sees all journals.
                        if (slot == 0 && _disks.FirstOrDefault(d => !d.RootAsked) is { } disk)
                        {
                            disk.RootAsked = true;
                            return new Work(WorkKind.Root, disk);
                        }
                        if (slot != 0 || _disks.All(d => d.RootHash is not null))
                            return new Work(WorkKind.Stop);
                    }
                }
                Monitor.Wait(_gate);
            }
        }
    }

    /// <summary>
    /// All chunks of a region are on their way, its last frame comes next. Said before that frame, as the answer to it may be faster than
    /// this thread; <see cref="Finished"/> follows.
    /// </summary>
    public void Sent(int slot, SourceDisk disk, int region, UInt128 hash, int zeroBytes)
    {
        lock (_gate)
        {
            ref RegionEntry entry = ref disk.Regions[region];
            if (!_slots[slot].Up || entry.State != RegionState.Sending || entry.Slot != slot)
                return;
            if (entry.HasHash && entry.Hash != hash)
            {
                Fail(new TransferException(
                    $"disk {disk.Disk.Id}: the source {disk.Disk.Source} changed at offset {DiskLayout.RegionOffset(region)} while it was copied; "
                    + "make sure that the guest is stopped, then start a new job")
                { Disk = disk.Disk.Id });
                return;
            }
            (entry.Hash, entry.ZeroBytes, entry.HasHash, entry.State) = (hash, zeroBytes, true, RegionState.Sent);
            Count(disk, region, ref entry);
            _slots[slot].Unsynced++;
            _slots[slot].SyncAsked = false;
        }
    }

    /// <summary>The last frame of a region is sent; a sync from now on covers it.</summary>
    public void Finished(int slot)
    {
        lock (_gate)
        {
            _slots[slot].Sending--;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Adds to a disk's bytes on the wire.</summary>
    public void CountSent(SourceDisk disk, int bytes) => Interlocked.Add(ref disk.Counters.Sent, bytes);

    /// <summary>The receiver has written a region.</summary>
    public void Written(int disk, long offset)
    {
        lock (_gate)
        {
            SourceDisk source = DiskAt(disk);
            int region = RegionAt(source, offset / DiskLayout.RegionBytes);
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
                    $"disk {source.Disk.Id}: the target differs from the source at offset {DiskLayout.RegionOffset(note.Region)} "
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
    public void Root(int disk, UInt128 theirs, Func<UInt128[], UInt128> combine)
    {
        lock (_gate)
        {
            SourceDisk source = DiskAt(disk);
            UInt128 ours = combine([.. source.Regions.Select(r => r.Hash)]);
            if (ours == theirs)
                source.RootHash = $"{(ulong)(ours >> 64):x16}{(ulong)ours:x16}";
            else
                Fail(new TransferException($"disk {source.Disk.Id}: the root hashes of the two sides differ") { Disk = source.Disk.Id });
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Runs something while nothing changes.</summary>
    public T Read<T>(Func<IReadOnlyList<SourceDisk>, T> read)
    {
        lock (_gate)
            return read(_disks);
    }

    private Work? TakeCopy(int slot)
    {
        for (int i = 0; i < _disks.Count; i++)
        {
            SourceDisk disk = _disks[(_nextDisk + i) % _disks.Count];
            while (disk.Cursor < disk.Regions.Length && disk.Regions[disk.Cursor].State != RegionState.Pending)
                disk.Cursor++;
            if (disk.Cursor == disk.Regions.Length)
                continue;
            ref RegionEntry entry = ref disk.Regions[disk.Cursor];
            (entry.State, entry.Slot) = (RegionState.Sending, (byte)slot);
            _slots[slot].Sending++;
            _nextDisk = (disk.Index + 1) % _disks.Count;
            return new Work(WorkKind.Copy, disk, disk.Cursor++, entry);
        }
        return null;
    }

    private Work? TakeVerify(int slot)
    {
        for (int i = 0; i < _disks.Count; i++)
        {
            SourceDisk disk = _disks[(_nextDisk + i) % _disks.Count];
            while (disk.VerifyCursor < disk.Regions.Length && disk.Regions[disk.VerifyCursor].State != RegionState.Durable)
                disk.VerifyCursor++;
            if (disk.VerifyCursor == disk.Regions.Length)
                continue;
            ref RegionEntry entry = ref disk.Regions[disk.VerifyCursor];
            (entry.State, entry.Slot) = (RegionState.Verifying, (byte)slot);
            _slots[slot].Verifying++;
            _nextDisk = (disk.Index + 1) % _disks.Count;
            return new Work(WorkKind.Verify, disk, disk.VerifyCursor++, entry);
        }
        return null;
    }

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
            (entry.Hash, entry.ZeroBytes, entry.HasHash) = (note.Hash, note.ZeroBytes, true);
            if (!entry.Counted)
                disk.Counters.Resumed += disk.RegionLength(note.Region);
            Count(disk, note.Region, ref entry);
        }
        CountWritten(disk, note.Region, ref entry);
        disk.NotDurable--;
        if (!entry.CountedDurable)
            disk.Counters.Durable += disk.RegionLength(note.Region);
        entry.CountedDurable = true;
        SetToVerify(disk, note.Region, ref entry);
        if (known && note.Verified)
            SetVerified(disk, note.Region, ref entry);
    }

    private static void SetPending(SourceDisk disk, int region, ref RegionEntry entry)
    {
        entry.State = RegionState.Pending;
        disk.Cursor = Math.Min(disk.Cursor, region);
    }

    private static void SetToVerify(SourceDisk disk, int region, ref RegionEntry entry)
    {
        entry.State = RegionState.Durable;
        disk.VerifyCursor = Math.Min(disk.VerifyCursor, region);
    }

    private static void SetVerified(SourceDisk disk, int region, ref RegionEntry entry)
    {
        entry.State = RegionState.Verified;
        disk.NotVerified--;
        disk.Counters.Verified += disk.RegionLength(region);
    }

    private static void Count(SourceDisk disk, int region, ref RegionEntry entry)
    {
        if (entry.Counted)
            return;
        entry.Counted = true;
        disk.Counters.Read += disk.RegionLength(region);
        disk.Counters.Zero += entry.ZeroBytes;
    }

    private static void CountWritten(SourceDisk disk, int region, ref RegionEntry entry)
    {
        if (entry.CountedWritten)
            return;
        entry.CountedWritten = true;
        disk.Counters.Written += disk.RegionLength(region);
    }

    private SourceDisk DiskAt(int disk) =>
        disk < _disks.Count ? _disks[disk] : throw new ProtocolException($"the receiver names disk {disk}, which the job has not");

    private static int RegionAt(SourceDisk disk, long region) =>
        region < disk.Regions.Length ? (int)region : throw new ProtocolException($"the receiver names region {region}, which disk {disk.Disk.Id} has not");

    private sealed class Slot
    {
        public bool Up { get; set; }

        public int Sending { get; set; }

        public int Unsynced { get; set; }

        public bool SyncAsked { get; set; }

        public int Verifying { get; set; }
    }
}
