using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Runs;
using Xen2Kvm.Engine.Waves;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Components.Pages.Guests;
using Xen2Kvm.Web.Components.Pages.Plans;
using Xen2Kvm.Web.Components.State;
using Xen2Kvm.Web.Components.Text;
using Host = Xen2Kvm.Domain.Inventory.Host;

namespace Xen2Kvm.Web.Components.Pages.Waves;

/// <summary>Plans many guests together: a template for all, single cells corrected, every concern and what it takes seen at once.</summary>
public sealed partial class NewWave
{
    private readonly SheetForm _form = new();
    private IReadOnlyList<Target> _targets = [];
    private IReadOnlyList<GuestOnHost> _guests = [];
    private readonly LatestWork _proposing;
    private ProposedWave? _proposed;
    private Place _place = Place.Whole;
    private IReadOnlyList<(string Guest, Concern Concern)> _concerns = [];
    private DateTimeOffset? _checkedAt;
    private string _text = "";
    private bool _checking;
    private bool _isFromFile;
    private bool _read;

    /// <summary>A page without choices yet.</summary>
    public NewWave() => _proposing = new LatestWork(ProposeNowAsync);

    /// <summary>Host name: guests of this host are chosen at first.</summary>
    [SupplyParameterFromQuery(Name = "host")]
    public string? HostName { get; set; }

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

    private List<SheetForm.Row> Shown => [.. _form.Rows.Where(row => string.IsNullOrWhiteSpace(_text)
        || new[] { row.Guest, row.SourceHost, row.Group }.Any(text => text.Contains(_text.Trim(), StringComparison.OrdinalIgnoreCase)))];

    private string? WhyNot => _form.Name.Trim().Length == 0 ? "Give the wave a name."
        : !_form.Chosen.Any() ? "Choose guests first."
        : _proposed?.AllProblems is { Count: > 0 } problems ? problems[0] : null;

