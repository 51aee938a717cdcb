using Microsoft.Extensions.Options;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Limits;
using Xen2Kvm.Engine.Notifications;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Preflight;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Engine.Waves;

/// <summary>What people can do with waves. Their plans are started by <see cref="WaveDispatcher"/>.</summary>
public sealed class WaveService(
    IWaveStore waves, IPlanStore plans, IHostStore hosts, IRunStore runs, PreflightService preflight, LimitService limits, IPeople people, IAuditLog audit, Notifier notifier, WaveFeed feed,
    IOptions<WaveOptions> options, TimeProvider time)
{
    private const int MostTries = 5;
    private const int MeasuredRuns = 1000;

    /// <summary>The one who submits a wave may approve it, too: a lab.</summary>
    public bool SelfApproval => options.Value.SelfApproval;

    /// <summary>All waves, newest first.</summary>
    public Task<IReadOnlyList<Wave>> ListAsync(CancellationToken cancellationToken) => waves.ListAsync(cancellationToken);

    /// <summary>One wave, or null.</summary>
    public Task<Wave?> FindAsync(Guid id, CancellationToken cancellationToken) => waves.FindAsync(id, cancellationToken);

    /// <summary>The open wave that a guest of a host is in, or null.</summary>
    public Task<Wave?> FindOpenOfAsync(Guid sourceHostId, string guestName, CancellationToken cancellationToken) =>
        waves.FindOpenOfAsync(sourceHostId, guestName, cancellationToken);

    /// <summary>What was submitted last, or null.</summary>
    public Task<WaveDossier?> FindDossierAsync(Guid id, CancellationToken cancellationToken) => waves.FindDossierAsync(id, cancellationToken);

    /// <summary>The last log lines of all its runs that a query lets through, in the order of time.</summary>
    public Task<IReadOnlyList<WaveLogLine>> ReadLogAsync(Guid id, RunLogQuery query, CancellationToken cancellationToken) => waves.ReadLogAsync(id, query, cancellationToken);

    /// <summary>Throughput of the runs of a wave together since a time; with a host's name of those from or to it.</summary>
    public Task<IReadOnlyList<RunSample>> ReadSamplesAsync(Guid id, string? host, DateTimeOffset since, CancellationToken cancellationToken) =>
        waves.ReadSamplesAsync(id, host, since, cancellationToken);

    /// <summary>Where a wave and each of its plans stand now.</summary>
    public async Task<WaveView> LookAsync(Wave wave, CancellationToken cancellationToken)
    {
        var mine = await waves.ListRunsAsync(wave.Id, cancellationToken).ConfigureAwait(false);
        return await LookAsync(wave, mine, await runs.ListInFlightAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The same for one who has read the runs already.</summary>
    /// <param name="wave">The wave.</param>
    /// <param name="mine">Its runs.</param>
    /// <param name="inFlight">All runs in flight of the installation.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<WaveView> LookAsync(Wave wave, IReadOnlyCollection<Run> mine, IReadOnlyCollection<Run> inFlight, CancellationToken cancellationToken) => WaveView.Of(
        wave, mine, inFlight, time.GetUtcNow(),
        await limits.LookAsync(inFlight, wave.IsOpen ? wave.Entries.Select(entry => entry.PlanId) : [], cancellationToken).ConfigureAwait(false));

    /// <summary>Makes a draft.</summary>
    /// <exception cref="WaveException">It makes no sense.</exception>
    /// <exception cref="RefusedException">Its name or one of its guests belongs to another open wave.</exception>
    public async Task<Wave> CreateAsync(WaveDraft draft, string by, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var wave = await FillAsync(new Wave { Id = Guid.CreateVersion7(now), Name = "", CreatedAt = now, CreatedBy = by }, draft, cancellationToken).ConfigureAwait(false);
        return await SaveAsync(wave, null, by, "wave.create", $"{wave.Entries.Count} plans", cancellationToken).ConfigureAwait(false)
            ?? throw new RefusedException("This wave exists already.");
    }

    /// <summary>Changes a draft.</summary>
    /// <param name="id">The wave.</param>
    /// <param name="version">The version that the person saw; null takes the present one.</param>
    /// <param name="draft">What is wanted.</param>
    /// <param name="by">Who wants it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="RefusedException">Someone else changed it meanwhile, and more.</exception>
    public async Task<Wave> ChangeAsync(Guid id, long? version, WaveDraft draft, string by, CancellationToken cancellationToken)
    {
        var wave = await KnownAsync(id, cancellationToken).ConfigureAwait(false);
        var started = (await waves.ListRunsAsync(id, cancellationToken).ConfigureAwait(false)).Select(run => run.PlanId).ToHashSet();
        var changed = WaveRules.Change(wave, await FillAsync(wave, draft, cancellationToken).ConfigureAwait(false), started);
        var saved = version is null || version == wave.Version
            ? await SaveAsync(changed, null, by, "wave.change", "", cancellationToken).ConfigureAwait(false)
            : null;
        return saved ?? throw new RefusedException(
            $"{wave.Name} was changed by someone else since you opened it. Nothing of yours was stored; load the page again, see what is different, and change it anew.");
    }

    /// <summary>Checks every plan of a wave that has not started against its hosts, together; nothing is changed.</summary>
    public async Task<IReadOnlyList<PreflightReport>> PreflightAsync(Wave wave, CancellationToken cancellationToken) => await PreflightAsync(
        (await LookAsync(wave, cancellationToken).ConfigureAwait(false)).Entries.Where(status => status.Run is null).Select(status => status.Entry), cancellationToken).ConfigureAwait(false);

    /// <summary>The same for some of its plans.</summary>
    /// <exception cref="RefusedException">A plan or a host is gone.</exception>
    public async Task<IReadOnlyList<PreflightReport>> PreflightAsync(IEnumerable<WaveEntry> entries, CancellationToken cancellationToken)
    {
        var known = new List<Plan>();
        foreach (var entry in entries)
        {
            known.Add(await plans.FindAsync(entry.PlanId, cancellationToken).ConfigureAwait(false)
                ?? throw new RefusedException($"The plan of {entry.GuestName} is gone. Take it out of the wave."));
        }

        return await preflight.CheckAsync(known, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Submits a draft for approval: every plan passes a fresh preflight, and all that the approval rests on is kept with it.</summary>
    /// <exception cref="WaveException">The draft makes no sense yet.</exception>
    /// <exception cref="RefusedException">A plan could not start as it is.</exception>
    public async Task<Wave> SubmitAsync(Guid id, string by, CancellationToken cancellationToken)
    {
        var wave = await KnownAsync(id, cancellationToken).ConfigureAwait(false);
        WaveRules.Submit(wave, "", by, time.GetUtcNow());
        var dossier = WaveDossier.Of(wave, await GatherAsync(wave, cancellationToken).ConfigureAwait(false));
        var submitted = WaveRules.Submit(wave, dossier.Fingerprint(), by, time.GetUtcNow());
        if ((await waves.ListRunsAsync(id, cancellationToken).ConfigureAwait(false)).Count == 0)
        {
            // Its approval was void before anything started: it has not begun.
            submitted = submitted with { StartedAt = null, StartedBy = null };
        }

        var saved = await SaveAsync(submitted, dossier, by, "wave.submit", $"fingerprint {submitted.Fingerprint}", cancellationToken).ConfigureAwait(false)
            ?? throw new RefusedException($"{wave.Name} was changed while its plans were checked. Look at it again and submit it anew.");
        await TellAsync(
            saved, NotificationKind.WaveNeedsApproval, saved.Fingerprint!, $"{saved.Name} needs approval",
            $"{by} submitted {saved.Entries.Count} plans ({saved.Calendar.Describe()}). Look at what was submitted, and approve or reject it.", cancellationToken).ConfigureAwait(false);
        return saved;
    }

    /// <summary>An approver's word on a submitted wave.</summary>
    /// <param name="id">The wave.</param>
    /// <param name="fingerprint">Fingerprint of what the approver was shown.</param>
    /// <param name="approve">Approved, or rejected.</param>
    /// <param name="reason">Why.</param>
    /// <param name="by">User name of the approver.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="RefusedException">This person may not approve, at this moment.</exception>
    /// <exception cref="WaveException">The wave does not allow it.</exception>
    public async Task<Wave> DecideAsync(Guid id, string fingerprint, bool approve, string reason, string by, CancellationToken cancellationToken)
    {
        var submitted = await KnownAsync(id, cancellationToken).ConfigureAwait(false);
        if (await people.WhyNotApproveAsync(by, submitted, cancellationToken).ConfigureAwait(false) is { } why)
        {
            throw new RefusedException($"You may not approve or reject {submitted.Name}. {why}");
        }

        return await ApplyAsync(
            id, wave => WaveRules.Decide(wave, new WaveDecision(by, time.GetUtcNow(), approve, reason.Trim(), fingerprint), SelfApproval), by,
            approve ? "wave.approve" : "wave.reject", $"fingerprint {fingerprint}{(reason.Trim().Length > 0 ? $": {reason.Trim()}" : "")}", cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Takes a wave back to a draft. Runs in flight go on.</summary>
    public Task<Wave> WithdrawAsync(Guid id, string by, CancellationToken cancellationToken) =>
        ApplyAsync(id, wave => WaveRules.ToDraft(wave, null, []), by, "wave.withdraw", "", cancellationToken);

    /// <summary>Starts an approved wave, or goes on with a paused one; failures so far are accepted by it.</summary>
    /// <exception cref="RefusedException">An approval has expired, or its giver may not approve any more.</exception>
    public async Task<Wave> StartAsync(Guid id, string by, CancellationToken cancellationToken)
    {
        var wave = await KnownAsync(id, cancellationToken).ConfigureAwait(false);
        if (wave.State is WaveState.Approved or WaveState.Paused && await WhyNotApprovedAsync(wave, cancellationToken).ConfigureAwait(false) is { } why)
        {
            throw new RefusedException($"{why} Withdraw the wave and submit it anew.");
        }

        var failures = (await LookAsync(wave, cancellationToken).ConfigureAwait(false)).Failures;
        return await ApplyAsync(id, now => WaveRules.Start(now, by, failures, time.GetUtcNow()), by, "wave.start", "", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Starts nothing new; what runs goes on.</summary>
    public Task<Wave> PauseAsync(Guid id, string by, CancellationToken cancellationToken) =>
        ApplyAsync(id, wave => WaveRules.Pause(wave, $"Paused by {by}."), by, "wave.pause", "", cancellationToken);

    /// <summary>Puts a wave off, while it runs, too, or lets it go again. Runs in flight go on.</summary>
    /// <param name="id">The wave.</param>
    /// <param name="until">Nothing of it starts before this; null to let it go.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task<Wave> PutOffAsync(Guid id, DateTimeOffset? until, string by, CancellationToken cancellationToken) => ApplyAsync(
        id, wave => WaveRules.PutOff(wave, until, time.GetUtcNow()), by, "wave.put-off", until is { } at ? $"until {at.UtcDateTime:yyyy-MM-dd HH:mm} UTC" : "not any more", cancellationToken);

    /// <summary>Holds one plan back, or lets it go again.</summary>
    public Task<Wave> HoldAsync(Guid id, Guid planId, bool hold, string by, CancellationToken cancellationToken) =>
        ApplyAsync(id, wave => WaveRules.Hold(wave, planId, hold), by, hold ? "wave.hold" : "wave.release", $"plan {planId}", cancellationToken);

    /// <summary>Has a plan that was rolled back tried again when its turn comes; what was approved must still be so.</summary>
    public async Task<Wave> RetryAsync(Guid id, Guid planId, string by, CancellationToken cancellationToken)
    {
        var view = await LookAsync(await KnownAsync(id, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        return await ApplyAsync(id, wave => WaveRules.Retry(wave, planId, view), by, "wave.retry", $"plan {planId}", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Changes how many runs go at the same time, while the wave runs, too.</summary>
    public Task<Wave> LimitAsync(Guid id, int concurrent, int perSourceHost, int perTargetHost, string by, CancellationToken cancellationToken) =>
        ApplyAsync(id, wave => WaveRules.Limit(wave, concurrent, perSourceHost, perTargetHost), by, "wave.limit",
            $"{concurrent} at once, {perSourceHost} per Xen host, {perTargetHost} per KVM host", cancellationToken);

    /// <summary>Gives a wave up; its runs must be at rest.</summary>
    public async Task<Wave> CancelAsync(Guid id, string by, CancellationToken cancellationToken)
    {
        var view = await LookAsync(await KnownAsync(id, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        return await ApplyAsync(id, wave => WaveRules.Cancel(wave, view, time.GetUtcNow()), by, "wave.cancel", "", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Tells people of a wave, once for each transition.</summary>
    internal Task TellAsync(Wave wave, NotificationKind kind, string transition, string title, string text, CancellationToken cancellationToken) =>
        notifier.RaiseAsync(new NotificationEvent(kind, wave.Id, transition, title, text), cancellationToken);

    /// <summary>Why a wave that was approved may not start any more, or null: approvals expire, and their givers may lose their role on its hosts.</summary>
    internal async Task<string?> WhyNotApprovedAsync(Wave wave, CancellationToken cancellationToken)
    {
        var holding = wave.ApprovalsAt(time.GetUtcNow()).ToList();
        if (holding.Count < wave.Policy.ApproversNeeded)
        {
            return $"The approval of {wave.Name} has expired.";
        }

        foreach (var approval in holding)
        {
            if (await people.WhyNotApproveAsync(approval.By, wave, cancellationToken).ConfigureAwait(false) is { } why)
            {
                return $"{approval.By}, who approved {wave.Name}, may not approve it any more. {why}";
            }
        }

        return null;
    }

    /// <summary>Applies a change by the rules to the wave as it is, anew when somebody else was faster.</summary>
    internal async Task<Wave> ApplyAsync(Guid id, Func<Wave, Wave> change, string by, string action, string detail, CancellationToken cancellationToken)
    {
        for (var tries = 0; tries < MostTries; tries++)
        {
            var changed = change(await KnownAsync(id, cancellationToken).ConfigureAwait(false));
            if (await SaveAsync(changed, null, by, action, detail, cancellationToken).ConfigureAwait(false) is { } saved)
            {
                return saved;
            }
        }

        throw new RefusedException("Others are changing this wave at the same time. Try it again.");
    }

    private async Task<Wave> KnownAsync(Guid id, CancellationToken cancellationToken) =>
        await waves.FindAsync(id, cancellationToken).ConfigureAwait(false) ?? throw new RefusedException("This wave is not known.");

    private async Task<IReadOnlyList<DossierEntry>> GatherAsync(Wave wave, CancellationToken cancellationToken)
    {
        var reports = await PreflightAsync(wave, cancellationToken).ConfigureAwait(false);

        // What has been started stands as it was approved then: its source has changed since.
        var anew = reports.Select(report => report.Plan.Id).ToHashSet();
        var before = (await waves.FindDossierAsync(wave.Id, cancellationToken).ConfigureAwait(false))?.Entries.Where(entry => !anew.Contains(entry.PlanId)) ?? [];
        var stopping = reports.Select(report => (report.Plan, Stopping: PreflightService.Stopping(report.Plan, report.Concerns, time.GetUtcNow())))
            .Where(plan => plan.Stopping.Count > 0).ToList();
        var places = wave.Entries.ToDictionary(entry => entry.PlanId);
        var measured = await runs.ListAsync(MeasuredRuns, cancellationToken).ConfigureAwait(false);
        return stopping.Count == 0
            ? [.. before, .. reports.Select(report => DossierEntry.Of(report.Plan, report.Guest, report.Concerns) with
            {
                Projected = DowntimeForecast.Of(report.Plan, places[report.Plan.Id].SourceHost, places[report.Plan.Id].TargetHost, measured),
            })]
            : throw new RefusedException("These plans could not start as they are: " + string.Join(" ", stopping.Take(10).Select(plan =>
                $"{plan.Plan.Source.Name}: {string.Join(" ", plan.Stopping.Select(concern => $"[{concern.Id} {concern.Severity}] {concern.Title}"))}"))
                + (stopping.Count > 10 ? $" And {stopping.Count - 10} more." : "") + " Mend the blockers, and accept the warnings.");
    }

    private async Task<Wave> FillAsync(Wave wave, WaveDraft draft, CancellationToken cancellationToken)
    {
        var names = (await hosts.ListAsync(cancellationToken).ConfigureAwait(false)).ToDictionary(host => host.Id, host => host.Name);
        var entries = new List<WaveEntry>();
        foreach (var place in draft.Plans)
        {
            var plan = await plans.FindAsync(place.Plan, cancellationToken).ConfigureAwait(false)
                ?? throw new RefusedException("A plan of this wave is not known. Choose its plans anew.");
            entries.Add(new WaveEntry
            {
                PlanId = plan.Id,
                GuestName = plan.Source.Name,
                SourceHostId = plan.SourceHostId,
                SourceHost = names.GetValueOrDefault(plan.SourceHostId, "?"),
                TargetHostId = plan.TargetHostId,
                TargetHost = names.GetValueOrDefault(plan.TargetHostId, "?"),
                DependsOn = [.. (place.DependsOn ?? []).Distinct()],
                Group = string.IsNullOrWhiteSpace(place.Group) ? null : place.Group.Trim(),
                IsCanary = place.IsCanary,
                IsHeld = place.IsHeld,
                Superseded = wave.Entries.FirstOrDefault(entry => entry.PlanId == plan.Id)?.Superseded,
            });
        }

        var filled = wave with { Name = draft.Name.Trim(), Entries = entries, Policy = draft.Policy ?? wave.Policy, Calendar = draft.Calendar ?? wave.Calendar };
        return string.Join(' ', WaveRules.DraftProblems(filled, time.GetUtcNow())) is { Length: > 0 } problems ? throw new WaveException(problems) : filled;
    }

    // Null when someone else was faster.
    private async Task<Wave?> SaveAsync(Wave wave, WaveDossier? dossier, string by, string action, string detail, CancellationToken cancellationToken)
    {
        switch (await waves.SaveAsync(wave, dossier, cancellationToken).ConfigureAwait(false))
        {
            case WaveSave.Stale:
                return null;
            case WaveSave.NameTaken:
                throw new RefusedException($"Another wave is called {wave.Name}. Choose another name.");
            case WaveSave.GuestTaken:
                throw new RefusedException(await TakenAsync(wave, cancellationToken).ConfigureAwait(false));
        }

        await audit.AppendAsync(new AuditEntry(time.GetUtcNow(), by, action, $"wave {wave.Name} ({wave.Id})", detail), cancellationToken).ConfigureAwait(false);
        feed.Changed(wave.Id);
        return wave with { Version = wave.Version + 1 };
    }

    private async Task<string> TakenAsync(Wave wave, CancellationToken cancellationToken)
    {
        foreach (var entry in wave.Entries)
        {
            if (await waves.FindOpenOfAsync(entry.SourceHostId, entry.GuestName, cancellationToken).ConfigureAwait(false) is { } other && other.Id != wave.Id)
            {
                return $"{entry.GuestName} is in the wave {other.Name} already. Take it out there, or here.";
            }
        }

        return "A guest of this wave was just taken into another one. Load the page again.";
    }
}
