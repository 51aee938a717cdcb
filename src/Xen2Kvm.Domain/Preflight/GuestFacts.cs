using Xen2Kvm.Domain.Inventory;

namespace Xen2Kvm.Domain.Preflight;

/// <summary>What the source side knows of a guest; enough for the rules that need no plan.</summary>
/// <param name="Host">Name of the host it is on.</param>
/// <param name="Guest">The guest.</param>
/// <param name="Neighbours">All known guests, itself included.</param>
public sealed record GuestFacts(string Host, Guest Guest, Neighbours Neighbours)
{
    /// <summary>Names of the other guests on its host that may write to a path.</summary>
    public IReadOnlyList<string> OtherWriters(string path) => [.. Neighbours.Writers(Host, path).Where(name => name != Guest.Name)];

    /// <summary>Other guests that run now, on any host, with a MAC address.</summary>
    public IEnumerable<(string Host, Guest Guest)> OthersWithMac(string mac) => Others(Neighbours.RunningWithMac(mac));

    /// <summary>Other guests that run now, on any host, with an address.</summary>
    public IEnumerable<(string Host, Guest Guest)> OthersWithAddress(string address) => Others(Neighbours.RunningWithAddress(address));

    private IEnumerable<(string Host, Guest Guest)> Others(IEnumerable<(string Host, Guest Guest)> found) =>
        found.Where(other => other.Host != Host || other.Guest.Name != Guest.Name);
}

/// <summary>All known guests, indexed by what only one of them may have, so that ten thousand guests are looked at in one pass.</summary>
public sealed class Neighbours
{
    private readonly ILookup<(string Host, string Path), string> _writers;
    private readonly ILookup<string, (string Host, Guest Guest)> _byMac;
    private readonly ILookup<string, (string Host, Guest Guest)> _byAddress;

    private Neighbours(IReadOnlyList<(string Host, Guest Guest)> all)
    {
        _writers = all.SelectMany(known => known.Guest.Disks.Where(disk => disk is { Writable: true, Path: not null })
                .Select(disk => (Key: (known.Host, Path: disk.Path!), known.Guest.Name)).Distinct())
            .ToLookup(found => found.Key, found => found.Name);
        var running = all.Where(known => Runs(known.Guest)).ToList();
        _byMac = running.SelectMany(known => known.Guest.Nics.Select(nic => nic.Mac).OfType<string>().Distinct().Select(mac => (mac, known)))
            .ToLookup(found => found.mac, found => found.known, StringComparer.Ordinal);
        _byAddress = running.SelectMany(known => known.Guest.Nics.SelectMany(nic => nic.Addresses).Distinct().Select(address => (address, known)))
            .ToLookup(found => found.address, found => found.known, StringComparer.Ordinal);
    }

    /// <summary>Indexes guests with their host's name.</summary>
    public static Neighbours Of(IEnumerable<(string Host, Guest Guest)> guests) => new([.. guests]);

    /// <summary>Whether a guest takes part in its network.</summary>
    public static bool Runs(Guest guest) => guest.Power is PowerState.Running or PowerState.Paused;

    /// <summary>Names of guests of a host that may write to a path.</summary>
    public IEnumerable<string> Writers(string host, string path) => _writers[(host, path)];

    /// <summary>Running guests with a MAC address.</summary>
    public IEnumerable<(string Host, Guest Guest)> RunningWithMac(string mac) => _byMac[mac];

    /// <summary>Running guests with an address.</summary>
    public IEnumerable<(string Host, Guest Guest)> RunningWithAddress(string address) => _byAddress[address];
}