    /// <inheritdoc/>
    protected override Place ActsOn => _place;

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        FollowHosts(ReadAgainAsync, () => _checkedAt is null ? ProposeAsync() : Task.CompletedTask);
        await OpenAsync(ReadAsync);
        _read = true;
        await ProposeAsync();
    }

    // The filter of the guests' page is taken over: what passes it is chosen.
    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        await ReadHostsAsync(cancellationToken);
        _form.Target = _targets.FirstOrDefault()?.Host.Name ?? "";
        var findings = Findings.Of(_guests);
        var filter = new GuestFilter { Host = HostName, Kind = Kind, Power = Power, Concerns = Concerns, Text = Query };
        var passing = filter.Apply([.. _guests.Select(seen => new GuestRow { Seen = seen, Concerns = ConcernCounts.Of(findings.Of(seen)) })])
            .Select(row => (row.Host, row.Name)).ToHashSet();
        ShowGuests(seen => !filter.IsEmpty && passing.Contains((seen.Host.Name, seen.Guest.Name)));
    }

    // Guests come and go while a wave is planned; what was chosen and typed stays.
    private async Task ReadAgainAsync(CancellationToken cancellationToken)
    {
        await ReadHostsAsync(cancellationToken);
        if (_isFromFile)
        {
            _form.Rows.ForEach(row => row.Seen = InventoryService.Find(_guests, row.SourceHost, row.Guest) ?? row.Seen);
        }
        else
        {
            ShowGuests(_ => false);
        }
    }

    private async Task ReadHostsAsync(CancellationToken cancellationToken)
    {
        _guests = await Inventory.ListGuestsAsync(cancellationToken);
        _targets = await Target.ListAsync(Inventory, cancellationToken);
    }

    // A row for each guest that can be moved, and for each that was chosen when it still could.
    private void ShowGuests(Func<GuestOnHost, bool> choose)
    {
        var before = _form.Rows.DistinctBy(row => (row.SourceHost, row.Guest)).ToDictionary(row => (row.SourceHost, row.Guest));
        _form.Rows.Clear();
        foreach (var seen in _guests.Where(seen => seen.Host.Kind == HostKind.Xen && !seen.Guest.IsLocked))
        {
            if (before.Remove((seen.Host.Name, seen.Guest.Name), out var row))
            {
                row.Seen = seen;
            }
            else
            {
                row = SheetForm.Row.Of(seen);
                row.IsChosen = choose(seen);
            }

            _form.Rows.Add(row);
        }

        _form.Rows.AddRange(before.Values.Where(row => row.IsChosen));
    }

    private HostFacts? Facts(string host) => _targets.FirstOrDefault(target => target.Host.Name == host)?.Snapshot.Facts;

    private Task ChooseAsync(bool chosen)
    {
        Shown.ForEach(row => row.IsChosen = chosen);
        return ProposeAsync();
    }

    private Task ProposeAsync() => _proposing.ChangedAsync();

    private Task ProposeNowAsync() => TryAsync(async cancellationToken =>
    {
        _checkedAt = null;
        var sheet = _form.ToSheet();
        _place = await Access.OfSheetAsync(sheet, cancellationToken);
        Show(await Planner.ProposeAsync(sheet, Viewer.Name, cancellationToken));
    });

    private void Show(ProposedWave proposed)
    {
        _proposed = proposed;
        var rows = proposed.Rows.ToDictionary(row => (row.Row.SourceHost, row.Row.Guest));
        _form.Rows.ForEach(row => row.Proposed = row.IsChosen ? rows.GetValueOrDefault((row.SourceHost, row.Guest)) : null);
        _concerns = [.. proposed.Rows.SelectMany(row => row.Concerns.Select(concern => (row.Row.Guest, concern)))];
    }

    private async Task CheckAsync()
    {
        _checking = true;
        StateHasChanged();
        await ActAsync(async cancellationToken =>
        {
            var proposed = await Planner.ProposeAsync(_form.ToSheet(), Viewer.Name, cancellationToken);
            Show(await Planner.CheckAsync(proposed, cancellationToken));
            _checkedAt = Viewer.Now;
        });
        _checking = false;
    }

    private async Task CreateAsync()
    {
        // Pressed right after a choice: what is made is what was chosen, and its problems are known.
        await _proposing.Current;
        Wave? wave = null;
        if (await ActAsync(async cancellationToken => wave = await Planner.CreateAsync(_form.ToSheet(), Viewer.Name, cancellationToken)))
        {
            Navigation.NavigateTo(Links.Wave(wave!.Id) + "?tab=edit");
        }
    }

    private async Task ImportAsync(InputFileChangeEventArgs file)
    {
        if (await TryAsync(cancellationToken => FillAsync(file.File, cancellationToken)))
        {
            await ProposeAsync();
        }
    }

    private async Task FillAsync(IBrowserFile file, CancellationToken cancellationToken)
    {
        SheetFile.RequireSize(file.Size);
        using var bytes = new MemoryStream();
        await using (var stream = file.OpenReadStream(SheetFile.MostBytes, cancellationToken))
        {
            await stream.CopyToAsync(bytes, cancellationToken);
        }

        var sheet = SheetFile.Read(bytes, isCsv: !file.Name.EndsWith(".json", StringComparison.OrdinalIgnoreCase));
        _form.Name = sheet.Name.Length > 0 ? sheet.Name : _form.Name;
        _form.Target = sheet.Rows.Select(row => row.TargetHost).FirstOrDefault(host => _targets.Any(target => target.Host.Name == host)) ?? _form.Target;
        _isFromFile = true;
        _form.Rows.Clear();
        _form.Rows.AddRange(sheet.Rows.Select(row => SheetForm.Row.Of(
            row.TargetHost == _form.Target ? row with { TargetHost = "" } : row, InventoryService.Find(_guests, row.SourceHost, row.Guest))));
    }
}
