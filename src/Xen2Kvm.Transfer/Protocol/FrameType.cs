namespace Xen2Kvm.Transfer.Protocol;

/// <summary>What a frame says. "Up" goes from the source host to the target host, "down" the other way.</summary>
public enum FrameType : byte
{
    /// <summary>Up, first frame: JSON <see cref="Hello"/>.</summary>
    Hello = 1,

    /// <summary>Down, answer to Hello: JSON <see cref="Welcome"/>.</summary>
    Welcome = 2,

    /// <summary>Down, after Welcome, any number: what is durable already, as <see cref="RegionNote"/>s of one disk.</summary>
    Known = 3,

    /// <summary>Down: all Known frames were sent; copying may start.</summary>
    Ready = 4,

    /// <summary>Up: one chunk, see <see cref="ChunkPayload"/>.</summary>
    Data = 5,

    /// <summary>Up: a region is complete; chunks not sent are zero. Payload: one <see cref="RegionNote"/> with the source's hash.</summary>
    Region = 6,

    /// <summary>Down: what was consumed, see <see cref="CreditPayload"/>. Offset and length name a region when it has been written.</summary>
    Credit = 7,

    /// <summary>Up: make everything received so far durable now.</summary>
    Sync = 8,

    /// <summary>Down: these regions of one disk are durable and journalled (<see cref="RegionNote"/>s).</summary>
    Durable = 9,

    /// <summary>Down: everything sent before the matching Sync is durable.</summary>
    Synced = 10,

    /// <summary>Up: read a region back from the medium and compare. Payload: one <see cref="RegionNote"/> with the source's hash.</summary>
    Verify = 11,

    /// <summary>Down: a region was read back. Payload: one <see cref="RegionNote"/> with the hash of what is on the target.</summary>
    Verified = 12,

    /// <summary>Up: send the root hash of a disk as read back.</summary>
    Root = 13,

    /// <summary>Down: 16 bytes, the root hash over the region hashes that were read back.</summary>
    RootIs = 14,

    /// <summary>Up: nothing more will come; close in good order.</summary>
    Bye = 15,

    /// <summary>Down: JSON <see cref="Refusal"/>; the connection ends.</summary>
    Error = 16,
}

/// <summary>Properties of a frame.</summary>
[Flags]
public enum FrameFlags : ushort
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The body of a data frame is a zstd frame.</summary>
    Zstd = 1,

    /// <summary>
    /// The region is sent again although the target was thought to hold it: zero runs must be written, whatever the zero policy of the target is.
    /// Warm rounds (round above 0) behave the same.
    /// </summary>
    Repair = 2,

    /// <summary>In a Credit: the region that offset and length name has been written.</summary>
    RegionWritten = 4,

    /// <summary>In a Verified: the hash differs from the expected one.</summary>
    Mismatch = 8,
}
