using Xen2Kvm.Agent.Blocks;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Jobs;

namespace Xen2Kvm.Agent.Sending;

/// <summary>Where a region of a disk stands.</summary>
internal enum RegionState : byte
{
    /// <summary>To be read and sent.</summary>
    Pending,

    /// <summary>A worker is sending it.</summary>
    Sending,

    /// <summary>Sent, not known to be durable.</summary>
    Sent,

    /// <summary>Durable, to be verified.</summary>
    Durable,

    /// <summary>The receiver is reading it back.</summary>
    Verifying,

    /// <summary>Read back and equal.</summary>
    Verified,
}

/// <summary>A source with the state of its regions and its counters. All mutable members belong to <see cref="WorkQueue"/>'s lock.</summary>
internal sealed class SourceDisk : IDisposable
{
    /// <summary>No region before this one is pending.</summary>
    public int CopyCursor;

    /// <summary>No region before this one waits for verification.</summary>
    public int VerifyCursor;

    private SourceDisk(int index, TransferDisk disk, RawFile file)
    {
        Index = index;
        Disk = disk;
        File = file;
        Regions = new RegionEntry[DiskLayout.RegionCount(disk.Length)];
    }

    public int Index { get; }

    public TransferDisk Disk { get; }

    public RawFile File { get; }

    public RegionEntry[] Regions { get; }

    public int NotDurable { get; set; }

    public int NotVerified { get; set; }

    public string? RootHash { get; set; }

    public bool RootAsked { get; set; }

    public DiskCounters Counters { get; } = new();

    /// <exception cref="TransferException">The source is missing or too short.</exception>
    public static SourceDisk Open(int index, TransferDisk disk)
    {
        RawFile file;
        try
        {
            file = RawFile.Open(disk.Source, write: false);
        }
        catch (TransferException e)
        {
            throw new TransferException($"disk {disk.Id}: {e.Message}", inner: e) { Disk = disk.Id };
        }
        if (disk.SourceOffset <= file.Size - disk.Length)
            return new SourceDisk(index, disk, file) { NotDurable = DiskLayout.RegionCount(disk.Length), NotVerified = DiskLayout.RegionCount(disk.Length) };
        file.Dispose();
        throw new TransferException(
            $"disk {disk.Id}: the source {disk.Source} holds {file.Size} bytes, fewer than the {disk.Length} at offset {disk.SourceOffset} that the job asks for")
        { Disk = disk.Id };
    }

    public int RegionLength(int region) => DiskLayout.RegionLength(Disk.Length, region);

    public long RegionOffset(int region) => DiskLayout.RegionOffset(Disk.Length, region);

    public void Dispose() => File.Dispose();
}

/// <summary>One region, in 24 bytes: a large disk has millions.</summary>
internal struct RegionEntry
{
    public RegionState State;

    /// <summary>The connection that is at work on it.</summary>
    public byte Slot;

    /// <summary>How often a verification found it different.</summary>
    public byte Mismatches;

    public RegionMarks Marks;

    public int ZeroBytes;

    // UInt128 as a field would be aligned to 16 bytes.
    private ulong _hashHigh, _hashLow;

    public UInt128 Hash
    {
        readonly get => new(_hashHigh, _hashLow);
        set => (_hashHigh, _hashLow) = ((ulong)(value >> 64), (ulong)value);
    }

    /// <summary>Sets a mark; false when it was set before.</summary>
    public bool Mark(RegionMarks mark)
    {
        bool isNew = (Marks & mark) == 0;
        Marks |= mark;
        return isNew;
    }
}

/// <summary>What has been noted about a region, once for the whole job.</summary>
[Flags]
internal enum RegionMarks : byte
{
    None = 0,

    /// <summary>Its source bytes are in the counters.</summary>
    CountedRead = 1,

    /// <summary>Its written bytes are in the counters.</summary>
    CountedWritten = 2,

    /// <summary>Its durable bytes are in the counters.</summary>
    CountedDurable = 4,

    /// <summary>Its hash is known.</summary>
    HasHash = 8,
}

/// <summary>Counters of one disk, bytes; see <see cref="DiskStatus"/>.</summary>
internal sealed class DiskCounters
{
    public long Resumed, Read, Zero, Sent, Written, Durable, Verified, Repaired;
}
