using Xen2Kvm.Domain.Waves;

namespace Xen2Kvm.Domain.Cleanups;

/// <summary>What may be done with a cleanup, and what an act makes of it. Pure: what is not allowed is a sentence that says why and what to do.</summary>
public static class CleanupRules
{
    /// <summary>Why a hold period cannot be as wanted, or null.</summary>
    public static string? WhyNotHold(TimeSpan wanted, TimeSpan least) => wanted < least
        ? $"What moved guests left behind is kept for at least {Days(least)}. Give a longer hold period."
        : wanted > TimeSpan.FromDays(3650) ? "Give a hold period of at most 3650 days." : null;

    /// <summary>Why an approver's word does not count, or null.</summary>
    /// <param name="cleanup">The cleanup.</param>
    /// <param name="decision">The word, with the fingerprint of what the approver was shown.</param>
    /// <param name="selfApproval">The one who proposed it may approve it: the switch for labs that waves have.</param>
    public static string? WhyNotDecide(Cleanup cleanup, WaveDecision decision, bool selfApproval) => cleanup switch
    {
        { State: not CleanupState.Proposed } => $"The cleanup of {cleanup.Title} is {Word(cleanup.State)}. Load the page again to see where it stands.",
        _ when decision.Fingerprint != cleanup.Fingerprint() => $"What is proposed for {cleanup.Title} was looked at anew since you opened it. Load the page again and look at what is different.",
        _ when !decision.Approved => decision.Reason.Trim().Length == 0 ? "Say why it is rejected." : null,
        { Drift.Count: > 0 } => "It is not as it was proposed any more. Have it looked at anew first.",
        _ when !cleanup.Items.Any(item => item.IsLeft) => "There is nothing in it to delete.",
        _ when !selfApproval && Actors.IsSame(decision.By, cleanup.ProposedBy) => "You proposed this cleanup; another person must approve it.",
        _ => null,
    };

    /// <summary>After an approver's word.</summary>
    public static Cleanup Decide(Cleanup cleanup, WaveDecision decision) => decision.Approved
        ? cleanup with { State = CleanupState.Approved, Decision = decision, Note = null }
        : cleanup with { State = CleanupState.Withdrawn, Decision = decision, Note = $"Rejected by {decision.By}: {decision.Reason.Trim()}" };

    /// <summary>Why it cannot be looked at anew, or null.</summary>
    public static string? WhyNotLook(Cleanup cleanup) => cleanup.State is CleanupState.Proposed or CleanupState.Approved or CleanupState.Failed
        ? null
        : $"The cleanup of {cleanup.Title} is {Word(cleanup.State)} and is not looked at anew.";

    /// <summary>Proposed again with what was found now. What was deleted already stays on record.</summary>
    public static Cleanup Look(Cleanup cleanup, IReadOnlyList<CleanupGuest> guests, IReadOnlyList<CleanupItem> found, string by, DateTimeOffset now) => cleanup with
    {
        State = CleanupState.Proposed,
        Guests = guests,
        Items = InOrder([.. cleanup.Items.Where(item => item.Outcome is { Gone: true }), .. found]),
        ProposedBy = by,
        ProposedAt = now,
        Decision = null,
        Note = null,
        Drift = [],
        FinishedAt = null,
    };

    /// <summary>Why it cannot be taken back, or null.</summary>
    public static string? WhyNotWithdraw(Cleanup cleanup) => cleanup.State is CleanupState.Proposed or CleanupState.Approved or CleanupState.Failed
        ? null
        : $"The cleanup of {cleanup.Title} is {Word(cleanup.State)} and cannot be withdrawn.";

    /// <summary>Taken back.</summary>
    public static Cleanup Withdraw(Cleanup cleanup, string by, DateTimeOffset now) =>
        cleanup with { State = CleanupState.Withdrawn, Note = $"Withdrawn by {by}.", FinishedAt = now };

