using Xen2Kvm.Transfer;

namespace Xen2Kvm.Agent.Sending;

/// <summary>
/// Who does what: hands regions to the connections' workers, in order within a disk and in turn between disks, and keeps their state as the
/// receivers report. A connection that is lost gives back what it held. First all regions become durable, then all are verified.
/// </summary>
internal sealed partial class WorkQueue
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

    /// <summary>When all regions were durable for the first time in this run, Unix milliseconds; 0 before.</summary>
    public long CopiedAt { get; private set; }

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
                if (mayCopy && TakeRegion(slot, WorkKind.Copy) is { } copy)
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
                    if (own.Verifying < MaxVerifyingPerSlot && TakeRegion(slot, WorkKind.Verify) is { } verify)
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
            if ((entry.Marks & RegionMarks.HasHash) != 0 && entry.Hash != hash)
            {
                Fail(new TransferException(
                    $"disk {disk.Disk.Id}: the source {disk.Disk.Source} changed at offset {disk.RegionOffset(region)} while it was copied; "
                    + "make sure that the guest is stopped, then start a new job")
                { Disk = disk.Disk.Id });
                return;
            }
            (entry.Hash, entry.ZeroBytes, entry.State) = (hash, zeroBytes, RegionState.Sent);
            entry.Mark(RegionMarks.HasHash);
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

    /// <summary>Runs something while nothing changes.</summary>
    public T Read<T>(Func<IReadOnlyList<SourceDisk>, T> read)
    {
        lock (_gate)
            return read(_disks);
    }

    /// <summary>The next region in turn that is to be copied or verified, handed to a connection; null when there is none.</summary>
    private Work? TakeRegion(int slot, WorkKind kind)
    {
        bool copies = kind == WorkKind.Copy;
        RegionState waiting = copies ? RegionState.Pending : RegionState.Durable;
        for (int i = 0; i < _disks.Count; i++)
        {
            SourceDisk disk = _disks[(_nextDisk + i) % _disks.Count];
            ref int cursor = ref copies ? ref disk.CopyCursor : ref disk.VerifyCursor;
            while (cursor < disk.Regions.Length && disk.Regions[cursor].State != waiting)
                cursor++;
            if (cursor == disk.Regions.Length)
                continue;
            ref RegionEntry entry = ref disk.Regions[cursor];
            (entry.State, entry.Slot) = (copies ? RegionState.Sending : RegionState.Verifying, (byte)slot);
            if (copies)
                _slots[slot].Sending++;
            else
                _slots[slot].Verifying++;
            _nextDisk = (disk.Index + 1) % _disks.Count;
            return new Work(kind, disk, cursor++, entry);
        }
        return null;
    }

    private static void SetPending(SourceDisk disk, int region, ref RegionEntry entry)
    {
        entry.State = RegionState.Pending;
        disk.CopyCursor = Math.Min(disk.CopyCursor, region);
    }

    private static void SetToVerify(SourceDisk disk, int region, ref RegionEntry entry)
    {
        entry.State = RegionState.Durable;
        disk.VerifyCursor = Math.Min(disk.VerifyCursor, region);
    }

    private static void Count(SourceDisk disk, int region, ref RegionEntry entry)
    {
        if (!entry.Mark(RegionMarks.CountedRead))
            return;
        disk.Counters.Read += disk.RegionLength(region);
        disk.Counters.Zero += entry.ZeroBytes;
    }

    private sealed class Slot
    {
        public bool Up { get; set; }

        public int Sending { get; set; }

        public int Unsynced { get; set; }

        public bool SyncAsked { get; set; }

        public int Verifying { get; set; }
    }
}
