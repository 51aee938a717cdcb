using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Waves;

namespace Xen2Kvm.Web.Components.Pages.Waves;

/// <summary>Guests being planned together: one template for all, corrected in single cells.</summary>
public sealed class SheetForm
{
    /// <summary>Name of the wave.</summary>
    public string Name { get; set; } = "";

    /// <summary>KVM host for all.</summary>
    public string Target { get; set; } = "";

    /// <summary>Storage for all; empty for the one with most room.</summary>
    public string Storage { get; set; } = "";

    /// <summary>Bridge for all; empty as proposed.</summary>
    public string Bridge { get; set; } = "";

    /// <summary>Cap of each copy in MB/s; null for none.</summary>
    public int? RateMegabytes { get; set; }

    /// <summary>Seconds to wait for a clean shutdown.</summary>
    public int ShutdownSeconds { get; set; } = 300;

    /// <summary>The rows.</summary>
    public List<Row> Rows { get; } = [];

    /// <summary>The rows that go into the wave.</summary>
    public IEnumerable<Row> Chosen => Rows.Where(row => row.IsChosen);

    /// <summary>The wave as a sheet.</summary>
    public WaveSheet ToSheet() => new(Name, [.. Chosen.Select(row => row.ToSheet(this))]);

    /// <summary>One guest.</summary>
    public sealed class Row
    {
        /// <summary>As it was read from a file; empty when it comes from the inventory.</summary>
        public SheetRow Given { get; init; } = new();

        /// <summary>The guest as last seen; null when a file names one that is not known.</summary>
        public GuestOnHost? Seen { get; set; }

        /// <summary>Goes into the wave.</summary>
        public bool IsChosen { get; set; } = true;

        /// <summary>KVM host instead of the template's.</summary>
        public string Target { get; set; } = "";

        /// <summary>Storage instead of the template's.</summary>
        public string Storage { get; set; } = "";

        /// <summary>Virtual CPUs; null to keep.</summary>
        public int? Vcpus { get; set; }

        /// <summary>Memory in MiB; null to keep.</summary>
        public long? MemoryMiB { get; set; }

        /// <summary>Address that must answer.</summary>
        public string? Ping { get; set; }

        /// <summary>TCP port that must accept a connection.</summary>
        public int? Port { get; set; }

        /// <summary>Guests and groups that it waits for, a space between them.</summary>
        public string After { get; set; } = "";

        /// <summary>Group.</summary>
        public string Group { get; set; } = "";

        /// <summary>Goes first.</summary>
        public bool IsCanary { get; set; }

        /// <summary>What it would become.</summary>
        public ProposedRow? Proposed { get; set; }

        /// <summary>Xen host's name.</summary>
        public string SourceHost => Seen?.Host.Name ?? Given.SourceHost;

        /// <summary>Guest's name.</summary>
        public string Guest => Seen?.Guest.Name ?? Given.Guest;

        /// <summary>The row of a guest of the inventory.</summary>
        public static Row Of(GuestOnHost seen) => new() { Seen = seen };

        /// <summary>The row of a file.</summary>
        public static Row Of(SheetRow row, GuestOnHost? seen) => new()
        {
            Given = row, Seen = seen, Target = row.TargetHost, Storage = row.Storage ?? "", Vcpus = row.Vcpus, MemoryMiB = row.MemoryMiB, Ping = row.Ping,
            Port = row.TcpPort, After = string.Join(' ', row.After ?? []), Group = row.Group ?? "", IsCanary = row.Canary,
        };

        /// <summary>The row with the template filled in.</summary>
        public SheetRow ToSheet(SheetForm form) => Given with
        {
            SourceHost = SourceHost,
            Guest = Guest,
            TargetHost = Target.Length > 0 ? Target : form.Target,
            Storage = Text(Storage) ?? (Target.Length == 0 || Target == form.Target ? Text(form.Storage) : null),
            Bridges = Given.Bridges ?? (form.Bridge.Length == 0 ? null
                : (Seen?.Guest.Nics ?? []).Select(nic => nic.Bridge).OfType<string>().Distinct(StringComparer.Ordinal).ToDictionary(from => from, _ => form.Bridge, StringComparer.Ordinal)),
            Vcpus = Vcpus,
            MemoryMiB = MemoryMiB,
            Ping = Text(Ping),
            TcpPort = Port,
            ShutdownTimeoutSeconds = Given.ShutdownTimeoutSeconds ?? form.ShutdownSeconds,
            RateLimitBytesPerSecond = Given.RateLimitBytesPerSecond ?? (form.RateMegabytes is { } rate ? rate * 1_000_000L : null),
            Group = Text(Group),
            After = After.Split(' ', StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } after ? after : null,
            Canary = IsCanary,
        };

        private static string? Text(string? value) => value?.Trim() is { Length: > 0 } text ? text : null;
    }
}
