using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Preflight;

namespace Xen2Kvm.Engine.Ports;

/// <summary>Opens connections to hosts.</summary>
public interface IHostConnector
{
    /// <summary>A shell on the host. Reads the secret from the store; connects lazily; shares one connection per host.</summary>
    /// <param name="host">The host.</param>
    /// <param name="log">Where its commands are written, or null.</param>
    IRemoteShell Shell(Host host, ICommandLog? log = null);

    /// <summary>A shell that runs only what reads; what would change the host is told to <paramref name="record"/>, and taken to have succeeded.</summary>
    /// <param name="host">The host.</param>
    /// <param name="record">Receives every command, run or not, in order.</param>
    IRemoteShell Rehearse(Host host, Action<RehearsedCommand> record);

    /// <summary>Ends the connection to a host, so that the next command is sent with what is stored by then.</summary>
    void Forget(Guid hostId);

    /// <summary>The Xen side of a host.</summary>
    IXenHost Xen(IRemoteShell shell);

    /// <summary>The KVM side of a host.</summary>
    IKvmHost Kvm(IRemoteShell shell);

    /// <summary>What moves have left on a host of either kind.</summary>
    IRemains Remains(IRemoteShell shell);

    /// <summary>Asks a host, and the jump host before it, for their keys before anyone trusts them.</summary>
    /// <param name="endpoint">How to reach it.</param>
    /// <param name="secret">What signs in at the host; a key opens the jump host too. Null when there is none.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="RemoteException">The host does not answer.</exception>
    Task<HostKeyOffer> ScanHostKeyAsync(SshEndpoint endpoint, string? secret, CancellationToken cancellationToken);

    /// <summary>Tests a connection in small named checks, each with a readable result; never throws for a host's fault.</summary>
    Task<IReadOnlyList<HostCheck>> TestAsync(Host host, CancellationToken cancellationToken);
}

/// <summary>A key that a host offers.</summary>
/// <param name="Key">As for known_hosts, without the name: <c>ssh-ed25519 AAAA…</c>.</param>
/// <param name="Fingerprint"><c>SHA256:…</c> as ssh-keygen prints it.</param>
/// <param name="Jump">The same of the jump host; null without one.</param>
public sealed record HostKeyOffer(string Key, string Fingerprint, HostKeyOffer? Jump = null);

/// <summary>Result of one check of a connection test.</summary>
/// <param name="Name">What was checked: <c>SSH connection</c>.</param>
/// <param name="Passed">Whether it is fine; null when it could not be tried because an earlier one failed.</param>
/// <param name="Result">What was found.</param>
/// <param name="Fix">What to do when it failed, else null.</param>
public sealed record HostCheck(string Name, bool? Passed, string Result, string? Fix = null);

/// <summary>State of a domain on a Xen host.</summary>
/// <param name="Power">Whether it runs.</param>
/// <param name="DomainId">Domain id while it exists.</param>
public sealed record DomainState(PowerState Power, int? DomainId);

/// <summary>The guest's lock on its source host: what was changed there, so that it can be put back.</summary>
/// <param name="Guest">Guest name.</param>
/// <param name="RunId">The run that holds it.</param>
/// <param name="ConfigPath">Where the config file was; null for a domain without one.</param>
/// <param name="LockedConfigPath">Where it lies while locked.</param>
/// <param name="AutostartLink">The link in /etc/xen/auto that was taken away, or null.</param>
/// <param name="AutostartTarget">What that link pointed to, or null when it was a plain file.</param>
public sealed record SourceLock(
    string Guest, Guid RunId, string? ConfigPath, string? LockedConfigPath, string? AutostartLink, string? AutostartTarget);

/// <summary>What the program does on a Xen host. Nothing here writes to a guest's disk.</summary>
public interface IXenHost
{
    /// <summary>Host facts and all guests, running or configured.</summary>
    Task<HostSnapshot> TakeInventoryAsync(CancellationToken cancellationToken);

    /// <summary>State of one domain by name.</summary>
    Task<DomainState> GetStateAsync(string guest, CancellationToken cancellationToken);

    /// <summary>Asks the guest to shut down cleanly; returns at once.</summary>
    Task RequestShutdownAsync(string guest, CancellationToken cancellationToken);

    /// <summary>Ends the domain by force.</summary>
    Task DestroyAsync(string guest, CancellationToken cancellationToken);

    /// <summary>Starts a guest from its config file.</summary>
    Task StartAsync(string guest, string configPath, CancellationToken cancellationToken);

    /// <summary>The lock on a guest, or null.</summary>
    Task<SourceLock?> GetLockAsync(string guest, CancellationToken cancellationToken);

    /// <summary>
    /// Locks a stopped guest for a run: autostart link aside, config renamed with a note, record under /var/lib/xen2kvm.
    /// Harmless when repeated by the same run; refused while another run holds it or while the domain exists.
    /// </summary>
    Task<SourceLock> LockAsync(string guest, string? configPath, Guid runId, CancellationToken cancellationToken);

    /// <summary>Puts back what <see cref="LockAsync"/> changed. Harmless when repeated.</summary>
    Task UnlockAsync(SourceLock sourceLock, CancellationToken cancellationToken);

