namespace Xen2Kvm.Domain.Waves;

/// <summary>What a person's act makes of a wave. Pure; what is not allowed is a <see cref="WaveException"/> that says why and what to do.</summary>
public static class WaveRules
{
    /// <summary>Plans in one wave at most.</summary>
    public const int MostPlans = 5000;

    /// <summary>Days for which a wave can be put off at most.</summary>
    public const int MostDaysPutOff = 90;

    /// <summary>What keeps a wave from being submitted, each as a sentence: no plans, cycles, a canary that waits for others, a wrong policy or calendar.</summary>
    public static IEnumerable<string> Problems(Wave wave, DateTimeOffset now) =>
        wave.Entries.Count == 0 ? DraftProblems(wave, now).Append("The wave has no plans. Add some.") : DraftProblems(wave, now);

    /// <summary>What is wrong with a draft; it may still be empty.</summary>
    public static IEnumerable<string> DraftProblems(Wave wave, DateTimeOffset now)
    {
        if (string.IsNullOrWhiteSpace(wave.Name) || wave.Name.Length > 100 || wave.Name.Any(char.IsControl))
        {
            yield return "Give the wave a name of 1 to 100 characters.";
        }

        if (wave.Entries.Count > MostPlans)
        {
            yield return $"A wave takes at most {MostPlans} plans. Make several.";
        }

        foreach (var problem in StructureProblems(wave.Entries).Concat(wave.Policy.Problems()).Concat(wave.Calendar.Problems(now)))
        {
            yield return problem;
        }
    }

    /// <summary>What is wrong with the order of plans: a plan or guest twice, a dependency on no plan of the wave, a cycle.</summary>
    public static IEnumerable<string> StructureProblems(IReadOnlyList<WaveEntry> entries)
    {
        foreach (var twice in entries.GroupBy(entry => (entry.SourceHostId, entry.GuestName)).Where(group => group.Count() > 1))
        {
            yield return $"{twice.Key.GuestName} is in the wave twice. Take one of its plans out.";
        }

        var known = entries.DistinctBy(entry => entry.PlanId).ToDictionary(entry => entry.PlanId);
        foreach (var entry in entries.Where(entry => entry.DependsOn.Any(id => !known.ContainsKey(id))))
        {
            yield return $"{entry.GuestName} waits for a plan that is not in this wave. Add that plan, or take the dependency away.";
        }

        foreach (var canary in entries.Where(entry => entry.IsCanary && entry.DependsOn.Any(id => known.TryGetValue(id, out var other) && !other.IsCanary)))
        {
            yield return $"{canary.GuestName} goes first as a canary, but waits for a plan that does not. Make that plan a canary, too, or take the dependency away.";
        }

        if (Cycle(known) is { Count: > 0 } cycle)
        {
            yield return $"These plans wait for each other and could never start: {string.Join(" → ", cycle.Select(id => known[id].GuestName))}. Take one of the dependencies away.";
        }
    }

    /// <summary>A draft with other contents. Plans that were started in it stay as they are.</summary>
    /// <param name="wave">The draft.</param>
    /// <param name="changed">The draft as wanted; only name, plans, policy and calendar are taken.</param>
    /// <param name="started">Plans that have a run in this wave.</param>
    public static Wave Change(Wave wave, Wave changed, IReadOnlyCollection<Guid> started)
    {
        if (wave.State != WaveState.Draft)
        {
            throw new WaveException($"{wave.Name} is {Word(wave.State)}; only a draft can be changed. Withdraw it first: it then needs a new approval.");
        }

        if (wave.Entries.FirstOrDefault(entry => started.Contains(entry.PlanId) && changed.Entries.All(other => other.PlanId != entry.PlanId)) is { } lost)
        {
            throw new WaveException($"{lost.GuestName} has been started in this wave and cannot be taken out.");
        }

        return wave with { Name = changed.Name.Trim(), Entries = changed.Entries, Policy = changed.Policy, Calendar = changed.Calendar };
    }