    /// <summary>Why it cannot be started now, or null. How its guests stand is asked besides.</summary>
    /// <param name="cleanup">The cleanup.</param>
    /// <param name="leastHold">The hold period that is set for all.</param>
    /// <param name="now">The time.</param>
    public static string? WhyNotRun(Cleanup cleanup, TimeSpan leastHold, DateTimeOffset now) => cleanup switch
    {
        { State: CleanupState.Proposed } => "It is not approved. Another person must look at it and approve it.",
        { State: not (CleanupState.Approved or CleanupState.Failed) } => $"The cleanup of {cleanup.Title} is {Word(cleanup.State)}.",
        _ when cleanup.Decision is not { Approved: true } given || given.Fingerprint != cleanup.Fingerprint() =>
            "Its approval does not hold any more. Have it looked at anew, and approved by another person.",
        _ when now < cleanup.MayRunFrom(leastHold) => $"The hold period lasts until {cleanup.MayRunFrom(leastHold).UtcDateTime:yyyy-MM-dd HH:mm} UTC.",
        _ => null,
    };

    /// <summary>Why the names that a person typed do not confirm it, or null: each guest's name, exactly, and no other.</summary>
    public static string? WhyNotConfirmed(Cleanup cleanup, IReadOnlyCollection<string> names) =>
        names.ToHashSet(StringComparer.Ordinal).SetEquals(cleanup.Guests.Select(guest => guest.Name))
            ? null
            : $"To delete for good, give the name of each guest exactly: {string.Join(", ", cleanup.Guests.Select(guest => guest.Name))}.";

    /// <summary>Its approval does not hold: things are not as they were approved.</summary>
    public static Cleanup Void(Cleanup cleanup, IReadOnlyList<FactDifference> drift) => cleanup with
    {
        State = cleanup.HasBegun ? CleanupState.Failed : CleanupState.Proposed,
        Decision = null,
        Drift = drift,
        Note = "It is not as it was approved. The approval is void, and nothing is deleted. Look at the difference, have it looked at anew, and approved again.",
    };

    /// <summary>Begun: from here on its guests' runs cannot be rolled back.</summary>
    public static Cleanup Begin(Cleanup cleanup, string by, DateTimeOffset now) => cleanup with
    {
        State = CleanupState.Deleting,
        StartedBy = by,
        StartedAt = cleanup.StartedAt ?? now,
        FinishedAt = null,
        Note = null,
        Items = [.. cleanup.Items.Select(item => item.Outcome is { Gone: false } ? item with { Outcome = null } : item)],
    };

    /// <summary>What became of one item.</summary>
    public static Cleanup Record(Cleanup cleanup, CleanupItem item, CleanupOutcome outcome) =>
        cleanup with { Items = [.. cleanup.Items.Select(known => known.IsSameThing(item) ? known with { Outcome = outcome } : known)] };

    /// <summary>At its end: done when everything that was to be deleted is gone.</summary>
    public static Cleanup End(Cleanup cleanup, DateTimeOffset now)
    {
        var left = cleanup.Items.Where(item => item.IsLeft).ToList();
        return left.Count == 0
            ? cleanup with { State = CleanupState.Done, FinishedAt = now, Note = null }
            : cleanup with
            {
                State = CleanupState.Failed,
                FinishedAt = now,
                Note = cleanup.Note ?? $"{left.Count} of {cleanup.Items.Count(item => item.Stays is null)} items could not be deleted. What went wrong stands beside each; mend it and run it again.",
            };
    }

    /// <summary>Items in the order of deletion: by guest, then by kind.</summary>
    public static IReadOnlyList<CleanupItem> InOrder(IEnumerable<CleanupItem> items) =>
        [.. items.OrderBy(item => item.Guest, StringComparer.Ordinal).ThenBy(item => item.Kind).ThenBy(item => item.Path, StringComparer.Ordinal)];

    /// <summary>A state as people say it.</summary>
    public static string Word(CleanupState state) => state switch
    {
        CleanupState.Proposed => "proposed and waits for approval",
        CleanupState.Deleting => "being carried out",
        _ => state.ToString().ToLowerInvariant(),
    };

    /// <summary>A period in days: <c>14 days</c>.</summary>
    public static string Days(TimeSpan period) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{period.TotalDays:0.##} {(period == TimeSpan.FromDays(1) ? "day" : "days")}");
}
