using System.Text.Json;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Limits;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Routes;

namespace Xen2Kvm.Engine.Runs;

/// <summary>
/// Carries out one claimed run. It always probes before it starts anything, so that a retry, a resume after a crash and a re-attach are one
/// code path. Every transition is one transaction; a lost claim ends everything at once.
/// </summary>
internal sealed class RunExecution(
    Run run, RunClaim claim, RunSetting setting, RunJournal journal, IRunStore store, RunFeed feed, RunOptions options, TimeProvider time)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);
    private readonly SemaphoreSlim _saving = new(1, 1);
    private Run _run = run;
    private CancellationTokenSource _stepCancellation = new();

    private bool Forward => _run.Intent == RunIntent.Forward && _run.State != RunState.RollingBack;

    /// <summary>Works until the run ends, waits for a person, or the claim is lost.</summary>
    public async Task CarryOutAsync(CancellationToken cancellationToken)
    {
        using var all = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var keeper = KeepClaimAsync(all);
        try
        {
            if (Forward)
            {
                await SaveAsync(_run with { State = RunState.Running, StartedAt = _run.StartedAt ?? time.GetUtcNow(), FinishedAt = null }, all.Token)
                    .ConfigureAwait(false);
            }

            while (Forward && _run.CurrentStep is { } step && _run.State == RunState.Running)
            {
                await AdvanceAsync(step, all.Token).ConfigureAwait(false);
            }

            await CloseAsync(all.Token).ConfigureAwait(false);
            await store.ReleaseAsync(claim, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            await all.CancelAsync().ConfigureAwait(false);
            await keeper.ConfigureAwait(false);
            feed.Changed(_run.Id);
        }
    }

    private async Task CloseAsync(CancellationToken cancellationToken)
    {
        if (_run.State == RunState.RollingBack || _run.Intent == RunIntent.RollBack)
        {
            await RollBackAsync(cancellationToken).ConfigureAwait(false);
        }
        else if (_run.Intent == RunIntent.Stop && _run.State == RunState.Running)
        {
            journal.Add("Stopped by " + _run.IntentBy + ". Everything is kept as it is.", RunLogLevel.Warning);
            await SaveAsync(_run with { State = RunState.Stopped, FinishedAt = time.GetUtcNow() }, cancellationToken).ConfigureAwait(false);
        }
        else if (_run.State == RunState.Running && _run.CurrentStep is null)
        {
            journal.Add("Every step is done.");
            await SaveAsync(_run with { State = RunState.Succeeded, FinishedAt = time.GetUtcNow(), Error = null }, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    private async Task AdvanceAsync(RunStep record, CancellationToken cancellationToken)
    {
        var step = setting.Route.Steps.First(candidate => candidate.Id == record.Id);
        journal.StepId = step.Id;
        _stepCancellation = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var stepCancellation = _stepCancellation;
        await SaveAsync(
            _run.With(record with
            {
                State = StepState.Running,
                StartedAt = record.StartedAt ?? time.GetUtcNow(),
                FinishedAt = null,
                Error = null,
                Attempts = record.Attempts + 1,
            }), cancellationToken).ConfigureAwait(false);
        await using var watch = new RunWatch(setting, _run.Id, store, time);
        try
        {
            await WorkAsync(step, watch, _stepCancellation.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // A person wants something else; what was begun is left in a state that the next probe recognises.
            await TryAsync(() => step.StopAsync(Context(step.Id), cancellationToken)).ConfigureAwait(false);
            await SaveAsync(_run.With(Record(step.Id) with { State = StepState.Pending }), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task WorkAsync(IStep step, RunWatch watch, CancellationToken cancellationToken)
    {
        DateTimeOffset? troubleSince = null;
        var started = false;
        string? handle = null;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            StepOutcome outcome;
            var context = Context(step.Id);
            var asked = time.GetTimestamp();
            try
            {
                outcome = handle is null
                    ? await step.ProbeAsync(context, cancellationToken).ConfigureAwait(false)
                    : await step.ObserveAsync(context, handle, cancellationToken).ConfigureAwait(false);
                if (outcome is StepOutcome.NotStarted && !started)
                {
                    // One start per attempt: a step that is still not begun after that failed to begin.
                    outcome = await step.StartAsync(context, cancellationToken).ConfigureAwait(false);
                    started = true;
                }

                troubleSince = null;
            }
            catch (RemoteException failure) when (failure.IsTransient)
            {
                troubleSince ??= time.GetUtcNow();
                if (time.GetUtcNow() - troubleSince > options.UnreachableFor)
                {
                    outcome = new StepOutcome.Failed($"{failure.Message} This has lasted for {options.UnreachableFor.TotalMinutes:0} minutes; resume the run when the host answers again.");
                }
                else
                {
                    journal.Add($"{failure.Message} Trying again; work that runs on the hosts goes on.", RunLogLevel.Warning);
                    await SaveAsync(_run, cancellationToken).ConfigureAwait(false);
                    await Task.Delay(RetryAfter, time, cancellationToken).ConfigureAwait(false);
                    (started, handle) = (false, null);
                    continue;
                }
            }
            catch (RemoteException failure)
            {
                outcome = new StepOutcome.Failed(failure.Message);
            }

            Take(context);
            if (await SettleAsync(step, outcome, watch, cancellationToken).ConfigureAwait(false))
            {
                return;
            }

            handle = (outcome as StepOutcome.Running)?.Handle;

            // A host that is slow to answer has work to do: it is not kept busy with questions.
            var took = time.GetElapsedTime(asked);
            await Task.Delay(took > options.ObserveEvery ? took : options.ObserveEvery, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Records an outcome; true when the step is over for now.</summary>
    private async Task<bool> SettleAsync(IStep step, StepOutcome outcome, RunWatch watch, CancellationToken cancellationToken)
    {
        var record = Record(step.Id);
        switch (outcome)
        {
            case StepOutcome.Running running:
                var progress = watch.Fill(running.Progress, step, journal);
                await SaveAsync(_run.With(record with { Handle = running.Handle, Progress = progress }), cancellationToken).ConfigureAwait(false);
                return false;
            case StepOutcome.Done done:
                await SaveAsync(
                    _run.With(record with
                    {
                        State = StepState.Done,
                        FinishedAt = time.GetUtcNow(),
                        Output = JsonSerializer.Serialize(done.Output, RunJson.Options),
                        Error = null,
                        Progress = done.Progress ?? record.Progress,
                    }), cancellationToken).ConfigureAwait(false);
                if (_run.UpAgainAt is not null)
                {
                    await watch.SampleNowAsync(cancellationToken).ConfigureAwait(false);
                }

                return true;
            case StepOutcome.Asks asks:
                journal.Add(asks.Question.Text, RunLogLevel.Warning);
                await SaveAsync(_run with { State = RunState.NeedsAnswer, Question = asks.Question }, cancellationToken).ConfigureAwait(false);
                return true;
            case StepOutcome.Failed failed:
                journal.Add(failed.Reason, RunLogLevel.Error);
                var ended = _run.With(record with { State = StepState.Failed, FinishedAt = time.GetUtcNow(), Error = failed.Reason });
                await SaveAsync(
                    ended with { State = failed.RollBack ? RunState.RollingBack : RunState.Failed, Error = failed.Reason, FinishedAt = failed.RollBack ? null : time.GetUtcNow() },
                    cancellationToken).ConfigureAwait(false);
                return true;
            default:
                const string reason = "The step was started but nothing of it can be seen on the hosts. Look at the log, then resume.";
                return await SettleAsync(step, new StepOutcome.Failed(reason), watch, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task RollBackAsync(CancellationToken cancellationToken)
    {
        journal.StepId = null;
        journal.Add($"Rolling back{(_run.IntentBy is { } by && _run.Intent == RunIntent.RollBack ? ", asked for by " + by : "")}.", RunLogLevel.Warning);
        await SaveAsync(_run with { State = RunState.RollingBack, FinishedAt = null, Question = null }, cancellationToken).ConfigureAwait(false);
        foreach (var step in setting.Route.Steps.Reverse())
        {
            var record = Record(step.Id);
            if (record.State == StepState.Undone || (record.State == StepState.Pending && record.Attempts == 0))
            {
                continue;
            }

            journal.StepId = step.Id;
            var context = Context(step.Id);
            if (await UndoAsync(step, context, cancellationToken).ConfigureAwait(false) is { } failure)
            {
                var reason = $"Undoing “{record.Title}” failed: {failure} Mend this and ask for the roll-back again.";
                journal.Add(reason, RunLogLevel.Error);
                await SaveAsync(_run with { State = RunState.Failed, Error = reason, FinishedAt = time.GetUtcNow() }, cancellationToken)
                    .ConfigureAwait(false);
                return;
            }

            Take(context);
            await SaveAsync(_run.With(record with { State = StepState.Undone, FinishedAt = time.GetUtcNow() }), cancellationToken).ConfigureAwait(false);
        }

        journal.StepId = null;
        journal.Add("Rolled back.");
        await SaveAsync(_run with { State = RunState.RolledBack, FinishedAt = time.GetUtcNow() }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Undoes one step, patiently while a host cannot be reached; null when undone, else why not.</summary>
    private async Task<string?> UndoAsync(IStep step, StepContext context, CancellationToken cancellationToken)
    {
        var since = time.GetUtcNow();
        while (true)
        {
            try
            {
                await step.UndoAsync(context, cancellationToken).ConfigureAwait(false);
                return null;
            }
            catch (RemoteException failure) when (failure.IsTransient && time.GetUtcNow() - since < options.UnreachableFor)
            {
                journal.Add($"{failure.Message} Trying again.", RunLogLevel.Warning);
                await SaveAsync(_run, cancellationToken).ConfigureAwait(false);
                await Task.Delay(RetryAfter, time, cancellationToken).ConfigureAwait(false);
            }
            catch (RemoteException failure)
            {
                return failure.Message;
            }
        }
    }

    // Renews the lease and hears what a person wants meanwhile.
    private async Task KeepClaimAsync(CancellationTokenSource all)
    {
        try
        {
            while (true)
            {
                await Task.Delay(options.RenewEvery, time, all.Token).ConfigureAwait(false);
                await _saving.WaitAsync(all.Token).ConfigureAwait(false);
                try
                {
                    var stored = await store.RenewAsync(claim, options.Lease, all.Token).ConfigureAwait(false);
                    Adopt(stored);
                }
                finally
                {
                    _saving.Release();
                }

                if (_run.Intent != RunIntent.Forward && _run.State == RunState.Running)
                {
                    await _stepCancellation.CancelAsync().ConfigureAwait(false);
                }
            }
        }
        catch (Exception end) when (end is OperationCanceledException or ObjectDisposedException)
        {
            // The execution ended, or its step did in this very moment; the next turn sees the intent.
        }
        catch (ClaimLostException)
        {
            await all.CancelAsync().ConfigureAwait(false);
        }
    }

    private Task SaveAsync(Run changed, CancellationToken cancellationToken) => SaveAsync(_ => changed, cancellationToken);

    private async Task SaveAsync(Func<Run, Run> change, CancellationToken cancellationToken)
    {
        await _saving.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Intent and answers belong to people: what was heard of them meanwhile stays.
            _run = change(_run) with
            {
                Intent = _run.Intent,
                IntentBy = _run.IntentBy,
                DeleteTargetOnRollBack = _run.DeleteTargetOnRollBack,
                Answers = _run.Answers,
            };
            await store.SaveAsync(claim, _run, journal.Take(), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _saving.Release();
        }

        feed.Changed(_run.Id);
    }

    private void Adopt(Run stored) => _run = _run with
    {
        Intent = stored.Intent,
        IntentBy = stored.IntentBy,
        DeleteTargetOnRollBack = stored.DeleteTargetOnRollBack,
        Answers = stored.Answers,
    };

    private void Take(StepContext context)
    {
        if (context.DownSince is not null || context.UpAgainAt is not null || context.IsStillUp)
        {
            _run = _run with { DownSince = context.IsStillUp ? null : context.DownSince ?? _run.DownSince, UpAgainAt = context.UpAgainAt ?? _run.UpAgainAt };
        }
    }

    private RunStep Record(string id) => _run.Steps.First(step => step.Id == id);

    private StepContext Context(string stepId) => new(
        _run, stepId, setting.Plan, setting.SourceHost, setting.TargetHost, setting.Source, setting.Target, setting.Xen, setting.Kvm, store, time,
        journal.Add, progress => ReportFromWork(stepId, progress))
    { Bandwidth = setting.Bandwidth };

    private void ReportFromWork(string stepId, StepProgress progress)
    {
        journal.Add(new RunLogEntry(progress.At, stepId, RunLogLevel.Info, progress.Text));

        // It may be late: a step that has settled meanwhile stays as it is.
        _ = TryAsync(() => SaveAsync(
            run => run.Steps.First(step => step.Id == stepId) is { State: StepState.Running } record ? run.With(record with { Progress = progress }) : run,
            _stepCancellation.Token));
    }

    private async Task TryAsync(Func<Task> action)
    {
        try
        {
            await action().ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is RemoteException or OperationCanceledException or ClaimLostException or ObjectDisposedException)
        {
            journal.Add(failure.Message, RunLogLevel.Warning);
        }
    }
}