    /// <summary>The wave after it was submitted with its dossier.</summary>
    public static Wave Submit(Wave wave, string fingerprint, string by, DateTimeOffset now)
    {
        Demand(wave, "submitted", WaveState.Draft);
        return string.Join(' ', Problems(wave, now)) is { Length: > 0 } problems
            ? throw new WaveException(problems)
            : wave with
            {
                State = WaveState.Submitted,
                SubmittedBy = by,
                SubmittedAt = now,
                Fingerprint = fingerprint,
                Decisions = [],
                Note = null,
                Drift = [],
            };
    }

    /// <summary>The wave after an approver's word.</summary>
    /// <param name="wave">The wave.</param>
    /// <param name="decision">The word, with the fingerprint of what the approver was shown.</param>
    /// <param name="selfApproval">The one who submitted it may approve it: a switch for labs.</param>
    public static Wave Decide(Wave wave, WaveDecision decision, bool selfApproval)
    {
        Demand(wave, decision.Approved ? "approved" : "rejected", WaveState.Submitted);
        if (decision.Fingerprint != wave.Fingerprint)
        {
            throw new WaveException($"{wave.Name} was submitted anew since you opened it. Load the page again and look at what is different.");
        }

        if (!decision.Approved)
        {
            return decision.Reason.Trim().Length == 0
                ? throw new WaveException("Say why it is rejected, so that it can be mended.")
                : wave with { State = WaveState.Draft, Decisions = [.. wave.Decisions, decision], Note = $"Rejected by {decision.By}: {decision.Reason.Trim()}", Fingerprint = null };
        }

        if (!selfApproval && Actors.IsSame(decision.By, wave.SubmittedBy))
        {
            throw new WaveException("You submitted this wave; another person must approve it.");
        }

        if (wave.ApprovalsAt(decision.At).Any(given => Actors.IsSame(given.By, decision.By)))
        {
            throw new WaveException("You have approved it already; it waits for another person.");
        }

        wave = wave with { Decisions = [.. wave.Decisions, decision] };
        return wave.ApprovalsAt(decision.At).Count() >= wave.Policy.ApproversNeeded ? wave with { State = WaveState.Approved } : wave;
    }

    /// <summary>Back to a draft: withdrawn by a person, or its approval does not hold any more. Runs in flight go on.</summary>
    public static Wave ToDraft(Wave wave, string? note, IReadOnlyList<FactDifference> drift)
    {
        Demand(wave, "taken back to a draft", WaveState.Submitted, WaveState.Approved, WaveState.Running, WaveState.Paused);
        return wave with { State = WaveState.Draft, Fingerprint = null, NotBefore = null, Note = note, Drift = drift };
    }

    /// <summary>Started by a person, or by its window; the failures so far are accepted.</summary>
    public static Wave Start(Wave wave, string by, int failures, DateTimeOffset now)
    {
        Demand(wave, "started", WaveState.Approved, WaveState.Paused);
        return wave with
        {
            State = WaveState.Running,
            StartedAt = wave.StartedAt ?? now,
            StartedBy = wave.StartedBy ?? by,
            Note = null,
            FailuresAccepted = failures,
        };
    }

    /// <summary>Starts nothing new.</summary>
    public static Wave Pause(Wave wave, string note)
    {
        Demand(wave, "paused", WaveState.Running);
        return wave with { State = WaveState.Paused, Note = note };
    }

    /// <summary>
    /// Put off to a later time, while it runs, too, or let go again. It only takes time away from what was approved, so it needs no new approval.
    /// </summary>
    /// <param name="wave">The wave.</param>
    /// <param name="until">Nothing of it starts before this; null to let it go.</param>
    /// <param name="now">The time.</param>
    public static Wave PutOff(Wave wave, DateTimeOffset? until, DateTimeOffset now)
    {
        Demand(wave, "put off", WaveState.Submitted, WaveState.Approved, WaveState.Running, WaveState.Paused);
        return until is null || (until > now && until <= now.AddDays(MostDaysPutOff))
            ? wave with { NotBefore = until }
            : throw new WaveException($"Give a time within the next {MostDaysPutOff} days.");
    }

