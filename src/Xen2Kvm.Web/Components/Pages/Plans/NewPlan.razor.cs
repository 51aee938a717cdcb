using Microsoft.AspNetCore.Components;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Components.State;

namespace Xen2Kvm.Web.Components.Pages.Plans;

/// <summary>The plan wizard: choices on one side, what becomes of the guest on the other, live.</summary>
public sealed partial class NewPlan
{
    private IReadOnlyList<Target> _targets = [];
    private PlanForm _form = new();
    private GuestOnHost? _seen;
    private Target? _target;
    private Plan? _plan;
    private Place _place = Place.Whole;
    private string? _xml;
    private string? _xmlProblem;
    private bool _read;
    private readonly LatestWork _proposing;

    /// <summary>A page without choices yet.</summary>
    public NewPlan() => _proposing = new LatestWork(ProposeNowAsync);

    /// <summary>Source host's name.</summary>
    [SupplyParameterFromQuery(Name = "host")]
    public string? HostName { get; set; }

    /// <summary>Guest's name.</summary>
    [SupplyParameterFromQuery(Name = "guest")]
    public string? GuestName { get; set; }

    /// <inheritdoc/>
    protected override Place ActsOn => _place;

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        _form = PlanForm.Parse(new Uri(Navigation.Uri).Query);
        FollowHosts(ReadAsync, ProposeAsync);
        await OpenAsync(ReadAsync);
        _read = true;
        await ProposeAsync();
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        if (HostName is null || GuestName is null)
        {
            return;
        }

        _seen = await Inventory.FindGuestAsync(HostName, GuestName, cancellationToken)
            ?? throw new RefusedException($"{HostName} has no guest {GuestName}. Refresh its inventory.");
        _targets = await Target.ListAsync(Inventory, cancellationToken);
    }

    private bool IsProposing => _proposing.IsRunning;

    /// <summary>Works the plan out of the choices as they are; choices that change meanwhile are worked out next, so the last word wins.</summary>
    private Task ProposeAsync() => _proposing.ChangedAsync();

    private async Task ProposeNowAsync()
    {
        if (_seen is null || _targets.Count == 0)
        {
            return;
        }

        _target = _targets.Where(target => target.Host.Name == _form.Target).Concat(_targets).First();
        _form.Target = _target.Host.Name;
        if (_form.Storage.Length > 0 && _target.Snapshot.Facts.Storage.All(space => space.Name != _form.Storage))
        {
            // The choice belonged to another host.
            _form.Storage = "";
        }

        Navigation.NavigateTo(Navigation.GetUriWithQueryParameters(_form.ToQuery()), replace: true);
        if (!await TryAsync(async cancellationToken =>
        {
            var plan = await Plans.ProposeAsync(
                _seen!.Host.Id, _seen.Guest.Name, _target.Host.Id, _form.ToChoices(_seen.Guest), Viewer.Name, cancellationToken);
            _place = await Access.OfHostsAsync([_seen.Host.Id, _target.Host.Id], cancellationToken);
            var (xml, xmlProblem) = await PlanXml.ReadAsync(Plans, plan, cancellationToken);
            (_plan, _xml, _xmlProblem) = (plan, xml, xmlProblem);
        }))
        {
            (_plan, _xml, _xmlProblem) = (null, null, null);
        }
    }

    private async Task SaveAsync()
    {
        // Pressed right after a choice: what is saved is what was chosen.
        await _proposing.Current;
        if (_plan is { } plan && await ActAsync(cancellationToken => Plans.CreateAsync(plan, cancellationToken)))
        {
            Navigation.NavigateTo(Links.Plan(plan.Id));
        }
    }
}
