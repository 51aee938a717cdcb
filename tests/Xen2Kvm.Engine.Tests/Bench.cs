using Microsoft.Extensions.Options;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Domain.Preflight.Rules;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Limits;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Routes.BlockCopy;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Engine.Tests;

/// <summary>A run of the block-copy route over a <see cref="World"/>.</summary>
internal sealed class Bench
{
    // Written once: test classes run side by side, and each run reads it.
    private static readonly Lazy<string> _agent = new(() =>
    {
        var path = Path.Combine(AppContext.BaseDirectory, "agent-for-tests");
        File.WriteAllText(path, "#!/bin/sh\n");
        return path;
    });

    private readonly BlockCopyRoute _route;
    private readonly RunOptions _options;

    public Bench(World world)
    {
        World = world;
        _options = new RunOptions { AgentPath = _agent.Value, ObserveEvery = TimeSpan.FromMilliseconds(1), RenewEvery = TimeSpan.FromMilliseconds(5) };
        _route = new BlockCopyRoute(world, [new X08Kernel()], Options.Create(_options));
        Source = new Host { Id = Guid.NewGuid(), Name = "xen1", Kind = HostKind.Xen, Ssh = new SshEndpoint { Address = "10.0.0.1", HostKey = "ssh-ed25519 A" } };
        Target = Source with { Id = Guid.NewGuid(), Name = "kvm1", Kind = HostKind.Kvm };
        Plan = PlanProposal.Make(Guid.NewGuid(), Source, Guests.Files(), Target, Guests.TargetFacts(), new PlanChoices
        {
            Proof = new ProofSettings { PingAddress = "10.0.0.31", TcpPort = 80, TimeoutSeconds = 5 },
        }, "tester", DateTimeOffset.UtcNow);
        var run = new Run
        {
            Id = Guid.NewGuid(), PlanId = Plan.Id, GuestName = "files", SourceHost = "xen1", TargetHost = "kvm1", State = RunState.Queued,
            Steps = [.. _route.Steps.Select(step => new RunStep { Id = step.Id, Title = step.Title(Plan), IsCutover = step.IsCutover })],
            StartedBy = "tester", CreatedAt = DateTimeOffset.UtcNow,
        };
        world.Owner = run.Id;
        Id = run.Id;
        Store.CreateAsync(run, Source.Id, CancellationToken.None);
    }

    public World World { get; }

    public InMemoryRunStore Store { get; } = new();

    public Guid Id { get; }

    public Host Source { get; }

    public Host Target { get; }

    public Plan Plan { get; set; }

    /// <summary>Divides bandwidth; null where nothing is limited.</summary>
    public BandwidthGovernor? Bandwidth { get; set; }

    /// <summary>Carries the run out as one worker; a worker whose process dies leaves its claim behind.</summary>
    public async Task WorkAsync()
    {
        if (await Store.ClaimNextAsync("test", TimeSpan.FromSeconds(30), CancellationToken.None) is not var (run, claim))
        {
            return;
        }

        var journal = new RunJournal(TimeProvider.System);
        var (from, to) = (World.Shell("xen1"), World.Shell("kvm1"));
        var setting = new RunSetting(Plan, Source, Target, from, to, World, World, World, _route, Bandwidth);
        try
        {
            await new RunExecution(run, claim, setting, journal, Store, new RunFeed(TimeProvider.System), _options, TimeProvider.System)
                .CarryOutAsync(TestContext.Current.CancellationToken);
        }
        catch (ProcessDied)
        {
            // The next worker takes over.
        }
    }

    public async Task<Run> WorkUntilSettledAsync()
    {
        while (Store.Only.IsActive)
        {
            await WorkAsync();
        }

        return Store.Only;
    }
}

internal static class Guests
{
    public static Guest Files() => new()
    {
        Name = "files",
        Uuid = Guid.Parse("4ad0b0a4-7b6f-4dc5-9f7e-93a7e4d3a001"),
        Kind = GuestKind.Pv,
        Power = PowerState.Running,
        MemoryMiB = 256,
        MaxMemoryMiB = 256,
        ConfigPath = "/etc/xen/files.cfg",
        Boot = new GuestBoot { Method = BootMethod.HostKernel, Kernel = "/boot/vmlinuz-6.1", Ramdisk = "/boot/initrd.img-6.1", CommandLine = "root=/dev/xvda1 ro" },
        Disks =
        [
            Disk("xvda1", 1, 1500, "ext4"), Disk("xvda2", 2, 500, "ext4"),
            Disk("xvda3", 3, 128, "swap") with { ContentUuid = "1b8f7a46-47ff-4c7b-9f3c-000000000001" },
        ],
        Nics = [new GuestNic { Index = 0, Mac = "00:16:3e:77:00:31", MacIsFixed = true, Bridge = "xenbr0", Addresses = ["10.0.0.31"] }],
    };

    public static GuestDisk Disk(string vdev, int partition, long sizeMiB, string content) => new()
    {
        Vdev = vdev, Partition = partition, GuestName = vdev, Path = "/dev/vg0/files-" + vdev, Backing = DiskBacking.LogicalVolume, SizeBytes = sizeMiB * 1024 * 1024, Content = content,
    };

    public static HostFacts TargetFacts() => new()
    {
        Hostname = "kvm1", MemoryMiB = 8192, FreeMemoryMiB = 4096, KvmUsable = true,
        Bridges = [new Bridge("br0", 1500, [])],
        Storage = [new StorageSpace(StorageKind.Directory, "default", "/var/lib/libvirt/images", 1L << 40, 1L << 39)],
    };
}
