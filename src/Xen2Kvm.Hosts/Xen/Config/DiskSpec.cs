using System.Text.Json.Serialization;

namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>Format of a disk image (xl-disk-configuration(5)).</summary>
public enum DiskFormat
{
    /// <summary>Plain blocks; the default.</summary>
    Raw,

    /// <summary>QEMU copy on write, version 1.</summary>
    Qcow,

    /// <summary>QEMU copy on write, version 2.</summary>
    Qcow2,

    /// <summary>Virtual hard disk.</summary>
    Vhd,

    /// <summary>QEMU enhanced disk.</summary>
    Qed,

    /// <summary>VMware image; only xm's blktap had it.</summary>
    Vmdk,

    /// <summary>A CD drive without a disc.</summary>
    Empty,

    /// <summary>A word that Xen does not know; see the problems.</summary>
    Unknown,
}

/// <summary>One disk of a guest: an entry of <c>disk = [ ]</c>, of <c>xl list -l</c> or of <c>xm list -l</c>.</summary>
public sealed record DiskSpec
{
    /// <summary>The entry as written; empty when it comes from a running domain.</summary>
    public string Text { get; init; } = "";

    /// <summary>What the disk is made of, as written: a path, or with <see cref="Script"/> what that script understands. Empty for an empty drive.</summary>
    public string Target { get; init; } = "";

    /// <summary>
    /// The path on the host: <c>/dev/</c> is put before a target that does not start with a slash (xl-disk-configuration(5)). Null when the
    /// target is no path: an empty drive, or a resource of a block script (DRBD, iSCSI, NBD).
    /// </summary>
    public string? Path => Target.Length == 0 || Script is not null ? null : Target.StartsWith('/') ? Target : "/dev/" + Target;

    /// <summary>Image format.</summary>
    public DiskFormat Format { get; init; }

    /// <summary>The guest's device as written; empty when it is missing.</summary>
    public string VdevText { get; init; } = "";

    /// <summary>The guest's device; null when <see cref="VdevText"/> names none.</summary>
    public Vdev? Vdev { get; init; }

    /// <summary>True when the guest may not write.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>True for xm's mode <c>w!</c> or <c>r!</c>: other domains may have the same disk open (preflight X05).</summary>
    public bool Shared { get; init; }

    /// <summary>True for a CD drive.</summary>
    public bool IsCdrom { get; init; }

    /// <summary>Name or number of the domain that provides the disk; null for dom0.</summary>
    public string? Backend { get; init; }

    /// <summary>phy, qdisk, tap or standalone; null when Xen chooses.</summary>
    public string? BackendType { get; init; }

    /// <summary>The block script that interprets the target, for example block-drbd; null for a plain path.</summary>
    public string? Script { get; init; }

    /// <summary>xen or virtio; null for the default, xen.</summary>
    public string? Specification { get; init; }

    /// <summary>True when O_DIRECT is said to be safe.</summary>
    public bool DirectIoSafe { get; init; }

    /// <summary>Whether discard is offered to the guest; null for the default.</summary>
    public bool? Discard { get; init; }

    /// <summary>Whether the guest should trust the backend; null for the default.</summary>
    public bool? Trusted { get; init; }

    /// <summary>Deprecated prefixes that stood before the target, in order: phy, file, tap, aio …</summary>
    public IReadOnlyList<string> Prefixes { get; init; } = [];

    /// <summary>Keys without a property here (COLO, grant_usage, unknown ones), as written; a flag has the value "".</summary>
    public IReadOnlyDictionary<string, string> Extra { get; init; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>What is wrong with the entry; line numbers are 0, the config's reader fills them in. A definition gathers them all in its own list.</summary>
    [JsonIgnore]
    public IReadOnlyList<ConfigProblem> Problems { get; init; } = [];

    /// <summary>Reads an entry of <c>disk = [ ]</c> in any syntax of xl-disk-configuration(5), and xm's.</summary>
    /// <param name="text">The entry without its quotes.</param>
    /// <returns>The disk; what is wrong with it is in <see cref="Problems"/>.</returns>
    public static DiskSpec Parse(string text) => new DiskSpecReader(text ?? "").Read();
}
