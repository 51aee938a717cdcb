using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Persistence.Tests.Support;

/// <summary>Domain objects with every field set, so that a field that gets lost is noticed.</summary>
internal static class Some
{
    public static DateTimeOffset Time { get; } = new(2026, 3, 1, 11, 22, 33, 456, TimeSpan.FromHours(2));

    public static Host Host(string name) => new()
    {
        Id = Guid.NewGuid(),
        Name = name,
        Kind = HostKind.Kvm,
        Ssh = new()
        {
            Address = "192.0.2.7",
            Port = 2222,
            User = "mover",
            Authentication = SshAuthentication.Password,
            UseSudo = true,
            JumpHost = "jump@192.0.2.1:22",
            AllowLegacyAlgorithms = true,
            HostKey = "ssh-ed25519 AAAA",
        },
        DataAddress = "198.51.100.7",
        LastSeenAt = Time,
        UnreachableSince = Time.AddHours(1),
        LastError = "connection refused",
    };

    public static Guest Guest(string name) => new()
    {
        Name = name,
        Uuid = Guid.NewGuid(),
        Kind = GuestKind.Pv,
        Power = PowerState.Running,
        Vcpus = 2,
        MaxVcpus = 4,
        MemoryMiB = 512,
        MaxMemoryMiB = 1024,
        Boot = new() { Method = BootMethod.HostKernel, Kernel = "/boot/vmlinuz", Ramdisk = "/boot/initrd", CommandLine = "root=/dev/xvda1 ro", BootLoader = "pygrub", Firmware = "bios" },
        Disks =
        [
            new()
            {
                Vdev = "xvda1", DiskIndex = 0, Partition = 1, GuestName = "xvda1", Path = "/dev/vg0/root", Format = "raw",
                Backing = DiskBacking.LogicalVolume, SizeBytes = long.MaxValue, IsCdrom = true, Writable = false, SharedWritable = true,
                Content = "ext4", ContentUuid = "0a0b", ContentLabel = "root",
            },
        ],
        Nics = [new() { Index = 0, Mac = "00:16:3e:00:00:01", MacIsFixed = true, Bridge = "xenbr0", Model = "e1000", Addresses = ["192.0.2.10"], RateBytesPerSecond = 1000, Mtu = 9000 }],
        Autostart = true,
        ConfigPath = "/etc/xen/guest.cfg",
        Lifecycle = new("preserve", "destroy", "coredump-restart"),
        LocalTime = true,
        Unsupported = ["pci = 01:00.0"],
        ConfigProblems = ["guest.cfg:3: not a literal"],
        Drift = ["memory"],
        Facts = [new("OS release", "Debian 12 “bookworm” 中 🐧", FactSource.Disk, "/etc/os-release")],
    };

    public static HostSnapshot Snapshot(params string[] guests) => new()
    {
        TakenAt = Time,
        Facts = new()
        {
            Hostname = "xen1",
            OperatingSystem = "Debian",
            Kernel = "6.1",
            Hypervisor = "Xen 4.17.5",
            Cpus = 8,
            CpuModel = "EPYC",
            CpuFlags = ["svm"],
            MemoryMiB = 65536,
            FreeMemoryMiB = 1024,
            KvmUsable = false,
            Bridges = [new("xenbr0", 1500, ["192.0.2.1/24"])],
            Storage = [new(StorageKind.Directory, "images", "/srv/images", 10, 5)],
            Tools = new Dictionary<string, string> { ["xl"] = "4.17", ["QEMU-img"] = "7.2" },
        },
        Guests = [.. guests.Select(Guest)],
        Problems = ["unreadable"],
    };

