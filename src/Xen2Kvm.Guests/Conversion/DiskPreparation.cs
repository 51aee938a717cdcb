using System.Globalization;
using System.Text.RegularExpressions;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Guests.Appliance;
using Xen2Kvm.Guests.Edits;
using Xen2Kvm.Guests.Partitioning;
using static Xen2Kvm.Guests.Appliance.GuestfishCommand;

namespace Xen2Kvm.Guests.Conversion;

/// <summary>Gives assembled disks their partition table and their swap areas.</summary>
internal sealed partial class DiskPreparation(GuestfishSession session, ConversionApplier applier, IProgress<string> progress)
{
    /// <summary>Writes what is not there yet.</summary>
    /// <exception cref="RemoteException">The plan's layout cannot be written.</exception>
    public async Task PrepareAsync(ConversionRequest request, CancellationToken cancellationToken)
    {
        for (var number = 0; number < request.Disks.Count; number++)
        {
            var disk = request.Disks[number].Plan;
            var device = "/dev/sd" + BlockName.Letters(number);
            var pieces = PartitionTable.Build(disk, request.Target.Uuid, number == 0 ? BootPartition(request, disk) : 0);
            if (pieces.Count > 0 && await applier.WriteAsync(device, pieces, cancellationToken).ConfigureAwait(false))
            {
                progress.Report($"Partition table of {disk.Device} written ({disk.Table})");
                await session.RunAsync(["blockdev-rereadpt", device], cancellationToken).ConfigureAwait(false);
            }

            foreach (var part in disk.Parts.Where(part => part.Action == PartAction.RecreateSwap))
            {
                await MakeSwapAsync(device + (part.PartitionNumber > 0 ? part.PartitionNumber.ToString(CultureInfo.InvariantCulture) : ""), part, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Swap with the old UUID and label, so that whatever names it finds it and the boot does not wait for it.</summary>
    private async Task MakeSwapAsync(string device, DiskPart part, CancellationToken cancellationToken)
    {
        var there = await session.BatchAsync([Try("vfs-type", device), Try("vfs-uuid", device), Try("vfs-label", device)], cancellationToken).ConfigureAwait(false);
        var uuid = part.SwapUuid is { } wanted && Uuid().IsMatch(wanted) ? wanted : null;
        if (there[0].Text == "swap" && (uuid is null || string.Equals(there[1].Text, uuid, StringComparison.OrdinalIgnoreCase)) && there[2].Text == (part.SwapLabel ?? ""))
        {
            return;
        }

        List<string> words = ["mkswap", device];
        if (part.SwapLabel is { Length: > 0 } label)
        {
            words.Add("label:" + label);
        }

        if (uuid is not null)
        {
            words.Add("uuid:" + uuid);
        }

        await session.RunAsync(words, cancellationToken).ConfigureAwait(false);
        progress.Report($"Swap area made on {device}");
    }

    /// <summary>The partition marked active: the one that Xen's command line calls root, else the first that was copied.</summary>
    private static int BootPartition(ConversionRequest request, TargetDisk disk)
    {
        var root = Root().Match(request.Source.Boot.CommandLine ?? "").Groups[1].Value;
        var named = new DeviceMap(request.Source.Disks, [.. request.Disks.Select(target => target.Plan)], new Dictionary<string, string>()).Find(root);
        return named is { Disk: 0, Partition: > 0 } ? named.Partition
            : disk.CopiedParts().Select(part => part.PartitionNumber).DefaultIfEmpty(0).Min();
    }

    [GeneratedRegex(@"(?:^|\s)root=(\S+)", RegexOptions.CultureInvariant)]
    private static partial Regex Root();

    [GeneratedRegex("^[0-9a-fA-F-]{36}$", RegexOptions.CultureInvariant)]
    private static partial Regex Uuid();
}
