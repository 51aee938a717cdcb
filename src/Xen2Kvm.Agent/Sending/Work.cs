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