    public static Plan Plan(string guest = "files") => new()
    {
        Id = Guid.NewGuid(),
        SourceHostId = Guid.NewGuid(),
        TargetHostId = Guid.NewGuid(),
        Route = "block-copy",
        Source = Guest(guest),
        Target = new()
        {
            Name = guest,
            Uuid = Guid.NewGuid(),
            Vcpus = 2,
            MaxVcpus = 4,
            MemoryMiB = 512,
            MaxMemoryMiB = 1024,
            Machine = "pc",
            Firmware = "uefi",
            UseKvm = false,
            LocalTime = true,
            Autostart = true,
            Lifecycle = new("destroy", "destroy", "preserve"),
            Disks =
            [
                new()
                {
                    Device = "vda", StorageKind = StorageKind.VolumeGroup, StorageName = "vg1", Path = "/dev/vg1/files", Format = DiskFormat.Qcow2,
                    SizeBytes = 1L << 40, Table = PartitionTableKind.Gpt,
                    Parts = [new() { SourceVdev = "xvda3", SourcePath = "/dev/vg0/swap", OffsetBytes = 1 << 20, LengthBytes = 1L << 33, PartitionNumber = 3, Action = PartAction.RecreateSwap, SwapUuid = "u", SwapLabel = "l" }],
                },
            ],
            Nics = [new("00:16:3e:00:00:01", "br0", "e1000", 9000, 1000)],
        },
        Proof = new() { PingAddress = "192.0.2.10", TcpPort = 80, TimeoutSeconds = 60 },
        ShutdownTimeoutSeconds = 120,
        RateLimitBytesPerSecond = 1 << 20,
        Acknowledged = [new("X07:xvda1", "ann", Time, "it is a test", Time.AddDays(3))],
        CreatedAt = Time,
        CreatedBy = "ann",
    };

    public static Run Run(RunState state = RunState.Queued, string? guest = null) => new()
    {
        Id = Guid.CreateVersion7(),
        PlanId = Guid.NewGuid(),
        WaveId = Guid.NewGuid(),
        GuestName = guest ?? $"guest-{Guid.NewGuid():N}",
        SourceHost = "xen1",
        TargetHost = "kvm1",
        State = state,
        Steps = [new() { Id = "check", Title = "Check" }, new() { Id = "copy", Title = "Copy" }, new() { Id = "start", Title = "Start", IsCutover = true }],
        StartedBy = "ann",
        CreatedAt = Time,
    };

    /// <summary>A run with every field set.</summary>
    public static Run FullRun() => Run(RunState.NeedsAnswer) with
    {
        Intent = RunIntent.Stop,
        IntentBy = "bob",
        DeleteTargetOnRollBack = true,
        StartedAt = Time.AddMinutes(1),
        FinishedAt = Time.AddMinutes(2),
        DownSince = Time.AddMinutes(3),
        UpAgainAt = Time.AddMinutes(4),
        Question = new("shutdown-timeout-1", "copy", "The guest does not shut down.", [new("wait", "Wait"), new("force", "Force off")]),
        Answers = new Dictionary<string, string> { ["Earlier-1"] = "wait" },
        Error = "disk full",
        Steps =
        [
            new()
            {
                Id = "copy", Title = "Copy", State = StepState.Failed, IsCutover = true, Attempts = 2, StartedAt = Time, FinishedAt = Time.AddTicks(7),
                Handle = """{"job":"a\u0000b"}""", Output = "plain", Error = "disk full",
                Progress = new()
                {
                    Text = "copying", At = Time, DoneBytes = 1, TotalBytes = long.MaxValue, BytesPerSecond = 1.5e9, EtaLow = TimeSpan.FromSeconds(61.5),
                    EtaHigh = TimeSpan.FromDays(2), EtaBasis = "rate of the last 60 s",
                    Disks = [new() { Disk = "xvda1", TotalBytes = 9, ReadBytes = 8, ZeroBytes = 7, SentBytes = 6, DurableBytes = 5, VerifiedBytes = 4, State = "copying" }],
                },
            },
        ],
    };

    public static RunLogEntry Line(string text) => new(Time, "copy", RunLogLevel.Info, text);
}