    /// <summary>One plan held back, or let go again.</summary>
    public static Wave Hold(Wave wave, Guid planId, bool hold)
    {
        DemandOpen(wave);
        return wave.Entries.Any(entry => entry.PlanId == planId)
            ? wave with { Entries = [.. wave.Entries.Select(entry => entry.PlanId == planId ? entry with { IsHeld = hold } : entry)] }
            : throw new WaveException("This plan is not in the wave.");
    }

    /// <summary>A plan whose run was rolled back is tried again when its turn comes.</summary>
    public static Wave Retry(Wave wave, Guid planId, WaveView view)
    {
        DemandOpen(wave);
        return view.Entries.FirstOrDefault(status => status.Entry.PlanId == planId) is { State: EntryState.RolledBack, Run: { } run }
            ? wave with { Entries = [.. wave.Entries.Select(entry => entry.PlanId == planId ? entry with { Superseded = run.Id } : entry)] }
            : throw new WaveException("Only a plan that was rolled back can be tried again.");
    }

    /// <summary>Other limits, while it runs, too; the rest of its policy was approved and stays.</summary>
    public static Wave Limit(Wave wave, int concurrent, int perSourceHost, int perTargetHost)
    {
        DemandOpen(wave);
        var policy = wave.Policy with { MaxConcurrent = concurrent, MaxPerSourceHost = perSourceHost, MaxPerTargetHost = perTargetHost };
        return string.Join(' ', policy.Problems()) is { Length: > 0 } problems ? throw new WaveException(problems) : wave with { Policy = policy };
    }

    /// <summary>Given up. Its runs must be at rest.</summary>
    public static Wave Cancel(Wave wave, WaveView view, DateTimeOffset now)
    {
        if (!wave.IsOpen)
        {
            throw new WaveException($"{wave.Name} has ended.");
        }

        return view.Entries.FirstOrDefault(status => status.Run is { } run && run.State is not (Runs.RunState.Succeeded or Runs.RunState.RolledBack)) is { } open
            ? throw new WaveException($"{open.Entry.GuestName} is in the middle of its move. Let it finish, or roll it back; then the wave can be given up.")
            : wave with { State = WaveState.Cancelled, FinishedAt = now };
    }

    /// <summary>Ended: every plan is at its end.</summary>
    public static Wave Finish(Wave wave, DateTimeOffset now)
    {
        Demand(wave, "ended", WaveState.Running, WaveState.Paused);
        return wave with { State = WaveState.Done, FinishedAt = now, Note = null };
    }

    /// <summary>A state as people say it.</summary>
    public static string Word(WaveState state) => state switch
    {
        WaveState.Draft => "a draft",
        WaveState.Submitted => "submitted for approval",
        _ => state.ToString().ToLowerInvariant(),
    };

    private static void DemandOpen(Wave wave) => Demand(wave, "changed", WaveState.Draft, WaveState.Submitted, WaveState.Approved, WaveState.Running, WaveState.Paused);

    private static void Demand(Wave wave, string what, params ReadOnlySpan<WaveState> allowed)
    {
        if (!allowed.Contains(wave.State))
        {
            throw new WaveException($"{wave.Name} is {Word(wave.State)} and cannot be {what} now. Load the page again to see where it stands.");
        }
    }

    private static List<Guid>? Cycle(Dictionary<Guid, WaveEntry> known)
    {
        var done = new HashSet<Guid>();
        foreach (var start in known.Keys)
        {
            var path = new List<Guid>();
            if (Walk(start) is { } cycle)
            {
                return cycle;
            }

            List<Guid>? Walk(Guid id)
            {
                if (path.IndexOf(id) is >= 0 and var at)
                {
                    return [.. path[at..], id];
                }

                if (!known.TryGetValue(id, out var entry) || !done.Add(id))
                {
                    return null;
                }

                path.Add(id);
                foreach (var before in entry.DependsOn)
                {
                    if (Walk(before) is { } found)
                    {
                        return found;
                    }
                }

                path.RemoveAt(path.Count - 1);
                return null;
            }
        }

        return null;
    }
}
