using System.Globalization;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Hosts.Scripts;

namespace Xen2Kvm.Hosts.Xen;

/// <summary>A Xen host driven with xl, or with xm where that is all there is. Guests' disks are only ever read.</summary>
internal sealed class XenHost(IRemoteShell shell, TimeProvider time) : IXenHost
{
    private const int NothingToRead = 3;
    private readonly XenLocks _locks = new(shell);

    /// <inheritdoc />
    public Task<HostSnapshot> TakeInventoryAsync(CancellationToken cancellationToken) => new XenInventory(shell, time).TakeAsync(cancellationToken);

    /// <inheritdoc />
    public async Task<DomainState> GetStateAsync(string guest, CancellationToken cancellationToken)
    {
        var words = (await ActAsync("state", guest, "", 60, cancellationToken).ConfigureAwait(false)).Trim().Split(' ');
        return words.Length == 2 && int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? new(XenListTable.Power(words[1]), id)
            : new(PowerState.Off, null);
    }

    /// <inheritdoc />
    public Task RequestShutdownAsync(string guest, CancellationToken cancellationToken) => ActAsync(
        Command("shutdown", guest, "", 60) with { Leaves = new RehearsedAnswer(Command("state", guest, "", 60), "") }, $"shutdown of {guest}", cancellationToken);

    /// <inheritdoc />
    public Task DestroyAsync(string guest, CancellationToken cancellationToken) => ActAsync("destroy", guest, "", 120, cancellationToken);

    /// <inheritdoc />
    public async Task StartAsync(string guest, string configPath, CancellationToken cancellationToken)
    {
        if (await GetLockAsync(guest, cancellationToken).ConfigureAwait(false) is { } held)
        {
            throw new RemoteException(RemoteFailure.CommandFailed, shell.HostName,
                $"{shell.HostName}: {guest} is locked by run {held.RunId} and is not started, because it may run on KVM. Roll that run back first.");
        }

        await ActAsync("start", guest, configPath, 300, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc />
    public Task<SourceLock?> GetLockAsync(string guest, CancellationToken cancellationToken) => _locks.FindAsync(guest, cancellationToken);

    /// <inheritdoc />
    public async Task<SourceLock> LockAsync(string guest, string? configPath, Guid runId, CancellationToken cancellationToken)
    {
        await RefuseIfThereAsync().ConfigureAwait(false);
        var made = await _locks.LockAsync(guest, configPath, runId, cancellationToken).ConfigureAwait(false);

        // A guest that reboots is gone for a moment and comes back from its toolstack's memory, config or not.
        for (var look = 0; look < 2; look++)
        {
            try
            {
                await RefuseIfThereAsync().ConfigureAwait(false);
            }
            catch (RemoteException)
            {
                await _locks.UnlockAsync(made, cancellationToken).ConfigureAwait(false);
                throw;
            }

            if (look == 0)
            {
                await Task.Delay(TimeSpan.FromSeconds(2), time, cancellationToken).ConfigureAwait(false);
            }
        }

        return made;

        async Task RefuseIfThereAsync()
        {
            var state = await GetStateAsync(guest, cancellationToken).ConfigureAwait(false);
            if (state.DomainId is { } id)
            {
                throw new RemoteException(RemoteFailure.CommandFailed, shell.HostName,
                    $"{shell.HostName}: {guest} exists as domain {id} ({state.Power}) and cannot be locked. Shut it down first; if it was rebooting, wait and shut it down again.");
            }
        }
    }

    /// <inheritdoc />
    public Task UnlockAsync(SourceLock sourceLock, CancellationToken cancellationToken) => _locks.UnlockAsync(sourceLock, cancellationToken);

    /// <inheritdoc />
    public async Task<IReadOnlyList<DiskMark>> MarkDisksAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        var output = await HostScripts.RunAsync(
            shell, HostScripts.Command("xen-mark.sh", paths) with { Quiet = true, IsRead = true }, "looking at what was written to the disks", cancellationToken).ConfigureAwait(false);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return lines.Length == paths.Count
            ? [.. paths.Zip(lines, (path, line) => Mark(path, line.Split(' ', 2)))]
            : throw new RemoteException(RemoteFailure.CommandFailed, shell.HostName,
                $"{shell.HostName}: asked what was written to {paths.Count} disks, it answered for {lines.Length}.");
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<string>> HoldDrbdAsync(IReadOnlyList<string> paths, Guid runId, CancellationToken cancellationToken) =>
        DrbdAsync(["hold", DrbdList(runId), .. paths], cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<string>> ReleaseDrbdAsync(Guid runId, CancellationToken cancellationToken) =>
        DrbdAsync(["release", DrbdList(runId)], cancellationToken);

    /// <inheritdoc />
    public async Task<KernelCapabilities?> ReadKernelAsync(string kernelPath, string? ramdiskPath, CancellationToken cancellationToken)
    {
        var result = await shell.RunAsync(
            HostScripts.Command("xen-kernel.sh", kernelPath, ramdiskPath ?? "") with { Timeout = TimeSpan.FromMinutes(10), IsRead = true }, cancellationToken)
            .ConfigureAwait(false);
        return result.ExitCode switch
        {
            0 or 1 => XenKernel.Parse(result.Output),
            NothingToRead => null,
            _ => throw HostScripts.Failure(shell, result, $"reading the kernel {kernelPath}"),
        };
    }

    private static DiskMark Mark(string path, string[] words) => new(path, words[^1], LinuxFacts.Long(words[0]));

    private static string DrbdList(Guid runId) => $"/var/lib/xen2kvm/drbd/{runId}";

    private async Task<IReadOnlyList<string>> DrbdAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        (await HostScripts.RunAsync(shell, HostScripts.Command("xen-drbd.sh", arguments), "changing the role of DRBD resources", cancellationToken).ConfigureAwait(false))
        .Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static RemoteCommand Command(string action, string guest, string config, int seconds) =>
        HostScripts.Command("xen-guest.sh", action, guest, config) with { Timeout = TimeSpan.FromSeconds(seconds), IsRead = action == "state" };

    private Task<string> ActAsync(string action, string guest, string config, int seconds, CancellationToken cancellationToken) =>
        ActAsync(Command(action, guest, config, seconds), $"{action} of {guest}", cancellationToken);

    private Task<string> ActAsync(RemoteCommand command, string what, CancellationToken cancellationToken) =>
        HostScripts.RunAsync(shell, command, what, cancellationToken);
}
