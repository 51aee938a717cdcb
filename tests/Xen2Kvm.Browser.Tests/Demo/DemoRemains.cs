using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Demo;

/// <summary>What moved guests left on the demo's hosts. Nothing is there but what is looked at; what was deleted is gone.</summary>
internal sealed class DemoRemains : IRemains
{
    private readonly HashSet<string> _deleted = [];

    /// <summary>Paths at which another thing lies than before.</summary>
    public HashSet<string> Changed { get; } = [];

    /// <summary>The record of a guest's lock.</summary>
    public static string Lock(string guest) => $"/var/lib/xen2kvm/locks/{guest}.json";

    public bool IsDeleted(string path) => _deleted.Contains(path);

    public LockFiles FilesOf(SourceLock held) => new(Lock(held.Guest), held.LockedConfigPath + ".txt", null);

    public string CommandOf(TargetDisk disk) => $"rm -f -- {disk.Path}";

    public Task<Remnant?> LookAsync(RemnantPlace place, IReadOnlyCollection<string> others, CancellationToken cancellationToken) => Task.FromResult(
        _deleted.Contains(place.Path) || place.Form == RemnantForm.Jobs ? null
        : place.Form is RemnantForm.Volume or RemnantForm.File
            ? new Remnant(
                Changed.Contains(place.Path) ? "volume b8Wc2Q-9x1T-m4Yt-C0pL-1aVz-77Qk-Xy3dEf, 4294967296 bytes" : "volume TZ0uvG-3NfK-Y2pt-B5dJ-8rQe-99Ab-Lm2cQx, 12884901888 bytes",
                12884901888, null, $"lvremove -q -y {place.Path["/dev/".Length..]}")
            : new Remnant("sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", 412, null, $"rm -f -- {place.Path}"));

    public async Task<RemnantEnd> DeleteAsync(RemnantPlace place, string identity, IReadOnlyCollection<string> others, CancellationToken cancellationToken)
    {
        if (await LookAsync(place, others, cancellationToken) is not { } there)
        {
            return RemnantEnd.Gone;
        }

        if (there.Identity != identity)
        {
            return RemnantEnd.Differs;
        }

        _deleted.Add(place.Path);
        return RemnantEnd.Deleted;
    }
}
