using Microsoft.Extensions.Options;
using Xen2Kvm.Domain.Cleanups;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Notifications;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Runs;
using Xen2Kvm.Engine.Waves;

namespace Xen2Kvm.Engine.Cleanups;

/// <summary>What would be deleted if a cleanup were started now; nothing was.</summary>
/// <param name="WhyNot">Why it could not be started now, in sentences; empty when it could.</param>
/// <param name="Differences">How things differ from what was proposed.</param>
/// <param name="Items">What would be deleted, in its order, with the command for each.</param>
/// <param name="Bytes">Space that it would free.</param>
public sealed record CleanupDryRun(IReadOnlyList<string> WhyNot, IReadOnlyList<FactDifference> Differences, IReadOnlyList<CleanupItem> Items, long Bytes);

/// <summary>What people can do with what moved guests left on Xen. Deletion itself is done by <see cref="CleanupExecutor"/>.</summary>
public sealed class CleanupService(
    ICleanupStore cleanups, CleanupSurvey survey, IPeople people, IAuditLog audit, Notifier notifier, CleanupFeed feed,
    IOptions<CleanupOptions> options, IOptions<WaveOptions> waveOptions, TimeProvider time)
{
    private const int MostTries = 5;

    /// <summary>How long a guest must have been proven at least.</summary>
    public TimeSpan HoldPeriod => options.Value.HoldPeriod;

    /// <summary>The one who proposes a cleanup may approve it, too: the switch that waves have.</summary>
    public bool SelfApproval => waveOptions.Value.SelfApproval;

    /// <summary>All cleanups, newest first.</summary>
    public Task<IReadOnlyList<Cleanup>> ListAsync(CancellationToken cancellationToken) => cleanups.ListAsync(cancellationToken);

    /// <summary>One cleanup, or null.</summary>
    public Task<Cleanup?> FindAsync(Guid id, CancellationToken cancellationToken) => cleanups.FindAsync(id, cancellationToken);

    /// <summary>The cleanup that has begun to delete what a run left behind, or null.</summary>
    public Task<Cleanup?> FindBegunOfAsync(Guid runId, CancellationToken cancellationToken) => cleanups.FindBegunOfAsync(runId, cancellationToken);

    /// <summary>Looks at guests and proposes to delete what they left behind.</summary>
    /// <param name="guests">The guests, by their Xen host.</param>
    /// <param name="hold">How long each must have been proven; null for what is set.</param>
    /// <param name="by">Who proposes it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="RefusedException">One of them does not run on KVM, proven, alone; the message says why.</exception>
    public async Task<Cleanup> ProposeAsync(IReadOnlyList<(Guid SourceHostId, string Guest)> guests, TimeSpan? hold, string by, CancellationToken cancellationToken)
    {
        var wanted = guests.Distinct().ToList();
        if (wanted.Count is 0 or > Cleanup.MostGuests)
        {
            throw new RefusedException($"Choose 1 to {Cleanup.MostGuests} guests.");
        }

        Refuse(CleanupRules.WhyNotHold(hold ?? HoldPeriod, HoldPeriod));
        foreach (var (host, guest) in wanted)
        {
            if (await cleanups.FindOpenOfAsync(host, guest, cancellationToken).ConfigureAwait(false) is { } other)
            {
                throw new RefusedException($"{guest} is in a cleanup already, proposed by {other.ProposedBy} ({other.Title}).");
            }
        }

        var found = await LegalAsync(wanted, cancellationToken).ConfigureAwait(false);
        var now = time.GetUtcNow();
        var cleanup = new Cleanup
        {
            Id = Guid.CreateVersion7(now), Guests = found.Guests, Items = found.Items, Hold = hold ?? HoldPeriod, ProposedBy = by, ProposedAt = now, CreatedAt = now,
        };
        var saved = await SaveAsync(cleanup, by, "cleanup.propose", Sum(cleanup), cancellationToken).ConfigureAwait(false)
            ?? throw new RefusedException("This cleanup exists already.");
        await AskAsync(saved, cancellationToken).ConfigureAwait(false);
        return saved;
    }

    /// <summary>Looks at a cleanup's guests anew and proposes what is found: it needs a new approval then.</summary>
    public async Task<Cleanup> LookAgainAsync(Guid id, string by, CancellationToken cancellationToken)
    {
        var cleanup = await KnownAsync(id, cancellationToken).ConfigureAwait(false);
        Refuse(CleanupRules.WhyNotLook(cleanup));
        var found = await LegalAsync(Keys(cleanup), cancellationToken).ConfigureAwait(false);
        var changed = CleanupRules.Look(cleanup, found.Guests, found.Items, by, time.GetUtcNow());
        var saved = await SaveAsync(changed, by, "cleanup.look", Sum(changed), cancellationToken).ConfigureAwait(false)
            ?? throw new RefusedException($"The cleanup of {cleanup.Title} was changed while its guests were looked at. Load the page again.");
        await AskAsync(saved, cancellationToken).ConfigureAwait(false);
        return saved;
    }

    /// <summary>An approver's word.</summary>
    /// <param name="id">The cleanup.</param>
    /// <param name="fingerprint">Fingerprint of what the approver was shown.</param>
    /// <param name="approve">Approved, or rejected.</param>
    /// <param name="reason">Why.</param>
    /// <param name="by">User name of the approver.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<Cleanup> DecideAsync(Guid id, string fingerprint, bool approve, string reason, string by, CancellationToken cancellationToken)
    {
        if (await people.WhyNotApproveAsync(by, null, cancellationToken).ConfigureAwait(false) is { } why)
        {
            throw new RefusedException(why);
        }

        var decision = new WaveDecision(by, time.GetUtcNow(), approve, reason.Trim(), fingerprint);
        return await ApplyAsync(
            id, cleanup =>
            {
                Refuse(CleanupRules.WhyNotDecide(cleanup, decision, SelfApproval));
                return CleanupRules.Decide(cleanup, decision);
            },
            by, approve ? "cleanup.approve" : "cleanup.reject", $"fingerprint {fingerprint}{(decision.Reason.Length > 0 ? $": {decision.Reason}" : "")}", cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Takes a cleanup back; what it has deleted stays deleted.</summary>
    public Task<Cleanup> WithdrawAsync(Guid id, string by, CancellationToken cancellationToken) => ApplyAsync(
        id, cleanup =>
        {
            Refuse(CleanupRules.WhyNotWithdraw(cleanup));
            return CleanupRules.Withdraw(cleanup, by, time.GetUtcNow());
        },
        by, "cleanup.withdraw", "", cancellationToken);

    /// <summary>What would happen if it were started now, asked of the hosts afresh. Changes nothing.</summary>
    public async Task<CleanupDryRun> RehearseAsync(Guid id, CancellationToken cancellationToken)
    {
        var cleanup = await KnownAsync(id, cancellationToken).ConfigureAwait(false);
        var found = await survey.LookAsync(Keys(cleanup), cancellationToken).ConfigureAwait(false);
        var why = await WhyNotAsync(cleanup, cancellationToken).ConfigureAwait(false);
        var items = found.Items.Where(item => item.Stays is null).ToList();
        return new CleanupDryRun(
            why is null ? found.Problems : [why, .. found.Problems], cleanup.IsOpen ? cleanup.DifferencesTo(found.Items) : [], items, items.Sum(item => item.Bytes ?? 0));
    }

    /// <summary>Starts the deletion of an approved cleanup, or goes on with one that failed.</summary>
    /// <param name="id">The cleanup.</param>
    /// <param name="names">The guests' names as the person typed them: the last consent.</param>
    /// <param name="by">Who starts it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="RefusedException">Its approval or hold period, a guest's state, or a difference does not allow it.</exception>
    public async Task<Cleanup> StartAsync(Guid id, IReadOnlyCollection<string> names, string by, CancellationToken cancellationToken)
    {
        var cleanup = await KnownAsync(id, cancellationToken).ConfigureAwait(false);
        Refuse(await WhyNotAsync(cleanup, cancellationToken).ConfigureAwait(false));
        Refuse(CleanupRules.WhyNotConfirmed(cleanup, names));
        var left = cleanup.Guests.Where(guest => cleanup.Items.Any(item => item.Guest == guest.Name && item.IsLeft)).ToList();
        var found = await LegalAsync([.. left.Where(guest => !OnlyLockLeft(cleanup, guest)).Select(guest => (guest.SourceHostId, guest.Name))], cancellationToken).ConfigureAwait(false);
        if (cleanup.DifferencesTo(found.Items) is { Count: > 0 } drift)
        {
            await VoidAsync(id, drift, by, cancellationToken).ConfigureAwait(false);
            throw new RefusedException($"It is not as it was approved: {string.Join(" ", drift.Take(5))} The approval is void, and nothing was deleted.");
        }

        var begun = CleanupRules.Begin(cleanup, by, time.GetUtcNow());
        return await SaveAsync(begun, by, "cleanup.start", $"{Sum(begun)}, approved by {begun.Decision!.By}, fingerprint {begun.Decision.Fingerprint}", cancellationToken).ConfigureAwait(false)
            ?? throw new RefusedException($"Somebody else has just changed the cleanup of {cleanup.Title}. Load the page again to see where it stands.");
    }

    /// <summary>Whether of a guest nothing but the record of its lock is left to delete.</summary>
    internal static bool OnlyLockLeft(Cleanup cleanup, CleanupGuest guest) =>
        cleanup.Items.Where(item => item.Guest == guest.Name && item.IsLeft).All(item => item.Kind == RemainKind.Lock);

    /// <summary>Makes an approval void and tells people.</summary>
    internal async Task VoidAsync(Guid id, IReadOnlyList<FactDifference> drift, string by, CancellationToken cancellationToken)
    {
        var voided = await ApplyAsync(
            id, cleanup => CleanupRules.Void(cleanup, drift), by, "cleanup.void", string.Join(" ", drift.Take(20)), cancellationToken).ConfigureAwait(false);
        await TellAsync(voided, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Tells people that a cleanup does not go on without them.</summary>
    internal Task TellAsync(Cleanup cleanup, CancellationToken cancellationToken) => notifier.RaiseAsync(
        new NotificationEvent(NotificationKind.CleanupNeedsYou, cleanup.Id, $"{cleanup.Version}", $"The cleanup of {cleanup.Title} needs you", cleanup.Note ?? ""), cancellationToken);

    /// <summary>Applies a change to a cleanup as it is, anew when somebody else was faster.</summary>
    internal async Task<Cleanup> ApplyAsync(Guid id, Func<Cleanup, Cleanup> change, string by, string? action, string detail, CancellationToken cancellationToken)
    {
        for (var tries = 0; tries < MostTries; tries++)
        {
            var changed = change(await KnownAsync(id, cancellationToken).ConfigureAwait(false));
            if (await SaveAsync(changed, by, action, detail, cancellationToken).ConfigureAwait(false) is { } saved)
            {
                return saved;
            }
        }

        throw new RefusedException("Others are changing this cleanup at the same time. Try it again.");
    }

    private async Task<string?> WhyNotAsync(Cleanup cleanup, CancellationToken cancellationToken) =>
        CleanupRules.WhyNotRun(cleanup, HoldPeriod, time.GetUtcNow())
        ?? (await people.WhyNotApproveAsync(cleanup.Decision!.By, null, cancellationToken).ConfigureAwait(false) is null
            ? null
            : $"{cleanup.Decision.By}, who approved it, may not approve any more. Have it looked at anew, and approved by another person.");

    private async Task<Survey> LegalAsync(IReadOnlyList<(Guid SourceHostId, string Guest)> guests, CancellationToken cancellationToken)
    {
        var found = await survey.LookAsync(guests, cancellationToken).ConfigureAwait(false);
        return found.Problems.Count == 0
            ? found
            : throw new RefusedException(string.Join(" ", found.Problems.Take(10)) + (found.Problems.Count > 10 ? $" And {found.Problems.Count - 10} more." : ""));
    }

    private async Task<Cleanup> KnownAsync(Guid id, CancellationToken cancellationToken) =>
        await cleanups.FindAsync(id, cancellationToken).ConfigureAwait(false) ?? throw new RefusedException("This cleanup is not known.");

    // Null when someone else was faster.
    private async Task<Cleanup?> SaveAsync(Cleanup cleanup, string by, string? action, string detail, CancellationToken cancellationToken)
    {
        switch (await cleanups.SaveAsync(cleanup, cancellationToken).ConfigureAwait(false))
        {
            case CleanupSave.Stale:
                return null;
            case CleanupSave.GuestTaken:
                throw new RefusedException("A guest of this cleanup was just taken into another one. Load the page again.");
            case CleanupSave.RunChanged:
                throw new RefusedException("The run of a guest of this cleanup is not at its proven end any more: somebody rolls it back. Nothing was deleted.");
        }

        if (action is not null)
        {
            await audit.AppendAsync(new AuditEntry(time.GetUtcNow(), by, action, $"cleanup of {cleanup.Title} ({cleanup.Id})", detail), cancellationToken).ConfigureAwait(false);
        }

        feed.Changed(cleanup.Id);
        return cleanup with { Version = cleanup.Version + 1 };
    }

    private Task AskAsync(Cleanup cleanup, CancellationToken cancellationToken) => notifier.RaiseAsync(
        new NotificationEvent(
            NotificationKind.CleanupNeedsApproval, cleanup.Id, $"{cleanup.Version}", $"The cleanup of {cleanup.Title} needs approval",
            $"{cleanup.ProposedBy} proposes to delete what {cleanup.Title} left behind: {Sum(cleanup)}. Look at what is proposed, and approve or reject it."),
        cancellationToken);

    private static string Sum(Cleanup cleanup) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{cleanup.Items.Count(item => item.IsLeft)} items, {cleanup.BytesLeft / 1073741824.0:0.00} GiB");

    private static List<(Guid SourceHostId, string Guest)> Keys(Cleanup cleanup) => [.. cleanup.Guests.Select(guest => (guest.SourceHostId, guest.Name))];

    private static void Refuse(string? why)
    {
        if (why is not null)
        {
            throw new RefusedException(why);
        }
    }
}
