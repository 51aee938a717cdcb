using Microsoft.Extensions.Logging;
using Xen2Kvm.Domain.Cleanups;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Cleanups;

/// <summary>
/// Carries started cleanups out, item by item. What became of each is stored at once; cut off anywhere, it goes on where it was, and what is
/// gone already is done.
/// </summary>
public sealed partial class CleanupExecutor(
    ICleanupStore cleanups, CleanupSurvey survey, CleanupService service, IAuditLog audit, TimeProvider time, ILogger<CleanupExecutor> logger)
{
    /// <summary>Carries out what was started; false when another node is at it.</summary>
    public async Task<bool> CarryOutAsync(CancellationToken cancellationToken)
    {
        if ((await cleanups.ListDeletingAsync(cancellationToken).ConfigureAwait(false)).Count == 0)
        {
            return true;
        }

        return await cleanups.AloneAsync(
            async token =>
            {
                // Read again: another node may have brought it to its end while this one waited.
                foreach (var cleanup in await cleanups.ListDeletingAsync(token).ConfigureAwait(false))
                {
                    await CarryOutAsync(cleanup, token).ConfigureAwait(false);
                }
            },
            cancellationToken).ConfigureAwait(false);
    }

    private async Task CarryOutAsync(Cleanup cleanup, CancellationToken cancellationToken)
    {
        var by = cleanup.StartedBy!;
        foreach (var guest in cleanup.Guests)
        {
            if (cleanup.Items.Where(item => item.Guest == guest.Name && item.IsLeft).ToList() is not { Count: > 0 } left)
            {
                continue;
            }

            if (await GuestAsync(cleanup, guest, left, by, cancellationToken).ConfigureAwait(false) is { Count: > 0 } drift)
            {
                await service.VoidAsync(cleanup.Id, drift, by, cancellationToken).ConfigureAwait(false);
                return;
            }
        }

        var ended = await service.ApplyAsync(
            cleanup.Id, now => CleanupRules.End(now, time.GetUtcNow()), by, "cleanup.end", "", cancellationToken).ConfigureAwait(false);
        if (ended.State == CleanupState.Failed)
        {
            await service.TellAsync(ended, cancellationToken).ConfigureAwait(false);
        }
    }

    // The differences that make the approval void; null when there are none. What cannot be deleted is recorded with its item, and ends this
    // guest's turn: what comes after it, its lock above all, stays.
    private async Task<IReadOnlyList<FactDifference>?> GuestAsync(
        Cleanup cleanup, CleanupGuest guest, IReadOnlyList<CleanupItem> left, string by, CancellationToken cancellationToken)
    {
        var current = left[0];
        try
        {
            var moved = await survey.OpenAsync(guest.SourceHostId, guest.Name, cancellationToken).ConfigureAwait(false);
            if (moved.Run.Id != guest.RunId)
            {
                throw new RefusedException($"{guest.Name} was moved by another run meanwhile. Have it looked at anew.");
            }

            var standing = await moved.StandAsync(cancellationToken).ConfigureAwait(false);
            if (string.Join(" ", standing.Problems(CleanupService.OnlyLockLeft(cleanup, guest))) is { Length: > 0 } problems)
            {
                throw new RefusedException(problems);
            }

            var changed = await moved.ChangedAsync(cancellationToken).ConfigureAwait(false);
            foreach (var item in left)
            {
                current = item;
                if (item.HostId == guest.SourceHostId && changed.TryGetValue(item.Path, out var why))
                {
                    return [new FactDifference(guest.Name, item.Fact().Name, "as it was moved", why)];
                }

                var end = await moved.DeleteAsync(item, cancellationToken).ConfigureAwait(false);
                if (end == RemnantEnd.Differs)
                {
                    var now = (await moved.LookAsync(cancellationToken).ConfigureAwait(false)).FirstOrDefault(item.IsSameThing);
                    return [new FactDifference(guest.Name, item.Fact().Name, item.Identity, now?.Identity)];
                }

                await RecordAsync(cleanup, item, true, end == RemnantEnd.Gone ? "was gone already" : "deleted", by, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception failure) when (failure is RemoteException or RefusedException)
        {
            LogRefused(guest.Name, current.Path, failure.Message);
            await RecordAsync(cleanup, current, false, failure.Message, by, cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    private async Task RecordAsync(Cleanup cleanup, CleanupItem item, bool gone, string text, string by, CancellationToken cancellationToken)
    {
        var outcome = new CleanupOutcome(time.GetUtcNow(), gone, text);
        await service.ApplyAsync(cleanup.Id, now => CleanupRules.Record(now, item, outcome), by, null, "", cancellationToken).ConfigureAwait(false);
        await audit.AppendAsync(
            new AuditEntry(outcome.At, by, gone ? "cleanup.delete" : "cleanup.fail", $"cleanup of {cleanup.Title} ({cleanup.Id})", $"{item.Host}: {item.Command}: {text}"), cancellationToken)
            .ConfigureAwait(false);
    }

    [LoggerMessage(3201, LogLevel.Warning, "{Guest}: {Path} was not deleted: {Reason}")]
    private partial void LogRefused(string guest, string path, string reason);
}
