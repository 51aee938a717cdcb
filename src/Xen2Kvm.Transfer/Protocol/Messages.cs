using Xen2Kvm.Transfer.Jobs;

namespace Xen2Kvm.Transfer.Protocol;

/// <summary>The sender's first words on each connection.</summary>
/// <param name="Protocol">Version of the protocol, <see cref="FrameHeader.Version"/>.</param>
/// <param name="JobId">The job; a state directory belongs to one job for ever.</param>
/// <param name="Session">A new random hex number for each run of the sender; a new session ends all receivers of an older one.</param>
/// <param name="Slot">Which connection this is, from 0; each slot has its own journal file.</param>
/// <param name="HashSeed">Hex, 64 bits, secret of the job.</param>
/// <param name="Round">The copy round.</param>
/// <param name="FlushBytes">Make data durable at the latest after this many bytes.</param>
/// <param name="ForgetVerified">On slot 0 of a new session: verify again what was verified before.</param>
/// <param name="Disks">All disks of the job.</param>
public sealed record Hello(
    int Protocol,
    string JobId,
    string Session,
    int Slot,
    string HashSeed,
    uint Round,
    long FlushBytes,
    bool ForgetVerified,
    IReadOnlyList<HelloDisk> Disks);

/// <summary>A disk as the receiver sees it. It never learns the source's path.</summary>
/// <param name="Id">Name in messages.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Target">Where they go.</param>
public sealed record HelloDisk(string Id, long Length, TransferTarget Target);

/// <summary>The receiver accepts.</summary>
/// <param name="Protocol">Version of the protocol.</param>
/// <param name="Version">Version of the agent.</param>
/// <param name="Notes">Things worth a line in the log, such as "O_DIRECT is not supported by …, using the page cache".</param>
public sealed record Welcome(int Protocol, string Version, IReadOnlyList<string> Notes);

/// <summary>The receiver cannot go on.</summary>
/// <param name="Message">What happened and what to do next.</param>
/// <param name="Disk">The disk that it is about, if one.</param>
/// <param name="IsTransient">True when a new connection may succeed.</param>
public sealed record Refusal(string Message, string? Disk, bool IsTransient);
