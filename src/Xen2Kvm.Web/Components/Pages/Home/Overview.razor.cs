using Xen2Kvm.Domain.Cleanups;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Components.State;
using Xen2Kvm.Web.Components.Text;
using Host = Xen2Kvm.Domain.Inventory.Host;

namespace Xen2Kvm.Web.Components.Pages.Home;

/// <summary>What is going on, what needs a person, what can be done.</summary>
public sealed partial class Overview
{
    private List<(Host Host, HostSnapshot? Snapshot)>? _hosts;
    private IReadOnlyList<Run> _running = [];
    private IReadOnlyList<Run> _recent = [];
    private IReadOnlyList<TimeSpan> _downtimes = [];
    private List<Need> _needs = [];
    private IReadOnlyList<Wave> _waves = [];
    private IReadOnlyDictionary<Guid, Place> _places = new Dictionary<Guid, Place>();
    private IReadOnlyList<Cleanup> _cleanups = [];
    private (WaveView View, int Waiting)? _next;
    private int _moved;
    private int _left;

    private sealed record Need(string Key, string Tone, string Icon, string Who, string What, string Path, string Act);

    private bool HasBoth => _hosts!.Any(host => host.Host.Kind == HostKind.Xen) && _hosts!.Any(host => host.Host.Kind == HostKind.Kvm);

