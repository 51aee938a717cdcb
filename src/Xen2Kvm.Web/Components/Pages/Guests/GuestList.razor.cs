using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Domain.Runs;

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
        await TryAsync(ReadAsync);
        FollowStates(ReadAsync);
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
        var guests = await Inventory.ListGuestsAsync(cancellationToken);
        var runs = Latest(await Reader.ListAsync(now: true, cancellationToken), run => (run.SourceHost, run.GuestName));
        var plans = Latest(await Plans.ListAsync(cancellationToken), plan => (plan.SourceHostId, plan.Source.Name));
        var findings = Findings.Of(guests);
        _all = [.. guests.Select(seen => new GuestRow
        {
            Seen = seen,
            Concerns = ConcernCounts.Of(findings.Of(seen)),
            Run = runs.GetValueOrDefault((seen.Host.Name, seen.Guest.Name)),
            Plan = plans.GetValueOrDefault((seen.Host.Id, seen.Guest.Name)),
        })];
        _hosts = Distinct(row => row.Host);
        _kinds = Distinct(row => row.Kind);
        _powers = Distinct(row => row.Power);
        Apply();
    }

    // Both lists come newest first, so the first of each guest is its latest.
    private static Dictionary<TKey, T> Latest<T, TKey>(IEnumerable<T> newestFirst, Func<T, TKey> key)
        where TKey : notnull
    {
        var latest = new Dictionary<TKey, T>();
        foreach (var item in newestFirst)
        {
            latest.TryAdd(key(item), item);
        }

        return latest;
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
