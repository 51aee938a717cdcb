using Xen2Kvm.Domain.Cleanups;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Cleanups;

/// <summary>What one moved guest still has on its Xen host, from the records alone: no host is asked.</summary>
/// <param name="Guest">The guest.</param>
/// <param name="Disks">Disks that it left there.</param>
/// <param name="Bytes">Space that is held: as looked at by its cleanup, else by its plan.</param>
/// <param name="MayBeDeletedFrom">When its hold period is over.</param>
/// <param name="Cleanup">Its newest cleanup that was not withdrawn; null for none.</param>
public sealed record GuestRemains(CleanupGuest Guest, int Disks, long Bytes, DateTimeOffset MayBeDeletedFrom, Cleanup? Cleanup)
{
    /// <summary>It can be taken into a new cleanup.</summary>
    public bool IsFree => Cleanup is null;
}

/// <summary>Lists what moved guests left behind.</summary>
public sealed class RemainsList(ICleanupStore cleanups, IRunStore runs, IPlanStore plans, CleanupService service)
{
    /// <summary>Every guest whose newest run is proven, by host and name.</summary>
    public async Task<IReadOnlyList<GuestRemains>> ReadAsync(CancellationToken cancellationToken)
    {
        var moved = (await runs.ListNewestAsync(cancellationToken).ConfigureAwait(false)).Where(newest => GuestStanding.ProvenAt(newest.Run) is not null).ToList();
        var known = (await plans.ListAsync(cancellationToken).ConfigureAwait(false)).ToDictionary(plan => plan.Id);
        var all = await cleanups.ListAsync(cancellationToken).ConfigureAwait(false);
        return [.. moved.Where(newest => known.ContainsKey(newest.Run.PlanId)).Select(newest => Of(newest.SourceHostId, newest.Run, known[newest.Run.PlanId]))];

        GuestRemains Of(Guid host, Domain.Runs.Run run, Domain.Planning.Plan plan)
        {
            var guest = new CleanupGuest(run.GuestName, host, run.SourceHost, run.TargetHost, plan.Target.Name, run.Id, GuestStanding.ProvenAt(run)!.Value);
            var cleanup = all.FirstOrDefault(cleanup => cleanup.State != CleanupState.Withdrawn && cleanup.Guests.Any(mine => mine.RunId == run.Id));
            var disks = plan.Source.Disks.Where(disk => disk is { IsCdrom: false, Path: not null, Backing: not DiskBacking.Missing }).DistinctBy(disk => disk.Path, StringComparer.Ordinal).ToList();
            var left = cleanup?.Items.Where(item => item.Guest == run.GuestName && item.Outcome is not { Gone: true }).ToList();
            return new GuestRemains(
                guest, left?.Count(item => item.Kind is RemainKind.Volume or RemainKind.Image or RemainKind.OtherDisk) ?? disks.Count,
                left?.Sum(item => item.Bytes ?? 0) ?? disks.Sum(disk => disk.SizeBytes ?? 0),
                guest.ProvenAt + (cleanup?.Hold > service.HoldPeriod ? cleanup.Hold : service.HoldPeriod), cleanup);
        }
    }
}