    private TimeSpan Median => _downtimes.Order().ElementAt(_downtimes.Count / 2);

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        Follow(null, cancellationToken => ReadRunsAsync(now: false, cancellationToken));
        FollowWaves(null, ReadAllAsync);
        Follow(CleanupFeed, null, ReadAllAsync);
        FollowHosts(ReadAllAsync);
        await OpenAsync(ReadAllAsync);
    }

    private async Task ReadAllAsync(CancellationToken cancellationToken)
    {
        _hosts = [.. (await Inventory.ListHostsAsync(cancellationToken)).Select(known => (known.Host, known.Snapshot))];
        _waves = [.. (await Waves.ListAsync(cancellationToken)).Where(wave => wave.IsOpen)];
        _places = await Access.OfWavesAsync(_waves, cancellationToken);
        _cleanups = [.. (await Cleanups.ListAsync(cancellationToken)).Where(cleanup => cleanup.IsOpen)];
        await ReadRunsAsync(now: true, cancellationToken);
    }

    private async Task ReadRunsAsync(bool now, CancellationToken cancellationToken)
    {
        var runs = await Reader.ListAsync(now, cancellationToken);

        // Oldest first: a new run is added below, no row moves away under the pointer.
        _running = [.. runs.Where(run => !run.IsEnded).OrderBy(run => run.CreatedAt)];
        _recent = [.. runs.Where(run => run.IsEnded).OrderByDescending(run => run.FinishedAt).Take(8)];
        var latest = runs.GroupBy(run => (run.SourceHost, run.GuestName)).Select(group => group.First()).ToList();
        var moved = latest.Where(run => run.State == RunState.Succeeded).Select(run => (run.SourceHost, run.GuestName)).ToHashSet();
        _moved = moved.Count;
        _left = _hosts?.Where(host => host.Host.Kind == HostKind.Xen)
            .Sum(host => host.Snapshot?.Guests.Count(guest => !moved.Contains((host.Host.Name, guest.Name))) ?? 0) ?? 0;
        _downtimes = [.. runs.Where(run => run.State == RunState.Succeeded).Select(run => run.Downtime(Viewer.Now)).OfType<TimeSpan>()];
        _needs = [.. WavesThatWait(), .. CleanupsThatWait(), .. Questions(latest), .. Failures(latest), .. Unreachable()];
        _next = _waves.Where(wave => wave.State is WaveState.Approved or WaveState.Running && !wave.Calendar.IsAlways)
            .Select(wave => WaveView.Of(wave, [.. runs.Where(run => run.WaveId == wave.Id)], [], Viewer.Now))
            .Where(view => (view.Window ?? view.NextWindow) is not null)
            .Select(view => (View: view, Waiting: view.Entries.Count(status => status.Run is null)))
            .OrderBy(next => (next.View.Window ?? next.View.NextWindow)!.Value.Begin).Cast<(WaveView, int)?>().FirstOrDefault();
    }

    // What waits for an approver is shown to those who may approve it, what has stopped to everyone.
    private IEnumerable<Need> WavesThatWait() => _waves
        .Where(wave => wave.State == WaveState.Paused || (wave.State == WaveState.Draft && wave.Note is not null)
            || (wave.State == WaveState.Submitted && Viewer.WhyNot(Roles.Approver, _places[wave.Id]) is null))
        .Select(wave => wave.State == WaveState.Submitted
            ? new Need(wave.Id.ToString(), "amber", "hand", wave.Name, $"{wave.SubmittedBy} submitted it; it waits for approval.", Links.Wave(wave.Id) + "?tab=approval", "Look and decide")
            : new Need(wave.Id.ToString(), "amber", "pause", wave.Name, wave.Note ?? "It is paused.", Links.Wave(wave.Id), "See the wave"));

    private IEnumerable<Need> CleanupsThatWait() => _cleanups
        .Where(cleanup => cleanup.State == CleanupState.Failed || cleanup.Drift.Count > 0
            || (cleanup.State == CleanupState.Proposed && Roles.Rank(Viewer.Role) >= Roles.Rank(Roles.Approver)))
        .Select(cleanup => cleanup.Note is { } note
            ? new Need(cleanup.Id.ToString(), cleanup.State == CleanupState.Failed ? "red" : "amber", "trash", $"Cleanup of {cleanup.Title}", note, Links.Cleanup(cleanup.Id), "See the cleanup")
            : new Need(
                cleanup.Id.ToString(), "amber", "hand", $"Cleanup of {cleanup.Title}", $"{cleanup.ProposedBy} proposed it; it waits for approval.", Links.Cleanup(cleanup.Id), "Look and decide"));

    private static IEnumerable<Need> Questions(IEnumerable<Run> runs) => runs.Where(run => run.State == RunState.NeedsAnswer)
        .Select(run => new Need(run.Id.ToString(), "amber", "hand", run.GuestName, run.Question?.Text ?? "A step asks you something.", Links.Run(run.Id), "Answer"));

    private static IEnumerable<Need> Failures(IEnumerable<Run> runs) => runs.Where(run => run.State is RunState.Failed or RunState.Stopped)
        .Select(run => new Need(
            run.Id.ToString(), run.State == RunState.Failed ? "red" : "amber", StateWords.Of(run.State).Icon, run.GuestName,
            run.State == RunState.Failed ? $"{run.CurrentStep?.Id ?? "run"} failed: {run.Error}" : $"stopped at {run.CurrentStep?.Id}; resume or roll back",
            Links.Run(run.Id), "See the run"));

    private IEnumerable<Need> Unreachable() => (_hosts ?? []).Where(host => host.Host.UnreachableSince is not null)
        .Select(host => new Need(
            host.Host.Id.ToString(), "red", "hosts", host.Host.Name, $"unreachable since {Viewer.Time(host.Host.UnreachableSince!.Value)}: {host.Host.LastError}",
            Links.Host(host.Host), "See the host"));

    private string About(Host host, HostSnapshot? snapshot)
    {
        if (snapshot is null)
        {
            return $"{StateWords.Kind(host.Kind)}, no inventory yet";
        }

        return host.Kind == HostKind.Xen
            ? $"Xen · {Formats.Count(snapshot.Guests.Count, "guest")}"
            : $"KVM · {Formats.Count(snapshot.Guests.Count, "guest")} · {Formats.Size(snapshot.Facts.Storage.Sum(space => space.FreeBytes))} free · {Formats.Memory(snapshot.Facts.FreeMemoryMiB)} memory free";
    }
}
