using Xen2Kvm.Domain.Inventory;

namespace Xen2Kvm.Domain.Planning;

/// <summary>A person's choices for a plan; everything left null is proposed.</summary>
public sealed record PlanChoices
{
    /// <summary>Name of a volume group or pool of the target host.</summary>
    public string? Storage { get; init; }

    /// <summary>Format in a directory pool.</summary>
    public DiskFormat Format { get; init; } = DiskFormat.Raw;

    /// <summary>Bridge of the target for each source bridge.</summary>
    public IReadOnlyDictionary<string, string> Bridges { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Name on the target host.</summary>
    public string? Name { get; init; }

    /// <summary>Virtual CPUs.</summary>
    public int? Vcpus { get; init; }

    /// <summary>Memory in MiB.</summary>
    public long? MemoryMiB { get; init; }

    /// <summary>How the move is proven; null: ping of the first known address.</summary>
    public ProofSettings? Proof { get; init; }

    /// <summary>Seconds to wait for a clean shutdown.</summary>
    public int? ShutdownTimeoutSeconds { get; init; }

    /// <summary>Cap in bytes per second; 0 for none.</summary>
    public long RateLimitBytesPerSecond { get; init; }

    /// <summary>What makes no sense, each as a sentence that says what to give instead.</summary>
    public IEnumerable<string> Problems()
    {
        if (Vcpus is < 1 or > 512)
        {
            yield return "Give 1 to 512 virtual CPUs.";
        }

        if (MemoryMiB is < 32)
        {
            yield return "Give at least 32 MiB of memory.";
        }

        if (Proof?.TcpPort is < 1 or > 65535)
        {
            yield return "Give a TCP port from 1 to 65535, or none.";
        }

        if (Proof?.PingAddress is { } address && Uri.CheckHostName(address) is not (UriHostNameType.IPv4 or UriHostNameType.IPv6))
        {
            yield return $"{address} is not an IP address. Give the one the guest has, or none.";
        }

        if (Proof is { TcpPort: { } port, PingAddress: null })
        {
            yield return $"No address of the guest is known, so port {port} cannot be tried. Give its address, or no port.";
        }

        if (Proof?.TimeoutSeconds is < 1 or > 86400)
        {
            yield return "Give the guest 1 to 86400 seconds to be proven.";
        }

        if (ShutdownTimeoutSeconds is < 10 or > 86400)
        {
            yield return "Give the guest 10 to 86400 seconds to shut down.";
        }

        if (RateLimitBytesPerSecond < 0)
        {
            yield return "Give a rate above zero, or none.";
        }
    }
}

/// <summary>Makes a plan from a guest, the target host's facts and a person's choices. Pure.</summary>
public static class PlanProposal
{
    /// <summary>Proposes a plan.</summary>
    /// <exception cref="PlanningException">Choices, storage or disks do not allow one; the message says what to do.</exception>
    public static Plan Make(
        Guid id, Host source, Guest guest, Host target, HostFacts targetFacts, PlanChoices choices, string by, DateTimeOffset now)
    {
        if (source.Kind != HostKind.Xen || target.Kind != HostKind.Kvm)
        {
            throw new PlanningException($"This route goes from a Xen host to a KVM host; {source.Name} → {target.Name} does not.");
        }

        if (string.Join(' ', choices.Problems()) is { Length: > 0 } problems)
        {
            throw new PlanningException(problems);
        }

        var name = choices.Name ?? guest.Name;
        var destination = Destination(target, targetFacts, choices);
        return new Plan
        {
            Id = id,
            SourceHostId = source.Id,
            TargetHostId = target.Id,
            Source = guest,
            Target = new TargetGuest
            {
                Name = name,
                Uuid = guest.Uuid ?? id,
                Vcpus = choices.Vcpus ?? guest.Vcpus,
                MaxVcpus = Math.Max(choices.Vcpus ?? guest.MaxVcpus, choices.Vcpus ?? guest.Vcpus),
                MemoryMiB = choices.MemoryMiB ?? guest.MemoryMiB,
                MaxMemoryMiB = Math.Max(choices.MemoryMiB ?? guest.MaxMemoryMiB, choices.MemoryMiB ?? guest.MemoryMiB),
                Machine = "q35",
                Firmware = guest.Boot.Firmware ?? "bios",
                UseKvm = targetFacts.KvmUsable ?? false,
                LocalTime = guest.LocalTime,
                Autostart = guest.Autostart,
                Lifecycle = guest.Lifecycle,
                Disks = DiskLayout.Assemble(guest, name, destination),
                Nics = [.. guest.Nics.Select(nic => Nic(nic, targetFacts, choices))],
            },
            Proof = choices.Proof ?? new ProofSettings { PingAddress = guest.Nics.SelectMany(nic => nic.Addresses).FirstOrDefault() },
            ShutdownTimeoutSeconds = choices.ShutdownTimeoutSeconds ?? 300,
            RateLimitBytesPerSecond = choices.RateLimitBytesPerSecond,
            CreatedAt = now,
            CreatedBy = by,
        };
    }

    private static DiskLayout.Destination Destination(Host target, HostFacts facts, PlanChoices choices)
    {
        var space = choices.Storage is { } wanted
            ? facts.Storage.FirstOrDefault(storage => string.Equals(storage.Name, wanted, StringComparison.Ordinal))
              ?? throw new PlanningException($"{target.Name} has no volume group or pool {wanted}. It has: {Names(facts)}.")
            : facts.Storage.MaxBy(storage => storage.FreeBytes)
              ?? throw new PlanningException($"{target.Name} has no volume group and no directory pool. Define one (virsh pool-define-as default dir --target /var/lib/libvirt/images) and refresh the host.");
        return new(space.Kind, space.Name, space.Path, choices.Format);
    }

    private static TargetNic Nic(GuestNic nic, HostFacts facts, PlanChoices choices)
    {
        var bridge = nic.Bridge is { } from && choices.Bridges.TryGetValue(from, out var to)
            ? to
            : facts.Bridges.FirstOrDefault(bridge => string.Equals(bridge.Name, nic.Bridge, StringComparison.Ordinal))?.Name
              ?? facts.Bridges.FirstOrDefault(bridge => bridge.Name != "virbr0")?.Name
              ?? facts.Bridges.FirstOrDefault()?.Name
              ?? nic.Bridge ?? "br0";
        return new TargetNic(nic.Mac ?? "", bridge, "virtio", nic.Mtu, nic.RateBytesPerSecond);
    }

    private static string Names(HostFacts facts) =>
        facts.Storage.Count == 0 ? "none" : string.Join(", ", facts.Storage.Select(storage => storage.Name));
}
