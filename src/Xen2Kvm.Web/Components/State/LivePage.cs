using Microsoft.AspNetCore.Components;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Runs;
using Xen2Kvm.Web.Auth;

namespace Xen2Kvm.Web.Components.State;

/// <summary>
/// What pages share: reading is cancelled when the page goes, acts are not; faults become words, and subscriptions end with the page.
/// </summary>
public abstract partial class LivePage : ComponentBase, IDisposable
{
    private readonly CancellationTokenSource _gone = new();
    private readonly List<IDisposable> _owned = [];
    private Task _opening = Task.CompletedTask;
    private string? _readingProblem;
    private bool _disposed;

    /// <summary>Who looks.</summary>
    [Inject]
    public required Viewer Viewer { get; init; }

    /// <summary>Tells when runs change.</summary>
    [Inject]
    public required RunFeed Feed { get; init; }

    /// <summary>Tells when waves change.</summary>
    [Inject]
    public required WaveFeed WaveFeed { get; init; }

    /// <summary>Tells when hosts change, or what is seen on them.</summary>
    [Inject]
    public required HostFeed HostFeed { get; init; }

    /// <summary>Reads runs for all pages.</summary>
    [Inject]
    public required RunReader Reader { get; init; }

    /// <summary>Address bar.</summary>
    [Inject]
    public required NavigationManager Navigation { get; init; }

    /// <summary>Log.</summary>
    [Inject]
    public required ILogger<LivePage> Logger { get; init; }

    /// <summary>Where what is shown here acts, as the page around it knows; null for the whole installation.</summary>
    [CascadingParameter]
    public Place? Around { get; set; }

    /// <summary>Ends when the page goes.</summary>
    protected CancellationToken Gone { get; private set; }

    /// <summary>What went wrong last, in words; null when nothing.</summary>
    protected string? Problem { get; set; }

    /// <summary>Where this page acts: the role must be held there.</summary>
    protected virtual Place ActsOn => Around ?? Place.Whole;

    /// <summary>An act is in work: buttons wait.</summary>
    protected bool Busy { get; private set; }

    /// <inheritdoc/>
    protected override void OnInitialized() => Gone = _gone.Token;

    /// <summary>
    /// Reads for the first time. What the page follows is followed before that, so that no change is missed in between, and waits until it is done.
    /// </summary>
    protected async Task OpenAsync(Func<CancellationToken, Task> read)
    {
        var opened = new TaskCompletionSource();
        _opening = opened.Task;
        await TryAsync(read);
        opened.SetResult();
    }

    /// <summary>Does something that may fail; a fault is shown in words instead of ending the page.</summary>
    /// <returns>Whether it succeeded.</returns>
    protected Task<bool> TryAsync(Func<CancellationToken, Task> work) => TryAsync(work, Gone);

    private async Task<bool> TryAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work(cancellationToken);
            Problem = null;
            return true;
        }
        catch (OperationCanceledException) when (_gone.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception fault)
        {
            Problem = Explain(fault);
            return false;
        }
    }

    /// <summary>
    /// The same for an act: <see cref="Busy"/> while it lasts, and not twice at once. Whoever pressed the button and went on to another
    /// page wants it done: the act goes to its end without the page.
    /// </summary>
    /// <param name="work">The act.</param>
    /// <param name="adminOnly">It needs the role Admin.</param>
    /// <param name="role">The role it needs otherwise, in the place of <see cref="ActsOn"/>.</param>
    /// <returns>Whether it succeeded and the page is still there, to say so or to lead on.</returns>
    protected async Task<bool> ActAsync(Func<CancellationToken, Task> work, bool adminOnly = false, string role = Roles.Operator)
    {
        if (Busy)
        {
            return false;
        }

        Busy = true;
        StateHasChanged();
        try
        {
            return await TryAsync(async cancellationToken =>
            {
                await Viewer.RequireAsync(adminOnly ? Roles.Admin : role, adminOnly ? Place.Whole : ActsOn, cancellationToken);
                await work(cancellationToken);
            }, CancellationToken.None) && !_disposed;
        }
        finally
        {
            Busy = false;
        }
    }

    /// <summary>Reads again whenever a run changes (one run, or any when null), until the page goes. What is read through <see cref="Reader"/> comes at most once a second.</summary>
    protected void Follow(Guid? runId, Func<CancellationToken, Task> reload, TimeSpan? every = null) => Follow(Feed, runId, reload, every);

    /// <summary>Reads again whenever something of a feed changes (one thing, or any when null), until the page goes.</summary>
    protected void Follow(ChangeFeed feed, Guid? id, Func<CancellationToken, Task> reload, TimeSpan? every = null, Func<Task>? then = null) => Own(feed.Subscribe(id, async () =>
    {
        await InvokeAsync(async () =>
        {
            await _opening;
            if (!_disposed)
            {
                await ReloadAsync(reload);
                await (then?.Invoke() ?? Task.CompletedTask);
                StateHasChanged();
            }
        });
    }, every));

    // A reading that succeeds takes back what an earlier one complained of, never the answer to a person's act: that stays until the next act.
    private async Task ReloadAsync(Func<CancellationToken, Task> reload)
    {
        var shown = Problem;
        if (!await TryAsync(reload))
        {
            _readingProblem = Problem;
            return;
        }

        Problem = shown == _readingProblem ? null : shown;
        _readingProblem = null;
    }

    /// <summary>Reads again whenever a wave changes (one, or any when null), until the page goes.</summary>
    protected void FollowWaves(Guid? waveId, Func<CancellationToken, Task> reload) => Follow(WaveFeed, waveId, reload);

    /// <summary>Reads again whenever a host changes or another inventory of it was taken, until the page goes.</summary>
    /// <param name="reload">Reads.</param>
    /// <param name="then">What comes after it, and words its own faults.</param>
    protected void FollowHosts(Func<CancellationToken, Task> reload, Func<Task>? then = null) =>
        Follow(HostFeed, null, reload, TimeSpan.FromSeconds(5), then);

    /// <summary>Reads again only when a run appeared or changed its state: for pages that show no progress.</summary>
    protected void FollowStates(Func<CancellationToken, Task> reload)
    {
        var known = "";
        Follow(null, async cancellationToken =>
        {
            var now = string.Join(',', (await Reader.ListAsync(now: false, cancellationToken)).Select(run => $"{run.Id:N}{(int)run.State}"));
            if (now != known)
            {
                known = now;
                await reload(cancellationToken);
            }
        });
    }

    /// <summary>Disposes something with the page.</summary>
    protected void Own(IDisposable owned) => _owned.Add(owned);

    /// <summary>Ends subscriptions and running work.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends subscriptions and running work.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _gone.Cancel();
        _owned.ForEach(owned => owned.Dispose());
        _gone.Dispose();
    }

    private string Explain(Exception fault)
    {
        if (fault is RefusedException or ForbiddenException or RemoteException or PlanningException or WaveException)
        {
            return fault.Message;
        }

        LogFault(Logger, GetType().Name, fault);
        return "The dashboard could not do this; its log says why. Try again, and give the log to whoever runs the dashboard when it happens again.";
    }

    [LoggerMessage(5301, LogLevel.Error, "The page {Page} failed")]
    private static partial void LogFault(ILogger logger, string page, Exception fault);
}
