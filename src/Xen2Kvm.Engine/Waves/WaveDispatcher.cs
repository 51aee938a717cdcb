using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Notifications;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Preflight;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Engine.Waves;

/// <summary>
/// Drives waves: starts what may start, rolls back what failed where that is the policy, pauses and ends them. Each look begins with what
/// the database says, so that a look that died half-way is simply made again: a run names its wave and plan, and the database keeps a
/// second run off the same guest.
/// </summary>
public sealed partial class WaveDispatcher(
    IWaveStore waves, WaveService service, RunService starter, IOptions<WaveOptions> options, TimeProvider time, ILogger<WaveDispatcher> logger)
{
    private static readonly TimeSpan WarnBefore = TimeSpan.FromMinutes(15);

    // Plans that could not be started lately, and why; forgotten with the process, which then tries at once.
    private readonly ConcurrentDictionary<(Guid Wave, Guid Plan), (DateTimeOffset Until, string Why)> _resting = new();

    /// <summary>Why a plan could not be started a moment ago; null when nothing is known.</summary>
    public string? WhyResting(Guid waveId, Guid planId) => _resting.TryGetValue((waveId, planId), out var rest) && time.GetUtcNow() < rest.Until ? rest.Why : null;

    /// <summary>Looks at every open wave once, unless another node is at it.</summary>
    public Task LookAsync(CancellationToken cancellationToken) => waves.AloneAsync(
        async token =>
        {
            foreach (var wave in (await waves.ListOpenAsync(token).ConfigureAwait(false)).Where(MayHaveWork))
            {
                try
                {
                    await DriveAsync(wave, token).ConfigureAwait(false);
                }
                catch (Exception failure) when (failure is RefusedException or WaveException)
                {
                    // Someone changed the wave or a run in the same moment; the next look sees it.
                    LogOvertaken(wave.Name, failure.Message);
                }
                catch (Exception failure) when (failure is not (OperationCanceledException or OutOfMemoryException))
                {
                    LogFailed(failure, wave.Name);
                }
            }
        },
        cancellationToken);

    // A wave that was never started and is not approved has nothing to start, to roll back or to end.
    private static bool MayHaveWork(Wave wave) => wave.StartedAt is not null || wave.State == WaveState.Approved;

    private static string Actor(Wave wave) => $"wave {wave.Name}";

    private async Task DriveAsync(Wave wave, CancellationToken cancellationToken)
    {
        var view = await service.LookAsync(wave, cancellationToken).ConfigureAwait(false);
        await RollBackAsync(view, cancellationToken).ConfigureAwait(false);
        await WarnAsync(view, cancellationToken).ConfigureAwait(false);
        switch (wave.State)
        {
            case WaveState.Approved when view.Window is not null:
                await StartWaveAsync(wave, view, cancellationToken).ConfigureAwait(false);
                break;
            case WaveState.Running when view.HasTooManyFailures:
                await PauseAsync(wave, $"Paused after {(view.Failures == 1 ? "a failure" : $"{view.Failures} failures")}: {Failed(view)}. Look at what failed, then go on or give the wave up.", cancellationToken)
                    .ConfigureAwait(false);
                break;
            case WaveState.Running when view.IsThrough && view.Running == 0:
                await service.ApplyAsync(wave.Id, now => WaveRules.Finish(now, time.GetUtcNow()), Actor(wave), "wave.finish", "", cancellationToken).ConfigureAwait(false);
                await service.TellAsync(
                    wave, NotificationKind.WaveFinished, "", $"{wave.Name} is done",
                    $"{view.Entries.Count(status => status.State == EntryState.Proven)} of {view.Entries.Count} guests were proven on KVM. The wave's report has everything.", cancellationToken)
                    .ConfigureAwait(false);
                break;
            case WaveState.Running when WillNeverOpen(view):
                await PauseAsync(wave, "Its last window has closed, and plans are left. Withdraw the wave and give it another window.", cancellationToken).ConfigureAwait(false);
                break;
            case WaveState.Running:
                await StartPlansAsync(view, cancellationToken).ConfigureAwait(false);
                break;
        }
    }

    private static string Failed(WaveView view) =>
        string.Join(", ", view.Entries.Where(status => WaveView.IsFailure(status.Run)).Select(status => status.Entry.GuestName));

    private static bool WillNeverOpen(WaveView view) => !view.Wave.Calendar.IsAlways && view.Window is null && view.NextWindow is null && view.Running == 0
        && view.Entries.All(status => !status.MayStart);

    // A run that failed on its way back is left to a person: trying it again and again would hide that.
    private async Task RollBackAsync(WaveView view, CancellationToken cancellationToken)
    {
        var closed = view.Wave.StartedAt is not null && !view.Wave.Calendar.IsAlways && view.Window is null && view.Wave.Policy.Overrun == OverrunPolicy.RollBackUnproven;
        foreach (var run in view.Entries.Select(status => status.Run).OfType<Run>().Where(run => run.Intent != RunIntent.RollBack))
        {
            var back = run.State switch
            {
                RunState.Failed => closed || view.Wave.Policy.OnFailure == FailurePolicy.RollBack
                    || (view.Wave.Policy.OnFailure == FailurePolicy.RollBackBeforeCutover && !HasCutOver(run)),
                RunState.Running or RunState.NeedsAnswer or RunState.Stopped => closed,
                _ => false,
            };
            if (back)
            {
                LogRollsBack(view.Wave.Name, run.GuestName);
                await starter.RollBackAsync(run.Id, deleteTarget: false, Actor(view.Wave), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static bool HasCutOver(Run run) => run.Steps.Any(step => step.IsCutover && step.State is not (StepState.Pending or StepState.Undone));

    private async Task StartWaveAsync(Wave wave, WaveView view, CancellationToken cancellationToken)
    {
        if (await service.WhyNotApprovedAsync(wave, cancellationToken).ConfigureAwait(false) is { } why)
        {
            await VoidAsync(wave, why, [], cancellationToken).ConfigureAwait(false);
            return;
        }

        await service.ApplyAsync(wave.Id, now => WaveRules.Start(now, "its window", view.Failures, time.GetUtcNow()), Actor(wave), "wave.start", "its window opened", cancellationToken)
            .ConfigureAwait(false);
    }

    private async Task PauseAsync(Wave wave, string note, CancellationToken cancellationToken)
    {
        var paused = await service.ApplyAsync(wave.Id, now => WaveRules.Pause(now, note), Actor(wave), "wave.pause", note, cancellationToken).ConfigureAwait(false);
        await NeedsPersonAsync(paused, $"{wave.Name} has paused", note, cancellationToken).ConfigureAwait(false);
    }

    private async Task VoidAsync(Wave wave, string why, IReadOnlyList<FactDifference> drift, CancellationToken cancellationToken)
    {
        var note = $"{why} The approval is void, and nothing more starts; runs in flight go on. Look at the difference, and submit the wave anew.";
        var taken = await service.ApplyAsync(
            wave.Id, now => WaveRules.ToDraft(now, note, drift), Actor(wave), "wave.void",
            string.Join(" ", drift.Select(difference => difference.ToString()).Prepend(why)), cancellationToken).ConfigureAwait(false);
        await NeedsPersonAsync(taken, $"The approval of {wave.Name} is void", note, cancellationToken).ConfigureAwait(false);
    }

    private Task NeedsPersonAsync(Wave wave, string title, string text, CancellationToken cancellationToken) =>
        service.TellAsync(wave, NotificationKind.WaveNeedsYou, $"{wave.Version}", title, text, cancellationToken);

    private Task WarnAsync(WaveView view, CancellationToken cancellationToken) =>
        view is { Wave.State: WaveState.Approved or WaveState.Running, NextWindow: { } next } && next.Begin - time.GetUtcNow() <= WarnBefore
            ? service.TellAsync(
                view.Wave, NotificationKind.WaveStartsSoon, $"{next.Begin.UtcTicks}", $"{view.Wave.Name} starts soon",
                $"Its window opens at {next.Begin.UtcDateTime:yyyy-MM-dd HH:mm} UTC and closes at {next.End.UtcDateTime:yyyy-MM-dd HH:mm} UTC; {view.Entries.Count(status => status.Run is null)} plans wait.", cancellationToken)
            : Task.CompletedTask;

    private async Task StartPlansAsync(WaveView view, CancellationToken cancellationToken)
    {
        var wave = view.Wave;
        var ready = view.Entries.Where(status => status.MayStart && WhyResting(wave.Id, status.Entry.PlanId) is null).ToList();
        if (ready.Count == 0)
        {
            return;
        }

        if (await service.WhyNotApprovedAsync(wave, cancellationToken).ConfigureAwait(false) is { } why)
        {
            await VoidAsync(wave, why, [], cancellationToken).ConfigureAwait(false);
            return;
        }

        IReadOnlyList<PreflightReport> reports;
        try
        {
            reports = await service.PreflightAsync(ready.Select(status => status.Entry), cancellationToken).ConfigureAwait(false);
        }
        catch (RefusedException refused)
        {
            // A plan or a host is gone: said at each of them until a person has mended it.
            ready.ForEach(status => Rest(wave, status.Entry.PlanId, status.Entry.GuestName, refused.Message));
            return;
        }

        // All of them are looked at before any of them starts: one that is not as approved holds back the others, too.
        var dossier = await waves.FindDossierAsync(wave.Id, cancellationToken).ConfigureAwait(false);
        foreach (var report in reports.Where(report => !report.IsUnreachable))
        {
            if (!await IsAsApprovedAsync(wave, dossier, report, cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }

        foreach (var report in reports)
        {
            if (report.IsUnreachable)
            {
                // A host that does not answer for a moment says nothing against what was approved.
                Rest(wave, report.Plan.Id, report.Plan.Source.Name, string.Join(" ", report.Concerns.Select(concern => $"{concern.Title} {concern.Evidence}")));
            }
            else if (!await StartAsync(wave, report.Plan, cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }
    }

    // False when it is not, and the approval is void now.
    private async Task<bool> IsAsApprovedAsync(Wave wave, WaveDossier? dossier, PreflightReport report, CancellationToken cancellationToken)
    {
        var plan = report.Plan;
        var approved = dossier?.Entries.FirstOrDefault(entry => entry.PlanId == plan.Id)?.Facts ?? [];
        var drift = WaveDossier.Differences(approved, DossierEntry.Of(plan, report.Guest, report.Concerns).Facts);
        if (drift.Count > 0)
        {
            LogDrifted(wave.Name, plan.Source.Name, drift.Count);
            await VoidAsync(wave, $"{plan.Source.Name} is not as it was approved.", drift, cancellationToken).ConfigureAwait(false);
            return false;
        }

        if (PreflightService.Stopping(plan, report.Concerns, time.GetUtcNow()) is [var stopping, ..])
        {
            // The same concerns as when it was approved: a waiver has run out.
            await VoidAsync(wave, $"{plan.Source.Name}: the warning “{stopping.Title}” is not accepted any longer.", [], cancellationToken).ConfigureAwait(false);
            return false;
        }

        return true;
    }

    // False when the wave does not go on as it was.
    private async Task<bool> StartAsync(Wave wave, Plan plan, CancellationToken cancellationToken)
    {
        // Looked at again at the last moment: a person may have paused the wave or held the plan back while the hosts were asked.
        var now = await waves.FindAsync(wave.Id, cancellationToken).ConfigureAwait(false);
        if (now is not { State: WaveState.Running } || now.Fingerprint != wave.Fingerprint || now.Entries.First(entry => entry.PlanId == plan.Id).IsHeld)
        {
            return false;
        }

        try
        {
            await starter.BeginAsync(plan, wave.Id, $"{Actor(wave)}, started by {wave.StartedBy}", cancellationToken).ConfigureAwait(false);
        }
        catch (RefusedException refused)
        {
            Rest(wave, plan.Id, plan.Source.Name, refused.Message);
        }

        return true;
    }

    private void Rest(Wave wave, Guid planId, string guest, string why)
    {
        LogRests(wave.Name, guest, why);
        _resting[(wave.Id, planId)] = (time.GetUtcNow() + options.Value.RetryAfter, why);
    }

    [LoggerMessage(3101, LogLevel.Information, "Wave {Wave} was changed by somebody else in the same moment: {Why}")]
    private partial void LogOvertaken(string wave, string why);

    [LoggerMessage(3102, LogLevel.Error, "Wave {Wave} could not be looked at; it is tried again")]
    private partial void LogFailed(Exception failure, string wave);

    [LoggerMessage(3103, LogLevel.Warning, "Wave {Wave} rolls back {Guest}")]
    private partial void LogRollsBack(string wave, string guest);

    [LoggerMessage(3104, LogLevel.Warning, "Wave {Wave}: {Guest} differs in {Count} facts from what was approved")]
    private partial void LogDrifted(string wave, string guest, int count);

    [LoggerMessage(3105, LogLevel.Warning, "Wave {Wave}: {Guest} cannot start now: {Why}")]
    private partial void LogRests(string wave, string guest, string why);
}
