using Microsoft.AspNetCore.Components;
using Xen2Kvm.Domain.Cleanups;
using Xen2Kvm.Engine.Cleanups;
using Xen2Kvm.Web.Components.State;
using Xen2Kvm.Web.Components.Text;

namespace Xen2Kvm.Web.Components.Pages.Cleanups;

/// <summary>What moved guests still have on Xen, by the records; and every cleanup.</summary>
public sealed partial class CleanupList
{
    private static readonly ShownState _remains = new("Remains", "grey", "disk");
    private static readonly string[] _states = [_remains.Word, .. Enum.GetValues<CleanupState>().Where(state => state != CleanupState.Withdrawn).Select(state => StateWords.Of(state).Word)];
    private readonly HashSet<(Guid Host, string Guest)> _chosen = [];
    private IReadOnlyList<GuestRemains>? _all;
    private IReadOnlyList<GuestRemains> _shown = [];
    private IReadOnlyList<Cleanup> _cleanups = [];
    private IReadOnlyList<HostSum> _hosts = [];
    private IReadOnlyList<string> _hostNames = [];
    private string _text = "";
    private double _days;

    /// <summary>Xen host.</summary>
    [SupplyParameterFromQuery(Name = "host")]
    public string? HostName { get; set; }

    /// <summary>State in a word.</summary>
    [SupplyParameterFromQuery(Name = "state")]
    public string? State { get; set; }

    /// <summary>Part of a guest's name.</summary>
    [SupplyParameterFromQuery(Name = "q")]
    public string? Query { get; set; }

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        (_text, _days) = (Query ?? "", Cleanups.HoldPeriod.TotalDays);
        Follow(CleanupFeed, null, ReadAsync);
        FollowStates(ReadAsync);
        await OpenAsync(ReadAsync);
    }

    /// <inheritdoc/>
    protected override void OnParametersSet() => Filter();

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        _all = await Remains.ReadAsync(cancellationToken);
        _cleanups = await Cleanups.ListAsync(cancellationToken);
        var freed = _cleanups.SelectMany(cleanup => cleanup.Items).Where(item => item.Outcome is { Gone: true }).ToLookup(item => item.Host, item => item.Bytes ?? 0, StringComparer.Ordinal);
        _hosts = [.. _all.GroupBy(one => one.Guest.SourceHost, StringComparer.Ordinal).OrderBy(host => host.Key, StringComparer.Ordinal).Select(host => new HostSum(
            host.Key, host.Count(), host.Sum(one => one.Bytes), host.Where(one => one.MayBeDeletedFrom <= Viewer.Now).Sum(one => one.Bytes), freed[host.Key].Sum()))];
        _hostNames = [.. _hosts.Select(host => host.Name)];
        _chosen.IntersectWith(_all.Where(one => one.IsFree).Select(one => (one.Guest.SourceHostId, one.Guest.Name)));
        Filter();
    }

    private void Filter() => _shown = [.. (_all ?? []).Where(one => (HostName is null || one.Guest.SourceHost == HostName)
        && (State is null || (one.Cleanup is { } cleanup ? StateWords.Of(cleanup.State) : _remains).Word == State)
        && (string.IsNullOrWhiteSpace(Query) || one.Guest.Name.Contains(Query.Trim(), StringComparison.OrdinalIgnoreCase)))];

    private void Choose((Guid Host, string Guest) key, bool chosen)
    {
        if (!(chosen ? _chosen.Add(key) : _chosen.Remove(key)))
        {
            StateHasChanged();
        }
    }

    private async Task ProposeAsync()
    {
        Cleanup? made = null;
        if (await ActAsync(async cancellationToken => made = await Cleanups.ProposeAsync([.. _chosen], TimeSpan.FromDays(Math.Clamp(_days, 0, 3650)), Viewer.Name, cancellationToken)))
        {
            Navigation.NavigateTo(Links.Cleanup(made!.Id));
        }
    }

    private string May(GuestRemains one) => one.Cleanup is { State: CleanupState.Done } ? "done"
        : one.MayBeDeletedFrom <= Viewer.Now ? "now, once approved"
        : $"from {Viewer.Time(one.MayBeDeletedFrom)}";

    private string With(string name, string? value) => Navigation.GetUriWithQueryParameter(name, value);

    private void Show(string name, string? value) => Navigation.NavigateTo(With(name, string.IsNullOrWhiteSpace(value) ? null : value), replace: true);

    /// <summary>What one Xen host holds for guests that have left it.</summary>
    private sealed record HostSum(string Name, int Guests, long Held, long Due, long Freed);
}
