using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;
using Xen2Kvm.Web.Components.Controls;
using Xen2Kvm.Web.Components.State;
using Xen2Kvm.Web.Components.Text;

namespace Xen2Kvm.Web.Components.Pages.Guests;

/// <summary>The table of guests. The component library's grid is not used here: its header hides words and its cells redraw with every change.</summary>
public sealed partial class GuestTable
{
    private const string Seen = "Seen";
    private static readonly Column[] _columns =
    [
        new(nameof(GuestRow.Name), "Name", 138), new(nameof(GuestRow.Host), "Host", 66), new(nameof(GuestRow.Power), "Power", 102),
        new(nameof(GuestRow.Kind), "Kind", 56), new(nameof(GuestRow.System), "System", 134), new(nameof(GuestRow.Vcpus), "vCPU", 58, true),
        new(nameof(GuestRow.MemoryMiB), "Memory", 78, true), new(nameof(GuestRow.DiskBytes), "Disks", 104, true),
        new(nameof(GuestRow.Addresses), "Addresses", 114), new(nameof(GuestRow.Concerns), "Concerns", 114), new(nameof(GuestRow.Move), "Move", 120),
        new(Seen, "Seen", 96),
    ];

    private List<GuestRow> _rows = [];

    /// <summary>Columns that can be hidden.</summary>
    public static IReadOnlyList<(string Column, string Title)> Choices { get; } = [.. _columns.Skip(1).Select(column => (column.Name, column.Title))];

    /// <summary>Rows in their order.</summary>
    [Parameter, EditorRequired]
    public required IReadOnlyList<GuestRow> Rows { get; set; }

    /// <summary>Names of columns that are not shown.</summary>
    [Parameter]
    public IReadOnlyList<string> Hidden { get; set; } = [];

    /// <summary>Column that is sorted by, <c>-</c> in front for descending.</summary>
    [Parameter]
    public string? Sort { get; set; }

    /// <summary>Another order was chosen; null for the natural one.</summary>
    [Parameter]
    public EventCallback<string?> SortBy { get; set; }

    private IEnumerable<Column> Shown => _columns.Where(column => !Hidden.Contains(column.Name, StringComparer.Ordinal));

    /// <inheritdoc/>
    protected override void OnParametersSet() => _rows = [.. Rows];

    private string? Order(Column column) => Sort == column.Name ? "ascending" : Sort == "-" + column.Name ? "descending" : null;

    private string Mark(Column column) => Order(column) switch { "ascending" => "▲", "descending" => "▼", _ => "" };

    // Ascending, descending, and back to the natural order.
    private string? Next(Column column) => Order(column) switch { null => column.Name, "ascending" => "-" + column.Name, _ => null };

    private static RenderFragment Cell(string column, GuestRow row) => builder =>
    {
        switch (column)
        {
            case nameof(GuestRow.Name):
                Link(builder, Links.Guest(row.Host, row.Name), "strong", row.Name);
                break;
            case nameof(GuestRow.Power):
                Chip(builder, StateWords.Of(row.Seen.Guest.Power));
                break;
            case nameof(GuestRow.Move) when row.Run is { } run:
                builder.OpenElement(0, "a");
                builder.AddAttribute(1, "href", Links.Run(run.Id));
                Chip(builder, StateWords.Of(run.State));
                builder.CloseElement();
                break;
            case nameof(GuestRow.Move) when row.Plan is { } plan:
                builder.OpenElement(0, "a");
                builder.AddAttribute(1, "href", Links.Plan(plan.Id));
                Chip(builder, new ShownState("Planned", "grey", "plans"));
                builder.CloseElement();
                break;
            case nameof(GuestRow.Concerns):
                builder.OpenComponent<ConcernMarks>(0);
                builder.AddComponentParameter(1, nameof(ConcernMarks.Counts), row.Concerns);
                builder.CloseComponent();
                break;
            case Seen:
                builder.OpenComponent<Moment>(0);
                builder.AddComponentParameter(1, nameof(Moment.At), (DateTimeOffset?)row.Seen.SeenAt);
                builder.AddComponentParameter(2, nameof(Moment.Relative), true);
                builder.CloseComponent();
                break;
            default:
                builder.AddContent(0, Plain(column, row));
                break;
        }
    };

    private static string Plain(string column, GuestRow row) => column switch
    {
        nameof(GuestRow.Host) => row.Host,
        nameof(GuestRow.Kind) => row.Kind,
        nameof(GuestRow.System) => row.System.Length == 0 ? Formats.Unknown : row.System,
        nameof(GuestRow.Vcpus) => row.Vcpus.ToString(System.Globalization.CultureInfo.InvariantCulture),
        nameof(GuestRow.MemoryMiB) => Formats.Memory(row.MemoryMiB),
        nameof(GuestRow.DiskBytes) => $"{row.DiskCount} × {Formats.Size(row.DiskBytes)}",
        nameof(GuestRow.Addresses) => row.Addresses,
        _ => "",
    };

    private static void Link(RenderTreeBuilder builder, string href, string css, string text)
    {
        builder.OpenElement(0, "a");
        builder.AddAttribute(1, "href", href);
        builder.AddAttribute(2, "class", css);
        builder.AddAttribute(3, "title", text);
        builder.AddContent(4, text);
        builder.CloseElement();
    }

    private static void Chip(RenderTreeBuilder builder, ShownState state, string? title = null)
    {
        builder.OpenComponent<StateChip>(10);
        builder.AddComponentParameter(11, nameof(StateChip.State), state);
        builder.AddComponentParameter(12, nameof(StateChip.Title), title);
        builder.CloseComponent();
    }

    private sealed record Column(string Name, string Title, int Width, bool IsNumber = false)
    {
        public string Class => IsNumber ? "num" : Name switch
        {
            nameof(GuestRow.Addresses) => "mono",
            nameof(GuestRow.Power) or nameof(GuestRow.Move) or nameof(GuestRow.Concerns) => "chips",
            _ => "",
        };
    }
}
