using Microsoft.AspNetCore.Components;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Components.State;

namespace Xen2Kvm.Web.Components.Pages.Waves;

/// <summary>One wave, live: where each plan stands, what it waits for, and what may be done.</summary>
public sealed partial class WavePage
{
    private WaveView? _view;
    private Place _place = Place.Whole;
    private IReadOnlyDictionary<Guid, Plan> _plans = new Dictionary<Guid, Plan>();
    private IReadOnlyDictionary<Guid, DowntimeForecast?> _forecasts = new Dictionary<Guid, DowntimeForecast?>();
    private IReadOnlyList<CapacityUse> _capacity = [];
    private IReadOnlyCollection<Guid> _started = [];
    private WaveForecast? _forecast;
    private Guid _followed;
    private int _ended = -1;
    private bool _read;

    /// <summary>The wave.</summary>
    [Parameter]
    public Guid Id { get; set; }

    /// <summary>plans, board, timeline, log, approval or edit.</summary>
    [SupplyParameterFromQuery(Name = "tab")]
    public string? Tab { get; set; }

    /// <summary><c>wall</c> for a screen in the office: no controls.</summary>
    [SupplyParameterFromQuery(Name = "view")]
    public string? View { get; set; }

    /// <summary>Whose throughput is drawn: <c>host NAME</c>, a guest's name, or null for all.</summary>
    [SupplyParameterFromQuery(Name = "of")]
    public string? Of { get; set; }

    /// <summary>Least level of the log.</summary>
    [SupplyParameterFromQuery(Name = "level")]
    public string? Level { get; set; }

    /// <summary>Text searched in the log.</summary>
    [SupplyParameterFromQuery(Name = "q")]
    public string? Query { get; set; }

    private bool IsWall => View == "wall";

    private IEnumerable<(string Key, string Word)> Tabs => _view!.Wave.State == WaveState.Draft
        ? [("plans", "Plans"), ("edit", "Edit"), ("approval", "Approval"), ("board", "Board"), ("timeline", "Timeline")]
        : [("plans", "Plans"), ("board", "Board"), ("timeline", "Timeline"), ("log", "Log"), ("approval", "Approval")];

    private string Shown => Tabs.Any(tab => tab.Key == Tab) ? Tab! : "plans";

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        if (_followed == Id)
        {
            return;
        }

        _followed = Id;
        (_view, _plans, _ended) = (null, new Dictionary<Guid, Plan>(), -1);
        await TryAsync(cancellationToken => ReadAsync(wave: null, now: true, cancellationToken));
        _read = true;
        FollowWaves(Id, cancellationToken => ReadAsync(wave: null, now: true, cancellationToken));
        Follow(null, cancellationToken => ReadAsync(_view?.Wave, now: false, cancellationToken));
    }

    // A tick of a run reads runs alone; the wave itself is read when it changed.
    private async Task ReadAsync(Wave? wave, bool now, CancellationToken cancellationToken)
    {
        wave ??= await Waves.FindAsync(Id, cancellationToken);
        if (wave is null)
        {
            return;
        }

        var look = await WaveReader.LookAsync(wave, now, cancellationToken);
        var (view, ended) = (look.View, look.Runs.Count(run => run.IsEnded));
        if (_view is null || _view.Wave.Version != wave.Version || ended != _ended)
        {
            await LookAheadAsync(look, cancellationToken);
        }

        (_view, _ended) = (view, ended);
    }

    private async Task LookAheadAsync(WaveLook look, CancellationToken cancellationToken)
    {
        // A plan is a long document, and only for those that have not started anything is worked out of it.
        var (view, wave, plans) = (look.View, look.View.Wave, new Dictionary<Guid, Plan>());
        var waiting = view.Entries.Where(status => status.Run is null).Select(status => status.Entry).ToList();
        foreach (var entry in waiting)
        {
            if ((_plans.GetValueOrDefault(entry.PlanId) ?? await Plans.FindAsync(entry.PlanId, cancellationToken)) is { } plan)
            {
                plans[entry.PlanId] = plan;
            }
        }

        _plans = plans;
        _place = await Access.OfWaveAsync(wave, cancellationToken);
        _started = [.. look.Runs.Select(run => run.PlanId)];
        var left = waiting.Where(entry => plans.ContainsKey(entry.PlanId)).ToList();
        _forecasts = left.ToDictionary(entry => entry.PlanId, entry => DowntimeForecast.Of(plans[entry.PlanId], entry.SourceHost, entry.TargetHost, look.All));
        _forecast = WaveForecast.Of(wave, _forecasts);
        var hosts = new Dictionary<Guid, (string Name, HostFacts? Facts)>();
        foreach (var entry in left.DistinctBy(entry => entry.TargetHostId))
        {
            hosts[entry.TargetHostId] = (entry.TargetHost, (await Hosts.GetSnapshotAsync(entry.TargetHostId, cancellationToken))?.Facts);
        }

        _capacity = WaveCapacity.Of([.. left.Select(entry => plans[entry.PlanId])], hosts);
    }

    private string With(string name, string? value) => Navigation.GetUriWithQueryParameter(name, value);
}
