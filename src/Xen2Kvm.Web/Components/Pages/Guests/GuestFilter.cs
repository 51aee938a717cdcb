using System.Globalization;
using System.Text;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Components.Text;

namespace Xen2Kvm.Web.Components.Pages.Guests;

/// <summary>A guest as the table shows it. Properties that are sorted by are plain values.</summary>
public sealed record GuestRow
{
    /// <summary>Host and guest.</summary>
    public required GuestOnHost Seen { get; init; }

    /// <summary>Its latest run, or null.</summary>
    public LatestRun? Run { get; init; }

    /// <summary>Its latest plan, or null.</summary>
    public LatestPlan? Plan { get; init; }

    /// <summary>Guest name.</summary>
    public string Name => Seen.Guest.Name;

    /// <summary>Host name.</summary>
    public string Host => Seen.Host.Name;

    /// <summary>Power in a word.</summary>
    public string Power => StateWords.Of(Seen.Guest.Power).Word;

    /// <summary>PV, PVH, HVM, KVM.</summary>
    public string Kind => StateWords.Kind(Seen.Guest.Kind);

    /// <summary>Operating system, when something told it.</summary>
    public string System => Seen.Guest.Facts.FirstOrDefault(fact => fact.Name is "OS" or "OS release" or "Operating system")?.Value ?? "";

    /// <summary>Virtual CPUs.</summary>
    public int Vcpus => Seen.Guest.Vcpus;

    /// <summary>Memory in MiB.</summary>
    public long MemoryMiB => Seen.Guest.MemoryMiB;

    /// <summary>Size of all disks in bytes.</summary>
    public long DiskBytes => Seen.Guest.Disks.Sum(disk => disk.SizeBytes ?? 0);

    /// <summary>Number of disks that hold data.</summary>
    public int DiskCount => Seen.Guest.Disks.Count(disk => !disk.IsCdrom);

    /// <summary>Addresses, joined.</summary>
    public string Addresses => string.Join(", ", Seen.Guest.Nics.SelectMany(nic => nic.Addresses));

    /// <summary>What the rules found without a plan, by severity.</summary>
    public ConcernCounts Concerns { get; init; }

    /// <summary>How far its move is, in a word; empty when there is none.</summary>
    public string Move => Run is not null ? StateWords.Of(Run.State).Word : Plan is not null ? "Planned" : "";
}

/// <summary>Which guests are shown, and in which order; lives in the address bar.</summary>
public sealed record GuestFilter
{
    /// <summary>Host name, or null for all.</summary>
    public string? Host { get; init; }

    /// <summary>PV, PVH, HVM or KVM, or null.</summary>
    public string? Kind { get; init; }

    /// <summary>Power in a word, or null.</summary>
    public string? Power { get; init; }

    /// <summary>One of <see cref="ConcernChoices"/>, or null.</summary>
    public string? Concerns { get; init; }

    /// <summary>Text in name, host, system or address.</summary>
    public string? Text { get; init; }

    /// <summary>Property to sort by, <c>-</c> in front for descending; null: host, then name.</summary>
    public string? Sort { get; init; }

    /// <summary>What can be asked of concerns, as it stands in the address bar.</summary>
    public static IReadOnlyList<string> ConcernChoices { get; } = ["blockers", "warnings", "neither"];

    /// <summary>Such a choice in words.</summary>
    public static string ConcernWord(string choice) => "has " + choice;

    /// <summary>Nothing is filtered.</summary>
    public bool IsEmpty => Host is null && Kind is null && Power is null && Concerns is null && string.IsNullOrEmpty(Text);

    /// <summary>It can only be told with how far each guest's move is.</summary>
    public bool NeedsMoves => Sort?.TrimStart('-') == nameof(GuestRow.Move);

    /// <summary>The rows that pass, sorted.</summary>
    public IReadOnlyList<GuestRow> Apply(IEnumerable<GuestRow> rows)
    {
        var passed = rows.Where(Passes);
        return [.. Sort is null ? passed : Sort.StartsWith('-') ? passed.OrderByDescending(Key(Sort[1..])) : passed.OrderBy(Key(Sort))];
    }

    /// <summary>The values of this filter in the address bar; null where there is none.</summary>
    public IReadOnlyDictionary<string, object?> ToQuery() => new Dictionary<string, object?>
    {
        ["host"] = Host, ["kind"] = Kind, ["power"] = Power, ["concerns"] = Concerns, ["q"] = string.IsNullOrWhiteSpace(Text) ? null : Text, ["sort"] = Sort,
    };

    /// <summary>Rows as CSV with a header line, in UTF-8 with a mark that spreadsheets look for.</summary>
    public static byte[] ToCsv(IEnumerable<GuestRow> rows)
    {
        var text = new StringBuilder("\uFEFF");
        Csv.Line(text, "name", "host", "power", "kind", "system", "vcpus", "memory_mib", "disks", "disk_bytes", "addresses", "blockers", "warnings", "infos", "move", "seen_at");
        foreach (var row in rows)
        {
            Csv.Line(
                text, row.Name, row.Host, row.Power, row.Kind, row.System, row.Vcpus, row.MemoryMiB, row.DiskCount, row.DiskBytes, row.Addresses,
                row.Concerns.Blockers, row.Concerns.Warnings, row.Concerns.Infos, row.Move, row.Seen.SeenAt.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private bool Passes(GuestRow row) =>
        (Host is null || row.Host == Host) && (Kind is null || row.Kind == Kind) && (Power is null || row.Power == Power) && Has(row.Concerns)
        && (string.IsNullOrWhiteSpace(Text) || Holds(row.Name) || Holds(row.Host) || Holds(row.System) || Holds(row.Addresses));

    private bool Has(ConcernCounts counts) => Concerns switch
    {
        "blockers" => counts.Blockers > 0,
        "warnings" => counts.Warnings > 0,
        "neither" => counts is { Blockers: 0, Warnings: 0 },
        _ => true,
    };

    private bool Holds(string value) => value.Contains(Text!.Trim(), StringComparison.OrdinalIgnoreCase);

    private static Func<GuestRow, IComparable> Key(string property) => property switch
    {
        nameof(GuestRow.Host) => row => row.Host,
        nameof(GuestRow.Power) => row => row.Power,
        nameof(GuestRow.Kind) => row => row.Kind,
        nameof(GuestRow.System) => row => row.System,
        nameof(GuestRow.Vcpus) => row => row.Vcpus,
        nameof(GuestRow.MemoryMiB) => row => row.MemoryMiB,
        nameof(GuestRow.DiskBytes) => row => row.DiskBytes,
        nameof(GuestRow.Addresses) => row => row.Addresses,
        nameof(GuestRow.Move) => row => row.Move,
        nameof(GuestRow.Concerns) => row => row.Concerns.Weight,
        _ => row => row.Name,
    };
}