    /// <summary>
    /// How large each of these disks is and how much was written to it so far, in their order. Two marks tell whether anything was written between them.
    /// </summary>
    Task<IReadOnlyList<DiskMark>> MarkDisksAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken);

    /// <summary>
    /// Makes the DRBD resources under disks that are about to be read Primary. DRBD opens a Secondary device for nobody, not even for reading,
    /// and Xen's block-drbd script makes a resource Secondary when its guest is shut down. It is a change of role, no write to data; as long as
    /// it lasts, a peer cannot start the guest either. The backing volume is not read instead: it could be stale or without data (Diskless,
    /// Outdated) where DRBD itself would read from the peer or refuse. Harmless when repeated.
    /// </summary>
    /// <returns>What was changed, in lines for the run's log.</returns>
    /// <exception cref="RemoteException">One cannot be made Primary, or is so on its peer.</exception>
    Task<IReadOnlyList<string>> HoldDrbdAsync(IReadOnlyList<string> paths, Guid runId, CancellationToken cancellationToken);

    /// <summary>Gives back the roles that <see cref="HoldDrbdAsync"/> changed for this run. Harmless when repeated.</summary>
    /// <returns>What was changed, in lines for the run's log.</returns>
    Task<IReadOnlyList<string>> ReleaseDrbdAsync(Guid runId, CancellationToken cancellationToken);

    /// <summary>What a kernel file of dom0 can do, read from /boot/config-VERSION and its initrd; null when there is no config to read.</summary>
    Task<KernelCapabilities?> ReadKernelAsync(string kernelPath, string? ramdiskPath, CancellationToken cancellationToken);
}

/// <summary>A disk made on a KVM host.</summary>
/// <param name="Path">Path of the file or device.</param>
/// <param name="Format">Format.</param>
/// <param name="SizeBytes">Size in bytes.</param>
/// <param name="IsBlockDevice">A logical volume; else a file.</param>
public sealed record AllocatedDisk(string Path, DiskFormat Format, long SizeBytes, bool IsBlockDevice);

/// <summary>What the program does on a KVM host.</summary>
public interface IKvmHost
{
    /// <summary>Host facts and all libvirt guests.</summary>
    Task<HostSnapshot> TakeInventoryAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Makes a disk, tagged with the run's id (a side file or an LV tag). Adopts one of the same run; refuses any other that exists.
    /// It reads as zeroes where the plan copies nothing to it, so no guest finds what lay there before.
    /// </summary>
    /// <exception cref="RemoteException">It exists and is not the run's, or there is no room.</exception>
    Task<AllocatedDisk> AllocateAsync(TargetDisk disk, Guid runId, CancellationToken cancellationToken);

    /// <summary>The disk as allocated by this run; null when it does not exist or is not this run's.</summary>
    Task<AllocatedDisk?> FindAllocatedAsync(TargetDisk disk, Guid runId, CancellationToken cancellationToken);

    /// <summary>Deletes a disk of this run; refuses when the tag is another's.</summary>
    Task DeleteAsync(TargetDisk disk, Guid runId, CancellationToken cancellationToken);

    /// <summary>Whether something exists at a path, whoever made it.</summary>
    Task<bool> ExistsAsync(string path, CancellationToken cancellationToken);

    /// <summary>The libvirt XML that a plan's target gets. Pure: nothing is sent to the host.</summary>
    string BuildXml(TargetGuest guest, Guid runId);

    /// <summary>Power state by name; null when libvirt does not know it.</summary>
    Task<PowerState?> GetStateAsync(string guest, CancellationToken cancellationToken);

    /// <summary>The run that defined the guest, read from the definition's metadata; null when none did.</summary>
    Task<Guid?> GetOwnerAsync(string guest, CancellationToken cancellationToken);

    /// <summary>Defines a guest, or redefines it when it is this run's. Validated against libvirt's schema.</summary>
    Task DefineAsync(string xml, CancellationToken cancellationToken);

    /// <summary>Removes the definition (never its disks).</summary>
    Task UndefineAsync(string guest, CancellationToken cancellationToken);

    /// <summary>Starts it, with its serial console logged to a file on the host from the first byte.</summary>
    Task StartAsync(string guest, CancellationToken cancellationToken);

    /// <summary>Ends it by force.</summary>
    Task DestroyAsync(string guest, CancellationToken cancellationToken);

    /// <summary>Makes the host start it at boot, or not.</summary>
    Task SetAutostartAsync(string guest, bool autostart, CancellationToken cancellationToken);

    /// <summary>What its serial console printed since its start, at most the last 256 KiB.</summary>
    Task<string> ReadConsoleAsync(string guest, CancellationToken cancellationToken);

    /// <summary>A picture of its display as PNG; null when it has no display.</summary>
    Task<byte[]?> ScreenshotAsync(string guest, CancellationToken cancellationToken);

    /// <summary>Sends one ping from the host; true when answered within a second.</summary>
    Task<bool> PingAsync(string address, CancellationToken cancellationToken);

    /// <summary>Opens a TCP connection from the host; true when accepted within three seconds.</summary>
    Task<bool> ConnectTcpAsync(string address, int port, CancellationToken cancellationToken);
}
