namespace Xen2Kvm.Agent.Blocks;

/// <summary>A place that takes the bytes of disks. Offsets and lengths are bytes; buffers are page aligned; safe for many threads.</summary>
internal unsafe interface IBlockTarget : IDisposable
{
    /// <summary>How much it holds.</summary>
    long Size { get; }

    /// <summary>Something worth telling about how it was opened, or null.</summary>
    string? Note { get; }

    /// <summary>Reads from the medium. The buffer must hold <paramref name="length"/> rounded up to a page.</summary>
    void Read(long offset, byte* into, int length);

    void Write(long offset, byte* from, int length);

    /// <summary>Makes a range read as zero, by the cheapest means that is certain.</summary>
    void Zero(long offset, long length);

    /// <summary>Makes all writes that have returned durable.</summary>
    void Flush();

    /// <summary>True when the range is known to be unallocated and so reads as zero.</summary>
    bool IsHole(long offset, int length);
}
