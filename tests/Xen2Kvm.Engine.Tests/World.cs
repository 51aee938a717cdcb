using System.Text.Json;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Jobs;

namespace Xen2Kvm.Engine.Tests;

/// <summary>The program's process ends here: thrown by a <see cref="World"/> in place of an answer.</summary>
internal sealed class ProcessDied : Exception;

/// <summary>
/// Both hosts as a model that remembers what is true on them, and watches that the guest never runs twice. It can break at any chosen call,
/// before or after the call had its effect.
/// </summary>
internal sealed class World : IXenHost, IKvmHost, IGuestConverter
{
    private int _calls;

    public bool SourceRuns { get; set; } = true;

    /// <summary>What Xen says of the guest while it exists there.</summary>
    public PowerState SourcePower { get; set; } = PowerState.Running;

    public bool TargetRuns { get; private set; }

    public bool Defined { get; private set; }

    public bool ShutdownIgnored { get; set; }

    public SourceLock? Lock { get; set; }

    public Dictionary<string, Guid> Disks { get; } = [];

    public string CopyState { get; set; } = "absent";

    public int CopyStarts { get; private set; }

    public Action WhenCopying { get; set; } = () => { };

    /// <summary>What the agent was told that it may send.</summary>
    public List<RateTimetable> Limits { get; } = [];

    /// <summary>Exit code of the agent when it is told so.</summary>
    public int LimitExit { get; set; }

    public bool KeyAuthorized { get; private set; }

    /// <summary>The run holds the DRBD resources of the guest.</summary>
    public bool DrbdHeld { get; private set; }

    public bool DrbdHeldAtStart { get; private set; }

    public bool Autostart { get; private set; }

    public bool RanTwice { get; private set; }

    public int SourceStarts { get; private set; }

    public List<Concern> Concerns { get; } = [];

    public int Calls => _calls;

    /// <summary>The call, counted from 1, that breaks; 0 for none.</summary>
    public int BreakAt { get; set; }

    public bool BreakAfterEffect { get; set; }

    public bool Broke { get; private set; }

    public Func<Exception> Breakage { get; set; } = () => new ProcessDied();

    public Task<DomainState> GetStateAsync(string guest, CancellationToken cancellationToken) =>
        Do(() => new DomainState(SourceRuns ? SourcePower : PowerState.Off, SourceRuns ? 7 : null));

    public int ShutdownRequests { get; private set; }

    public Task RequestShutdownAsync(string guest, CancellationToken cancellationToken) => Do(() =>
    {
        ShutdownRequests++;
        return SourceRuns &= ShutdownIgnored;
    });

    Task IXenHost.DestroyAsync(string guest, CancellationToken cancellationToken) => Do(() => SourceRuns = false);

    Task IXenHost.StartAsync(string guest, string configPath, CancellationToken cancellationToken) => Do(() =>
    {
        Lock.ShouldBeNull("a locked guest must not be started on its source");
        DrbdHeld.ShouldBeFalse("the resources are given back before");
        SourceStarts++;
        return SourceRuns = true;
    });

    public Task<SourceLock?> GetLockAsync(string guest, CancellationToken cancellationToken) => Do(() => Lock);

    public Task<SourceLock> LockAsync(string guest, string? configPath, Guid runId, CancellationToken cancellationToken) => Do(() =>
    {
        SourceRuns.ShouldBeFalse("a running guest must not be locked");
        return Lock = new SourceLock(guest, runId, configPath, configPath + ".locked", null, null);
    });

    public Task UnlockAsync(SourceLock sourceLock, CancellationToken cancellationToken) => Do(() => Lock = null);

    /// <summary>What was written to the source's disks, in sectors.</summary>
    public long Written { get; set; } = 4096;

