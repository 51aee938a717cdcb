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
    private Ahead _ahead = Ahead.Nothing;
    private Guid _followed;
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
        (_view, _ahead) = (null, Ahead.Nothing);
        FollowWaves(Id, cancellationToken => ReadAsync(wave: null, now: true, cancellationToken));
        Follow(null, cancellationToken => ReadAsync(_view?.Wave, now: false, cancellationToken));
        await OpenAsync(cancellationToken => ReadAsync(wave: null, now: true, cancellationToken));
        _read = true;
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
        var ahead = _view?.Wave.Version == wave.Version && look.Runs.Count(run => run.IsEnded) == _ahead.Ended ? _ahead : await LookAheadAsync(look, cancellationToken);

        // A tick waits for the runs' next reading: the wave that it began with may have changed, and been shown, meanwhile.
        if (wave.Id == Id && (_view is null || _view.Wave.Version <= wave.Version))
        {
            (_view, _ahead) = (look.View, ahead);
        }
    }

    private async Task<Ahead> LookAheadAsync(WaveLook look, CancellationToken cancellationToken)
    {
        // A plan is a long document, and only for those that have not started anything is worked out of it.
        var (wave, known, plans) = (look.View.Wave, _ahead.Plans, new Dictionary<Guid, Plan>());
        var waiting = look.View.Entries.Where(status => status.Run is null).Select(status => status.Entry).ToList();
        foreach (var entry in waiting)
        {
            if ((known.GetValueOrDefault(entry.PlanId) ?? await Plans.FindAsync(entry.PlanId, cancellationToken)) is { } plan)
            {
                plans[entry.PlanId] = plan;
            }
        }

        var left = waiting.Where(entry => plans.ContainsKey(entry.PlanId)).ToList();
        var forecasts = left.ToDictionary(entry => entry.PlanId, entry => DowntimeForecast.Of(plans[entry.PlanId], entry.SourceHost, entry.TargetHost, look.All));
        var hosts = new Dictionary<Guid, (string Name, HostFacts? Facts)>();
        foreach (var entry in left.DistinctBy(entry => entry.TargetHostId))
        {
            hosts[entry.TargetHostId] = (entry.TargetHost, (await Hosts.GetSnapshotAsync(entry.TargetHostId, cancellationToken))?.Facts);
        }

        return new Ahead(
            plans, await Access.OfWaveAsync(wave, cancellationToken), [.. look.Runs.Select(run => run.PlanId)], look.Runs.Count(run => run.IsEnded),
            forecasts, WaveForecast.Of(wave, forecasts), WaveCapacity.Of([.. left.Select(entry => plans[entry.PlanId])], hosts));
    }

    private string With(string name, string? value) => Navigation.GetUriWithQueryParameter(name, value);

    /// <summary>What is worked out when the wave changed or one more of its runs ended, not with every tick.</summary>
    private sealed record Ahead(
        IReadOnlyDictionary<Guid, Plan> Plans, Place Place, IReadOnlyCollection<Guid> Started, int Ended,
        IReadOnlyDictionary<Guid, DowntimeForecast?> Forecasts, WaveForecast? Forecast, IReadOnlyList<CapacityUse> Capacity)
    {
        public static Ahead Nothing { get; } = new(new Dictionary<Guid, Plan>(), Place.Whole, [], -1, new Dictionary<Guid, DowntimeForecast?>(), null, []);
    }
}
