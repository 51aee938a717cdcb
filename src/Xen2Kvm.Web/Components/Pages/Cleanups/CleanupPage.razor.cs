using Microsoft.AspNetCore.Components;
using Xen2Kvm.Domain.Cleanups;
using Xen2Kvm.Engine.Cleanups;
using Xen2Kvm.Web.Components.Controls;
using Xen2Kvm.Web.Components.Text;

namespace Xen2Kvm.Web.Components.Pages.Cleanups;

/// <summary>One cleanup: what is proposed, who approved it, what would run, and what became of it.</summary>
public sealed partial class CleanupPage
{
    private Cleanup? _cleanup;
    private CleanupDryRun? _rehearsal;
    private Guid _followed;
    private bool _read;

    /// <summary>The cleanup.</summary>
    [Parameter]
    public Guid Id { get; set; }

    private string? Done => _cleanup is { State: CleanupState.Deleting or CleanupState.Failed } now
        ? $"{now.Items.Count(item => item.Outcome is { Gone: true })} of {now.Items.Count(item => item.Stays is null)}"
        : null;

    // What is left to do while it is open, what was done at its end.
    private List<IGrouping<string, CleanupItem>> Commands => [.. _cleanup!.Items
        .Where(item => item.Command is not null && (_cleanup.IsOpen ? item.IsLeft : item.Outcome is { Gone: true })).GroupBy(item => item.Host, StringComparer.Ordinal)];

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        if (_followed == Id)
        {
            return;
        }

        _followed = Id;
        (_cleanup, _rehearsal) = (null, null);
        Follow(CleanupFeed, Id, ReadAsync);
        await OpenAsync(ReadAsync);
        _read = true;
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        var read = await Cleanups.FindAsync(Id, cancellationToken);
        if (read?.Version != _cleanup?.Version)
        {
            _rehearsal = null;
        }

        _cleanup = read;
    }

    private Task LookAgainAsync() => ActAsync(cancellationToken => Cleanups.LookAgainAsync(Id, Viewer.Name, cancellationToken));

    private Task RehearseAsync() => ActAsync(async cancellationToken => _rehearsal = await Cleanups.RehearseAsync(Id, cancellationToken));

    private async Task WithdrawAsync()
    {
        if (await Dialogs.ConfirmAsync(
            $"Withdraw the cleanup of {_cleanup!.Title}?", "Withdraw it",
            [_cleanup.HasBegun ? "What it has deleted stays deleted. The rest stays where it is." : "Everything stays where it is. It can be proposed again."],
            danger: true) is not null)
        {
            await ActAsync(cancellationToken => Cleanups.WithdrawAsync(Id, Viewer.Name, cancellationToken));
        }
    }

    private async Task DeleteAsync()
    {
        var (cleanup, names) = (_cleanup!, _cleanup!.Guests.Select(guest => guest.Name).ToList());
        var left = cleanup.Items.Where(item => item.IsLeft).ToList();
        if (await Dialogs.ConfirmAsync(
            $"Delete what {cleanup.Title} left behind?", $"Delete {Formats.Size(cleanup.BytesLeft)} for good",
            [
                $"{Formats.Count(left.Count, "item")} on {string.Join(" and ", left.Select(item => item.Host).Distinct(StringComparer.Ordinal))} {(left.Count == 1 ? "is" : "are")} deleted. There is no way back to Xen after this.",
                $"{string.Join(", ", cleanup.Guests.Select(guest => $"{guest.TargetName} on {guest.TargetHost}"))} {(names.Count == 1 ? "is" : "are")} not touched.",
                "Each thing is looked at once more right before; what differs, or is in use, stays.",
            ],
            danger: true, typed: string.Join(", ", names)) is not null)
        {
            await ActAsync(cancellationToken => Cleanups.StartAsync(Id, names, Viewer.Name, cancellationToken));
        }
    }
}
