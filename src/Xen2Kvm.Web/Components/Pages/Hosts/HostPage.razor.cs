using Microsoft.AspNetCore.Components;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Components.Controls;
using Host = Xen2Kvm.Domain.Inventory.Host;

namespace Xen2Kvm.Web.Components.Pages.Hosts;

/// <summary>One host: facts, storage, bridges, tools, guests, what changed; test, refresh, remove.</summary>
public sealed partial class HostPage
{
    private Host? _host;
    private Place _place = Place.Whole;
    private HostSnapshot? _snapshot;
    private IReadOnlyList<(DateTimeOffset At, SnapshotDifference Difference)> _differences = [];
    private IReadOnlyList<HostCheck>? _checks;
    private bool _read;
    private bool _testing;
    private bool _refreshing;

    /// <summary>Id or name of the host.</summary>
    [Parameter]
    public string Id { get; set; } = "";

    /// <inheritdoc/>
    protected override Place ActsOn => _place;

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        if (!_read)
        {
            FollowHosts(ReadAsync);
        }

        await OpenAsync(ReadAsync);
        _read = true;
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        _host = await Hosts.FindAsync(Id, cancellationToken);
        if (_host is null)
        {
            return;
        }

        _place = await Access.OfHostsAsync([_host.Id], cancellationToken);
        _snapshot = await Hosts.GetSnapshotAsync(_host.Id, cancellationToken);
        _differences = await Hosts.ListDifferencesAsync(_host.Id, Viewer.Now - TimeSpan.FromDays(30), cancellationToken);
    }

    private async Task TestAsync()
    {
        _testing = true;
        await ActAsync(async cancellationToken => _checks = await Hosts.TestAsync(_host!, cancellationToken));
        _testing = false;
    }

    private async Task RefreshAsync()
    {
        _refreshing = true;
        await ActAsync(async cancellationToken =>
        {
            await Hosts.RefreshAsync(_host!.Id, cancellationToken);
            await ReadAsync(cancellationToken);
        });
        _refreshing = false;
    }

    private async Task RemoveAsync()
    {
        var consent = await Dialogs.ConfirmAsync(
            $"Remove {_host!.Name}?", $"Remove {_host.Name}",
            [
                $"The program forgets {_host.Name}, its key or password, and its inventory.",
                "Nothing is changed on the host itself; runs and the audit log are kept.",
            ],
            danger: true);
        if (consent is not null
            && await ActAsync(cancellationToken => Hosts.RemoveAsync(_host, Viewer.Name, cancellationToken), adminOnly: true))
        {
            Navigation.NavigateTo("/hosts");
        }
    }
}
