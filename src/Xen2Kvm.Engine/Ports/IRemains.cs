using Xen2Kvm.Domain.Planning;

namespace Xen2Kvm.Engine.Ports;

/// <summary>How a thing on a host is looked at and told from another.</summary>
public enum RemnantForm
{
    /// <summary>A logical volume: by UUID and size.</summary>
    Volume,

    /// <summary>A file that holds data: by inode, size and time of change.</summary>
    File,

    /// <summary>A file of dom0 that guests boot from: as a file, and never one of the host's own.</summary>
    Kernel,

    /// <summary>A small file: by the hash of its content.</summary>
    Text,

    /// <summary>The directory of a run.</summary>
    Jobs,
}

/// <summary>A place on a host where something may lie that a move left behind.</summary>
/// <param name="Form">How it is looked at.</param>
/// <param name="Path">Its path.</param>
/// <param name="OwnConfig">The guest's own configuration, which may name it; null for none.</param>
public sealed record RemnantPlace(RemnantForm Form, string Path, string? OwnConfig = null);

/// <summary>What lies at a place.</summary>
/// <param name="Identity">What tells it from another thing at the same place, in words.</param>
/// <param name="Bytes">Space that it takes, in bytes.</param>
/// <param name="Stays">Why it cannot be deleted: it is in use, or is no such thing; null when it can.</param>
/// <param name="Command">The command that deletes it, as for a shell.</param>
public sealed record Remnant(string Identity, long Bytes, string? Stays, string Command);

/// <summary>Files that the lock of a guest consists of, besides its configuration.</summary>
/// <param name="Record">The record of the lock.</param>
/// <param name="Note">The note beside the locked configuration; null without one.</param>
/// <param name="KeptAutostart">The autostart file that was set aside; null when it was a link, or there was none.</param>
public sealed record LockFiles(string Record, string? Note, string? KeptAutostart);

/// <summary>How a deletion went.</summary>
public enum RemnantEnd
{
    /// <summary>It is deleted.</summary>
    Deleted,

    /// <summary>It was gone already.</summary>
    Gone,

    /// <summary>Another thing lies there than was expected; it was not touched.</summary>
    Differs,
}

/// <summary>
/// What moves have left on a host, and its deletion. The only place of this program that deletes anything of a source: it looks at a thing
/// once more right before, and refuses what is in use, is used by another guest, or is not what is expected.
/// </summary>
public interface IRemains
{
    /// <summary>Where the files of a lock lie.</summary>
    LockFiles FilesOf(SourceLock held);

    /// <summary>The command by which <see cref="IKvmHost.DeleteAsync"/> deletes a disk, as for a shell.</summary>
    string CommandOf(TargetDisk disk);

    /// <summary>Looks at a place. Reads only.</summary>
    /// <param name="place">The place.</param>
    /// <param name="others">Paths that the configurations of other guests name.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What lies there; null when nothing does.</returns>
    /// <exception cref="RemoteException">It cannot be told.</exception>
    Task<Remnant?> LookAsync(RemnantPlace place, IReadOnlyCollection<string> others, CancellationToken cancellationToken);

    /// <summary>Deletes what lies at a place if it is what is expected. Harmless when repeated.</summary>
    /// <param name="place">The place.</param>
    /// <param name="identity">What must lie there: <see cref="Remnant.Identity"/> of the look that was approved.</param>
    /// <param name="others">Paths that the configurations of other guests name.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="RemoteException">It is in use, or could not be deleted; the message says why.</exception>
    Task<RemnantEnd> DeleteAsync(RemnantPlace place, string identity, IReadOnlyCollection<string> others, CancellationToken cancellationToken);
}
