using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Xen2Kvm.Web.Components.Pages.Guests;

/// <summary>All guests of all hosts in one virtualised table; filter and order live in the address bar.</summary>
public sealed partial class GuestList
{
    private IReadOnlyList<GuestRow>? _all;
    private IReadOnlyList<GuestRow> _shown = [];
    private IReadOnlyList<string> _hosts = [];
    private IReadOnlyList<string> _kinds = [];
    private IReadOnlyList<string> _powers = [];
    private GuestFilter _filter = new();
    private string? _text;

    /// <summary>Host name.</summary>
    [SupplyParameterFromQuery(Name = "host")]
    public string? Host { get; set; }

    /// <summary>Kind of guest.</summary>
    [SupplyParameterFromQuery(Name = "kind")]
    public string? Kind { get; set; }

    /// <summary>Power in a word.</summary>
    [SupplyParameterFromQuery(Name = "power")]
    public string? Power { get; set; }

    /// <summary>Which concerns.</summary>
    [SupplyParameterFromQuery(Name = "concerns")]
    public string? Concerns { get; set; }

    /// <summary>Text.</summary>
    [SupplyParameterFromQuery(Name = "q")]
    public string? Query { get; set; }

    /// <summary>Order.</summary>
    [SupplyParameterFromQuery(Name = "sort")]
    public string? SortBy { get; set; }

    /// <summary>Columns that are not shown, by comma.</summary>
    [SupplyParameterFromQuery(Name = "hide")]
    public string? Hide { get; set; }

    // The filter goes along: what passes it is chosen there.
    private string Together => "/waves/new" + new Uri(Navigation.Uri).Query;

    private string[] Hidden => Hide?.Split(',', StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        FollowStates(ReadAsync);
        FollowHosts(ReadAsync);
        await OpenAsync(ReadAsync);
    }

    /// <inheritdoc/>
    protected override void OnParametersSet()
    {
        _filter = new GuestFilter { Host = Host, Kind = Kind, Power = Power, Concerns = Concerns, Text = Query, Sort = SortBy };
        _text ??= Query;
        Apply();
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        _all = (await Guests.ListAsync(cancellationToken)).Rows;
        _hosts = Distinct(row => row.Host);
        _kinds = Distinct(row => row.Kind);
        _powers = Distinct(row => row.Power);
        Apply();
    }

    private IReadOnlyList<string> Distinct(Func<GuestRow, string> value) =>
        [.. _all!.Select(value).Distinct(StringComparer.Ordinal).Order(StringComparer.OrdinalIgnoreCase)];

    private void Apply() => _shown = _all is null ? [] : _filter.Apply(_all);

    private void Show(GuestFilter filter) =>
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameters(filter.ToQuery()), replace: true);

    private bool Shows(string column) => !Hidden.Contains(column, StringComparer.Ordinal);

    private void Toggle(string column)
    {
        var hidden = Shows(column) ? Hidden.Append(column) : Hidden.Where(known => known != column);
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameter("hide", string.Join(',', hidden) is { Length: > 0 } text ? text : null), replace: true);
    }

    private void Clear()
    {
        _text = "";
        Show(new GuestFilter { Sort = _filter.Sort });
    }

    private async Task ExportAsync()
    {
        using var stream = new MemoryStream(GuestFilter.ToCsv(_shown));
        using var reference = new DotNetStreamReference(stream);
        await Js.InvokeVoidAsync("x2k.download", Gone, "guests.csv", "text/csv", reference);
    }
}
