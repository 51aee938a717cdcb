using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Guests.Appliance;
using Xen2Kvm.Guests.Boot;
using Xen2Kvm.Guests.Conversion;
using Xen2Kvm.Guests.Edits;
using Xen2Kvm.Guests.Inspection;
using Xen2Kvm.Guests.Partitioning;

namespace Xen2Kvm.Guests;

/// <summary>
/// Makes the copied disks of a Linux guest bootable on KVM with one libguestfs appliance: partition table and swap, inspection, decision,
/// file changes, boot loader.
/// </summary>
/// <remarks>
/// The partition table and the swap areas are written before anything is known, because without them nothing can be seen; both belong to the
/// target only and come out the same each time. Everything else waits until the decision is made, and a Blocker ends the conversion there.
/// </remarks>
/// <param name="options">Settings of the appliance.</param>
public sealed class GuestConverter(ApplianceOptions options) : IGuestConverter
{
    private const int Attempts = 2;

    /// <inheritdoc/>
    public async Task<ConversionOutcome> ConvertAsync(
        IRemoteShell kvmHost, ConversionRequest request, IProgress<string> progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(kvmHost);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(progress);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await ConvertOnceAsync(kvmHost, request, progress, cancellationToken).ConfigureAwait(false);
            }
            catch (ApplianceLostException e) when (attempt < Attempts)
            {
                progress.Report($"{e.Message}. Starting again from the beginning, which is harmless");
            }
            catch (ApplianceLostException e)
            {
                throw new RemoteException(RemoteFailure.ConnectionLost, kvmHost.HostName, e.Message + ". Run the conversion again; it starts from the beginning.", e);
            }
        }
    }

    private async Task<ConversionOutcome> ConvertOnceAsync(IRemoteShell shell, ConversionRequest request, IProgress<string> progress, CancellationToken cancellationToken)
    {
        var staged = await HostBootTools.LookAtStagedAsync(shell, request, cancellationToken).ConfigureAwait(false);
        progress.Report(request.Target.UseKvm ? "Starting the appliance" : "Starting the appliance (emulated, about 20 seconds)");
        await using var session = await GuestfishSession.OpenAsync(
            shell, [.. request.Disks.Select(disk => (disk.Path, disk.Format))], request.WorkDirectory, request.Target.UseKvm, options, progress, cancellationToken).ConfigureAwait(false);
        var applier = new ConversionApplier(shell, session, options, progress);
        var disks = new DiskPreparation(session, applier, progress);
        await disks.PrepareAsync(request, cancellationToken).ConfigureAwait(false);

        progress.Report("Looking for file systems");
        var systems = await FileSystemFinder.ListAsync(session, cancellationToken).ConfigureAwait(false);
        var devices = new DeviceMap(
            request.Source.Disks, [.. request.Disks.Select(disk => disk.Plan)],
            systems.Where(system => system.Uuid is not null).DistinctBy(system => system.Device).ToDictionary(system => system.Device, system => system.Uuid!, StringComparer.Ordinal));
        var mounts = await FileSystemFinder.MountAsync(session, request.Source, systems, devices, cancellationToken).ConfigureAwait(false);
        if (mounts is null)
        {
            return NoLinux(systems);
        }

        progress.Report($"Reading the guest's configuration from {mounts[0].Device}");
        var guest = await GuestInspector.ReadAsync(session, systems, mounts, cancellationToken).ConfigureAwait(false);
        var decision = ConversionPlanner.Decide(request, guest, staged, devices);
        foreach (var concern in decision.Concerns.OrderByDescending(concern => concern.Severity))
        {
            progress.Report($"{concern.Id} {concern.Severity}: {concern.Title}");
        }

        if (decision.IsBlocked)
        {
            return new() { Inspection = decision.Inspection, Concerns = decision.Concerns };
        }

        // Everything that can fail on the host without the guest comes before the first change.
        var pieces = decision.Loader is null ? [] : await HostBootTools.MakeLoaderAsync(shell, request.WorkDirectory, decision.Loader, cancellationToken).ConfigureAwait(false);
        await session.BatchAsync(
            [GuestfishCommand.Must("umount-all"), .. FileSystemFinder.MountCommands(mounts, writable: true)], cancellationToken).ConfigureAwait(false);
        var changes = await applier.ApplyAsync(decision, cancellationToken).ConfigureAwait(false);
        await session.BatchAsync([GuestfishCommand.Must("sync"), GuestfishCommand.Must("umount-all")], cancellationToken).ConfigureAwait(false);
        var wrote = await applier.WriteAsync("/dev/sda", pieces, cancellationToken).ConfigureAwait(false);
        progress.Report(decision.Loader is null ? "The disk has its own boot loader" : wrote ? "Boot loader written" : "Boot loader already there");
        await session.RunAsync(["sync"], cancellationToken).ConfigureAwait(false);
        await session.CloseAsync(cancellationToken).ConfigureAwait(false);
        return new()
        {
            Inspection = decision.Inspection,
            Changes = changes,
            BootLoader = decision.Loader is { } loader ? Describe(request.Disks[0].Plan, loader) : "",
            Concerns = decision.Concerns,
        };
    }

    private static string Describe(TargetDisk disk, LoaderPlan loader) =>
        $"GRUB 2 for BIOS, made on the KVM host: boot code in sector 0 of {disk.Device}, core image from sector {loader.Area.FirstSector}"
        + $"{(disk.Table == PartitionTableKind.Gpt ? " (BIOS boot partition)" : "")}; it finds file system {loader.BootUuid} and starts {loader.Menu} there.";

    private static ConversionOutcome NoLinux(IReadOnlyList<FoundFileSystem> systems) => new()
    {
        Inspection = new() { FileSystems = [.. systems.Select(system => new InspectedFileSystem(system.Device, system.Type, system.Uuid, null, Clean: system.Clean))] },
        Concerns =
        [
            new("X20", Severity.Blocker, "guest", "No Linux system was found on the disks.",
                systems.Count == 0 ? "no file system was recognised" : string.Join(", ", systems.Select(system => $"{system.Device}: {system.Type}")),
                "If the guest runs Windows or another system, or its root is encrypted, it cannot be moved by this route yet."),
        ],
    };
}
