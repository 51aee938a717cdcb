using System.Text.Json;
using Xen2Kvm.Domain.Cleanups;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Routes.BlockCopy;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Engine.Cleanups;

/// <summary>A moved guest with its hosts, for one look at what it left behind.</summary>
/// <param name="run">Its newest run.</param>
/// <param name="plan">The plan of that run.</param>
/// <param name="earlier">Its other runs from the same host, each with its plan.</param>
/// <param name="wave">The open wave that has it, or null.</param>
/// <param name="look">Both hosts, and those of earlier runs.</param>
internal sealed class MovedGuest(Run run, Plan plan, IReadOnlyList<(Run Run, Plan Plan)> earlier, string? wave, HostLook look)
{
    private SourceLock? _lock;

    /// <summary>Its newest run.</summary>
    public Run Run => run;

    private string Name => plan.Source.Name;

    /// <summary>It as a part of a cleanup; null when it was never proven.</summary>
    public CleanupGuest? Describe() => GuestStanding.ProvenAt(run) is { } proven
        ? new(Name, plan.SourceHostId, run.SourceHost, run.TargetHost, plan.Target.Name, run.Id, proven)
        : null;

    /// <summary>Asks both hosts how it stands.</summary>
    /// <exception cref="RemoteException">One of them does not answer.</exception>
    public async Task<GuestStanding> StandAsync(CancellationToken cancellationToken)
    {
        var (xen, kvm) = (await look.OfAsync(plan.SourceHostId, cancellationToken).ConfigureAwait(false), await look.OfAsync(plan.TargetHostId, cancellationToken).ConfigureAwait(false));
        _lock = await xen.Xen.GetLockAsync(Name, cancellationToken).ConfigureAwait(false);
        var snapshot = await xen.InventoryAsync(cancellationToken).ConfigureAwait(false);
        return new GuestStanding
        {
            Run = run,
            TargetName = plan.Target.Name,
            OnKvm = await kvm.Kvm.GetStateAsync(plan.Target.Name, cancellationToken).ConfigureAwait(false),
            DefinedBy = await kvm.Kvm.GetOwnerAsync(plan.Target.Name, cancellationToken).ConfigureAwait(false),
            OnXen = (await xen.Xen.GetStateAsync(Name, cancellationToken).ConfigureAwait(false)).Power,
            LockedBy = _lock?.RunId,
            StartableConfig = snapshot.Guests.FirstOrDefault(guest => guest.Name == Name && !guest.IsLocked)?.ConfigPath,
            Wave = wave,
        };
    }

    /// <summary>What it left behind, after <see cref="StandAsync"/>. Reads only.</summary>
    public async Task<IReadOnlyList<CleanupItem>> LookAsync(CancellationToken cancellationToken)
    {
        var xen = await look.OfAsync(plan.SourceHostId, cancellationToken).ConfigureAwait(false);
        var others = await OthersAsync(xen, cancellationToken).ConfigureAwait(false);
        var items = await DisksAsync(xen, others, cancellationToken).ConfigureAwait(false);
        foreach (var (kind, path) in Files(xen))
        {
            await AddAsync(items, xen, run.Id, kind, path, others, cancellationToken).ConfigureAwait(false);
        }

        foreach (var (left, of) in earlier.Prepend((run, plan)))
        {
            foreach (var host in new[] { plan.SourceHostId, of.TargetHostId })
            {
                await AddAsync(items, await look.OfAsync(host, cancellationToken).ConfigureAwait(false), left.Id, RemainKind.JobFiles, RunPaths.Run(left.Id), [], cancellationToken)
                    .ConfigureAwait(false);
            }

            if (left is { State: RunState.RolledBack, DeleteTargetOnRollBack: false })
            {
                await AddTargetDisksAsync(items, left, of, cancellationToken).ConfigureAwait(false);
            }
        }

        return CleanupRules.InOrder(items);
    }

