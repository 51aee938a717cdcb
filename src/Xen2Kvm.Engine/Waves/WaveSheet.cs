using System.Globalization;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Waves;

namespace Xen2Kvm.Engine.Waves;

/// <summary>A wave as people plan it in bulk, import and export it: a row for each guest.</summary>
/// <param name="Name">Name of the wave.</param>
/// <param name="Rows">Its guests, in order.</param>
/// <param name="Policy">Its rules; null for the usual ones.</param>
/// <param name="Calendar">When it may run; null for any time.</param>
public sealed record WaveSheet(string Name, IReadOnlyList<SheetRow> Rows, WavePolicy? Policy = null, WaveCalendar? Calendar = null);

/// <summary>One guest of a sheet: where it goes and how. What is left out is proposed.</summary>
public sealed record SheetRow
{
    /// <summary>What stands for no address to ping in <see cref="Ping"/>.</summary>
    public const string NoPing = "none";

    /// <summary>Xen host's name.</summary>
    public string SourceHost { get; init; } = "";

    /// <summary>Guest name.</summary>
    public string Guest { get; init; } = "";

    /// <summary>KVM host's name.</summary>
    public string TargetHost { get; init; } = "";

    /// <summary>Volume group or pool.</summary>
    public string? Storage { get; init; }

    /// <summary>Format in a directory pool.</summary>
    public DiskFormat? Format { get; init; }

    /// <summary>Name on KVM.</summary>
    public string? Name { get; init; }

    /// <summary>Virtual CPUs.</summary>
    public int? Vcpus { get; init; }

    /// <summary>Memory in MiB.</summary>
    public long? MemoryMiB { get; init; }

    /// <summary>Target bridge for each source bridge.</summary>
    public IReadOnlyDictionary<string, string>? Bridges { get; init; }

    /// <summary>Address that must answer; null for the first known one, <see cref="NoPing"/> for none.</summary>
    public string? Ping { get; init; }

    /// <summary>TCP port that must accept a connection.</summary>
    public int? TcpPort { get; init; }

    /// <summary>Seconds within which the guest must be proven.</summary>
    public int? ProveWithinSeconds { get; init; }

    /// <summary>Seconds to wait for a clean shutdown.</summary>
    public int? ShutdownTimeoutSeconds { get; init; }

    /// <summary>Cap of the copy in bytes per second.</summary>
    public long? RateLimitBytesPerSecond { get; init; }

    /// <summary>A name for guests that belong together.</summary>
    public string? Group { get; init; }

    /// <summary>What it waits for: guest names of this sheet, or <c>@</c> and a group's name.</summary>
    public IReadOnlyList<string>? After { get; init; }

    /// <summary>Goes first.</summary>
    public bool Canary { get; init; }

    /// <summary>The choices of its plan.</summary>
    public PlanChoices ToChoices(Guest guest)
    {
        var proof = new ProofSettings
        {
            PingAddress = Ping switch
            {
                null or "" => guest.Nics.SelectMany(nic => nic.Addresses).FirstOrDefault(),
                NoPing => null,
                _ => Ping,
            },
            TcpPort = TcpPort,
        };
        return new PlanChoices
        {
            Storage = Storage,
            Format = Format ?? DiskFormat.Raw,
            Name = Name,
            Vcpus = Vcpus,
            MemoryMiB = MemoryMiB,
            Bridges = Bridges ?? new Dictionary<string, string>(StringComparer.Ordinal),
            Proof = ProveWithinSeconds is { } seconds ? proof with { TimeoutSeconds = seconds } : proof,
            ShutdownTimeoutSeconds = ShutdownTimeoutSeconds,
            RateLimitBytesPerSecond = RateLimitBytesPerSecond ?? 0,
        };
    }

    /// <summary>The row of a plan in a wave; importing it again plans the same.</summary>
    public static SheetRow Of(WaveEntry entry, Plan plan, IReadOnlyDictionary<Guid, string> guests) => new()
    {
        SourceHost = entry.SourceHost,
        Guest = entry.GuestName,
        TargetHost = entry.TargetHost,
        Storage = plan.Target.Disks.FirstOrDefault()?.StorageName,
        Format = plan.Target.Disks.FirstOrDefault()?.Format,
        Name = plan.Target.Name == plan.Source.Name ? null : plan.Target.Name,
        Vcpus = plan.Target.Vcpus == plan.Source.Vcpus ? null : plan.Target.Vcpus,
        MemoryMiB = plan.Target.MemoryMiB == plan.Source.MemoryMiB ? null : plan.Target.MemoryMiB,
        Bridges = plan.Source.Nics.Zip(plan.Target.Nics).Where(pair => pair.First.Bridge is not null).DistinctBy(pair => pair.First.Bridge)
            .ToDictionary(pair => pair.First.Bridge!, pair => pair.Second.Bridge, StringComparer.Ordinal),
        Ping = plan.Proof.PingAddress ?? NoPing,
        TcpPort = plan.Proof.TcpPort,
        ProveWithinSeconds = plan.Proof.TimeoutSeconds,
        ShutdownTimeoutSeconds = plan.ShutdownTimeoutSeconds,
        RateLimitBytesPerSecond = plan.RateLimitBytesPerSecond == 0 ? null : plan.RateLimitBytesPerSecond,
        Group = entry.Group,
        After = entry.DependsOn.Count == 0 ? null : [.. entry.DependsOn.Select(id => guests.GetValueOrDefault(id, id.ToString("D", CultureInfo.InvariantCulture)))],
        Canary = entry.IsCanary,
    };
}