    public Task<IReadOnlyList<DiskMark>> MarkDisksAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken) =>
        Do<IReadOnlyList<DiskMark>>(() => [.. paths.Select(path => new DiskMark(path, $"block {Written}", SourceSize(path)))]);

    /// <summary>Size in bytes of a disk of the source.</summary>
    public Func<string, long?> SourceSize { get; set; } = path => Guests.Files().Disks.Single(disk => disk.Path == path).SizeBytes;

    public Task<IReadOnlyList<string>> HoldDrbdAsync(IReadOnlyList<string> paths, Guid runId, CancellationToken cancellationToken) => HoldDrbd(true);

    public Task<IReadOnlyList<string>> ReleaseDrbdAsync(Guid runId, CancellationToken cancellationToken) => HoldDrbd(false);

    private Task<IReadOnlyList<string>> HoldDrbd(bool hold) => Do<IReadOnlyList<string>>(() =>
    {
        DrbdHeld = hold;
        return ["r0 has another role"];
    });

    public Task<KernelCapabilities?> ReadKernelAsync(string kernelPath, string? ramdiskPath, CancellationToken cancellationToken) =>
        Do<KernelCapabilities?>(() => new KernelCapabilities("6.1", true, true, true));

    public Task<AllocatedDisk> AllocateAsync(TargetDisk disk, Guid runId, CancellationToken cancellationToken) => Do(() =>
    {
        if (Disks.TryGetValue(disk.Path, out var owner))
        {
            owner.ShouldBe(runId);
        }

        Disks[disk.Path] = runId;
        return new AllocatedDisk(disk.Path, disk.Format, disk.SizeBytes, false);
    });

    public Task<AllocatedDisk?> FindAllocatedAsync(TargetDisk disk, Guid runId, CancellationToken cancellationToken) => Do(() =>
        Disks.TryGetValue(disk.Path, out var owner) && owner == runId ? new AllocatedDisk(disk.Path, disk.Format, disk.SizeBytes, false) : null);

    public Task DeleteAsync(TargetDisk disk, Guid runId, CancellationToken cancellationToken) => Do(() => Disks.Remove(disk.Path));

    public Task<bool> ExistsAsync(string path, CancellationToken cancellationToken) => Do(() => Disks.ContainsKey(path));

    public string BuildXml(TargetGuest guest, Guid runId) => $"<domain run='{runId}'/>";

    Task<PowerState?> IKvmHost.GetStateAsync(string guest, CancellationToken cancellationToken) =>
        Do<PowerState?>(() => Defined ? TargetRuns ? PowerState.Running : PowerState.Off : null);

    public Guid Owner { get; set; }

    public Task<Guid?> GetOwnerAsync(string guest, CancellationToken cancellationToken) => Do<Guid?>(() => Defined ? Owner : null);

    public Action WhenDefined { get; set; } = () => { };

    public Task DefineAsync(string xml, CancellationToken cancellationToken) => Do(() =>
    {
        WhenDefined();
        return Defined = true;
    });

    public Task UndefineAsync(string guest, CancellationToken cancellationToken) => Do(() =>
    {
        TargetRuns.ShouldBeFalse();
        return Defined = false;
    });

    Task IKvmHost.StartAsync(string guest, CancellationToken cancellationToken) => Do(() => TargetRuns = true);

    Task IKvmHost.DestroyAsync(string guest, CancellationToken cancellationToken) => Do(() => TargetRuns = false);

    public Task SetAutostartAsync(string guest, bool autostart, CancellationToken cancellationToken) => Do(() => Autostart = autostart);

    public Task<string> ReadConsoleAsync(string guest, CancellationToken cancellationToken) => Do(() => "Debian GNU/Linux 12 files ttyS0\n\nfiles login: ");

    public Task<byte[]?> ScreenshotAsync(string guest, CancellationToken cancellationToken) => Do<byte[]?>(() => [1]);

    public Task<bool> PingAsync(string address, CancellationToken cancellationToken) => Task.FromResult(SourceRuns || TargetRuns);

    public Task<bool> ConnectTcpAsync(string address, int port, CancellationToken cancellationToken) => Do(() => TargetRuns);

    public Task<ConversionOutcome> ConvertAsync(
        IRemoteShell kvmHost, ConversionRequest request, IProgress<string> progress, CancellationToken cancellationToken) =>
        Do(() => new ConversionOutcome { Inspection = new GuestInspection(), Concerns = Concerns });

    public Task<HostSnapshot> TakeInventoryAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public IRemoteShell Shell(string name) => new ModelShell(this, name);

    private Task<T> Do<T>(Func<T> effect)
    {
        var breaks = Interlocked.Increment(ref _calls) == BreakAt;
        if (breaks && !BreakAfterEffect)
        {
            Broke = true;
            throw Breakage();
        }

        var result = effect();
        RanTwice |= SourceRuns && TargetRuns;
        if (breaks)
        {
            Broke = true;
            throw Breakage();
        }

        return Task.FromResult(result);
    }

    private sealed class ModelShell(World world, string name) : IRemoteShell
    {
        public string HostName => name;

        public Task<CommandResult> RunAsync(RemoteCommand command, CancellationToken cancellationToken) => world.Do(() =>
        {
            var argv = command.Argv;
            if (argv is [_, "status", _])
            {
                return Result(JsonSerializer.Serialize(world.Status(), TransferJson.Default.TransferStatus));
            }

            if (argv is [_, "limit", _])
            {
                world.Limits.Add(JsonSerializer.Deserialize(command.StandardInput.Span, TransferJson.Default.RateTimetable)!);
                return new CommandResult(world.LimitExit, default, world.LimitExit == 0 ? "" : "no such thing");
            }

            if (argv is [_, "start", _])
            {
                world.CopyStarts++;
                world.WhenCopying();
                world.DrbdHeldAtStart = world.DrbdHeld;
                world.CopyState = "done";
            }

            if (argv is ["sh", "-s", "--", var first, var second] && first.StartsWith("x2k-run-", StringComparison.Ordinal))
            {
                world.KeyAuthorized = second.Length > 0;
            }

            return argv[0] switch
            {
                "test" => new CommandResult(world.CopyState == "absent" ? 1 : 0, default, ""),
                "stat" => Result("1000"),
                "sh" => Result("ssh-ed25519 AAAA x"),
                _ => Result(""),
            };
        });

        public IAsyncEnumerable<OutputLine> StreamAsync(RemoteCommand command, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task UploadAsync(Stream content, string path, string mode, CancellationToken cancellationToken) => world.Do(() => 0);

        private static CommandResult Result(string output) => new(0, System.Text.Encoding.UTF8.GetBytes(output), "");
    }

    private TransferStatus Status() => new()
    {
        State = CopyState,
        Phase = CopyState == "done" ? "done" : "copy",
        Error = CopyState == "failed" ? new TransferError("No space left on device.", "xvda1") : null,
        Disks = [new DiskStatus { Id = "xvda1", State = "verified", TotalBytes = 100, DurableBytes = 100, VerifiedBytes = 100, RootHash = "aa" }],
    };
}
