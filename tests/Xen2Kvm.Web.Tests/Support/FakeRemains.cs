using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Web.Tests.Support;

/// <summary>What lies on scripted hosts, and what was deleted there.</summary>
public sealed class FakeRemains : IRemains
{
    /// <summary>What lies at each path.</summary>
    public Dictionary<string, Remnant> There { get; } = [];

    /// <summary>Paths in the order in which they were deleted.</summary>
    public List<string> Deleted { get; } = [];

    /// <summary>Called before each deletion with its path; what it throws is what the host answers.</summary>
    public Action<string> Before { get; set; } = _ => { };

    /// <summary>Called after each deletion had its effect.</summary>
    public Action<string> After { get; set; } = _ => { };

    public LockFiles FilesOf(SourceLock held) => new($"/locks/{held.Guest}.json", null, null);

    public string CommandOf(TargetDisk disk) => $"rm -f -- {disk.Path}";

    public Task<Remnant?> LookAsync(RemnantPlace place, IReadOnlyCollection<string> others, CancellationToken cancellationToken) =>
        Task.FromResult(There.GetValueOrDefault(place.Path));

    public Task<RemnantEnd> DeleteAsync(RemnantPlace place, string identity, IReadOnlyCollection<string> others, CancellationToken cancellationToken)
    {
        Before(place.Path);
        if (!There.TryGetValue(place.Path, out var there))
        {
            return Task.FromResult(RemnantEnd.Gone);
        }

        if (there.Identity != identity)
        {
            return Task.FromResult(RemnantEnd.Differs);
        }

        There.Remove(place.Path);
        Deleted.Add(place.Path);
        After(place.Path);
        return Task.FromResult(RemnantEnd.Deleted);
    }
}