    /// <summary>Why a disk of the source is not deleted although it lies there as before: what was written to it since the move is nowhere else.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ChangedAsync(CancellationToken cancellationToken)
    {
        if (run.Steps.FirstOrDefault(step => step.Id == "stop")?.Output is not { } output
            || JsonSerializer.Deserialize<StopOutput>(output, RunJson.Options) is not { Marks: { } marks })
        {
            return Paths().ToDictionary(path => path, _ => "its run did not record what was written to it", StringComparer.Ordinal);
        }

        var xen = await look.OfAsync(plan.SourceHostId, cancellationToken).ConfigureAwait(false);
        var then = marks.DistinctBy(mark => mark.Path, StringComparer.Ordinal).ToDictionary(mark => mark.Path, StringComparer.Ordinal);
        var now = await xen.Xen.MarkDisksAsync([.. then.Keys], cancellationToken).ConfigureAwait(false);

        // A volume that is not active has no device to look at.
        return now.Where(mark => mark.Value != "missing" && !mark.IsUntouchedSince(then[mark.Path]))
            .ToDictionary(mark => mark.Path, mark => $"it was changed since the move ({mark.DifferenceFrom(then[mark.Path])})", StringComparer.Ordinal);
    }

    /// <summary>Deletes one item if it still is what was approved.</summary>
    /// <exception cref="RemoteException">It cannot be deleted; the message says why.</exception>
    public async Task<RemnantEnd> DeleteAsync(CleanupItem item, CancellationToken cancellationToken)
    {
        var host = await look.OfAsync(item.HostId, cancellationToken).ConfigureAwait(false);
        if (item.Kind != RemainKind.TargetDisk)
        {
            var others = item.HostId == plan.SourceHostId ? await OthersAsync(host, cancellationToken).ConfigureAwait(false) : [];
            return await host.Remains.DeleteAsync(Place(item.Kind, item.Path), item.Identity, others, cancellationToken).ConfigureAwait(false);
        }

        var of = earlier.FirstOrDefault(left => left.Run.Id == item.RunId).Plan;
        if (of?.Target.Disks.FirstOrDefault(disk => disk.Path == item.Path) is not { } target)
        {
            return RemnantEnd.Differs;
        }

        var now = await TargetDiskAsync(item.RunId, of, target, cancellationToken).ConfigureAwait(false);
        if (now is null)
        {
            return RemnantEnd.Gone;
        }

        if (now.Identity != item.Identity)
        {
            return RemnantEnd.Differs;
        }

        if (now.Stays is { } why)
        {
            throw new RemoteException(RemoteFailure.CommandFailed, host.Host.Name, $"{host.Host.Name}: {item.Path} stays: {why}");
        }

        await host.Kvm.DeleteAsync(target, item.RunId, cancellationToken).ConfigureAwait(false);
        return RemnantEnd.Deleted;
    }

    private async Task<List<CleanupItem>> DisksAsync(HostSide xen, IReadOnlyCollection<string> others, CancellationToken cancellationToken)
    {
        var changed = await ChangedAsync(cancellationToken).ConfigureAwait(false);
        var items = new List<CleanupItem>();
        foreach (var disk in Disks())
        {
            var why = disk.SharedWritable ? "other domains may write to it, too" : changed.GetValueOrDefault(disk.Path!);
            RemainKind? kind = disk.Backing switch { DiskBacking.LogicalVolume => RemainKind.Volume, DiskBacking.File => RemainKind.Image, _ => null };
            if (kind is { } known)
            {
                await AddAsync(items, xen, run.Id, known, disk.Path!, others, cancellationToken, why).ConfigureAwait(false);
            }
            else
            {
                items.Add(Item(xen, run.Id, RemainKind.OtherDisk, disk.Path!) with
                {
                    Bytes = disk.SizeBytes,
                    Identity = $"{disk.SizeBytes} bytes",
                    Stays = disk.Backing == DiskBacking.Drbd ? "a DRBD resource is taken apart by hand, on both its nodes" : "it is neither a volume nor a file: what it belongs to is for a person to say",
                });
            }
        }

        return items;
    }

    private async Task AddTargetDisksAsync(List<CleanupItem> items, Run left, Plan of, CancellationToken cancellationToken)
    {
        foreach (var disk in of.Target.Disks)
        {
            if (await TargetDiskAsync(left.Id, of, disk, cancellationToken).ConfigureAwait(false) is { } remnant)
            {
                items.Add(Item(await look.OfAsync(of.TargetHostId, cancellationToken).ConfigureAwait(false), left.Id, RemainKind.TargetDisk, disk.Path, remnant));
            }
        }
    }

    // What a run that was rolled back made and left: never a disk of the run that moved the guest, nor one that any guest there has.
    private async Task<Remnant?> TargetDiskAsync(Guid leftBy, Plan of, TargetDisk disk, CancellationToken cancellationToken)
    {
        var host = await look.OfAsync(of.TargetHostId, cancellationToken).ConfigureAwait(false);
        if (await host.Kvm.FindAllocatedAsync(disk, leftBy, cancellationToken).ConfigureAwait(false) is not { } found)
        {
            return null;
        }

        var user = (await host.InventoryAsync(cancellationToken).ConfigureAwait(false)).Guests.FirstOrDefault(guest => guest.Disks.Any(used => used.Path == disk.Path));
        var stays = user is not null ? $"the guest {user.Name} on {host.Host.Name} has it"
            : of.TargetHostId == plan.TargetHostId && plan.Target.Disks.Any(mine => mine.Path == disk.Path) ? "the moved guest was given the same path"
            : null;
        return new Remnant($"made by run {leftBy}, {found.SizeBytes} bytes", found.SizeBytes, stays, host.Remains.CommandOf(disk));
    }

    private async Task AddAsync(
        List<CleanupItem> items, HostSide host, Guid leftBy, RemainKind kind, string path, IReadOnlyCollection<string> others, CancellationToken cancellationToken, string? why = null)
    {
        if (await host.Remains.LookAsync(Place(kind, path), others, cancellationToken).ConfigureAwait(false) is { } found)
        {
            items.Add(Item(host, leftBy, kind, path, found with { Stays = why ?? found.Stays }));
        }
    }

    private CleanupItem Item(HostSide host, Guid leftBy, RemainKind kind, string path, Remnant? found = null) => new()
    {
        Guest = Name,
        RunId = leftBy,
        HostId = host.Host.Id,
        Host = host.Host.Name,
        Kind = kind,
        Path = path,
        Bytes = found?.Bytes,
        Identity = found?.Identity ?? "",
        Stays = found?.Stays,
        Command = found is { Stays: null } ? found.Command : null,
    };

    private IEnumerable<GuestDisk> Disks() =>
        plan.Source.Disks.Where(disk => disk is { IsCdrom: false, Path: not null }).DistinctBy(disk => disk.Path, StringComparer.Ordinal);

    private IEnumerable<string> Paths() => Disks().Select(disk => disk.Path!);

    private IEnumerable<(RemainKind Kind, string Path)> Files(HostSide xen)
    {
        if (plan.Source.Boot is { Method: BootMethod.HostKernel } boot)
        {
            foreach (var path in new[] { boot.Kernel, boot.Ramdisk }.OfType<string>().Distinct(StringComparer.Ordinal))
            {
                yield return (RemainKind.Kernel, path);
            }
        }

        if (_lock is not { } held || held.RunId != run.Id)
        {
            yield break;
        }

        var files = xen.Remains.FilesOf(held);
        foreach (var (kind, path) in new[]
        {
            (RemainKind.Autostart, files.KeptAutostart), (RemainKind.Note, files.Note), (RemainKind.Config, held.LockedConfigPath), (RemainKind.Lock, files.Record),
        })
        {
            if (path is not null)
            {
                yield return (kind, path);
            }
        }
    }

    private RemnantPlace Place(RemainKind kind, string path) => new(
        kind switch
        {
            RemainKind.Volume => RemnantForm.Volume,
            RemainKind.Image => RemnantForm.File,
            RemainKind.Kernel => RemnantForm.Kernel,
            RemainKind.JobFiles => RemnantForm.Jobs,
            _ => RemnantForm.Text,
        },
        path, _lock?.LockedConfigPath);

    private async Task<IReadOnlyCollection<string>> OthersAsync(HostSide xen, CancellationToken cancellationToken) =>
        (await xen.InventoryAsync(cancellationToken).ConfigureAwait(false)).Guests.Where(guest => guest.Name != Name)
            .SelectMany(guest => guest.Disks.Select(disk => disk.Path).Append(guest.Boot.Kernel).Append(guest.Boot.Ramdisk))
            .OfType<string>().Where(path => path.StartsWith('/')).ToHashSet(StringComparer.Ordinal);
}
