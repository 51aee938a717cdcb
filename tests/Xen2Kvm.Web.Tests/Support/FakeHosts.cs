using NSubstitute;
using NSubstitute.ExceptionExtensions;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Hosts.Libvirt;
using Host = Xen2Kvm.Domain.Inventory.Host;

namespace Xen2Kvm.Web.Tests.Support;

/// <summary>A Xen host with the guest files, and a KVM host, both scripted.</summary>
public sealed class FakeHosts
{
    public const string Key = "ssh-ed25519 AAAAC3Nza";
    public const string Fingerprint = "SHA256:abc";

    private readonly IXenHost _xen = Substitute.For<IXenHost>();
    private readonly IKvmHost _kvm = Substitute.For<IKvmHost>();

    public FakeHosts()
    {
        var shell = Substitute.For<IRemoteShell>();
        shell.RunAsync(Arg.Any<RemoteCommand>(), Arg.Any<CancellationToken>())
            .Returns(new CommandResult(0, "kvm1 ssh-ed25519 AAAA"u8.ToArray(), ""));
        _xen.TakeInventoryAsync(Arg.Any<CancellationToken>()).Returns(_ => Snapshot("xen1", [Files()]));
        _xen.GetStateAsync(Arg.Any<string>(), Arg.Any<CancellationToken>()).Returns(new DomainState(PowerState.Running, 7));
        _xen.MarkDisksAsync(Arg.Any<IReadOnlyList<string>>(), Arg.Any<CancellationToken>())
            .Returns(call => [.. call.Arg<IReadOnlyList<string>>().Select(path => new DiskMark(path, "unknown", null))]);
        _kvm.TakeInventoryAsync(Arg.Any<CancellationToken>()).Returns(_ => Snapshot("kvm1", []));
        _kvm.BuildXml(Arg.Any<TargetGuest>(), Arg.Any<Guid>()).Returns(call => LibvirtXmlBuilder.Build(call.Arg<TargetGuest>(), call.Arg<Guid>()));
        Connector = Substitute.For<IHostConnector>();
        Connector.Shell(Arg.Any<Host>(), Arg.Any<ICommandLog?>()).Returns(shell);
        Connector.Rehearse(Arg.Any<Host>(), Arg.Any<Action<RehearsedCommand>>()).Returns(shell);
        Connector.Xen(Arg.Any<IRemoteShell>()).Returns(_xen);
        Connector.Kvm(Arg.Any<IRemoteShell>()).Returns(_kvm);
        Connector.Remains(Arg.Any<IRemoteShell>()).Returns(Remains);
        Connector.ScanHostKeyAsync(Arg.Any<SshEndpoint>(), Arg.Any<string?>(), Arg.Any<CancellationToken>()).Returns(new HostKeyOffer(Key, Fingerprint));
        Connector.TestAsync(Arg.Any<Host>(), Arg.Any<CancellationToken>()).Returns(
            [new HostCheck("SSH connection", true, "connected"), new HostCheck("root", false, "sudo asks for a password", "Add NOPASSWD.")]);
    }

    public IHostConnector Connector { get; }

    /// <summary>The Xen side, to be scripted further.</summary>
    public IXenHost Xen => _xen;

    /// <summary>The KVM side, to be scripted further.</summary>
    public IKvmHost Kvm => _kvm;

    /// <summary>What moves have left on both.</summary>
    public FakeRemains Remains { get; } = new();

    /// <summary>Makes every host show another key.</summary>
    public void Offer(string key, string fingerprint) =>
        Connector.ScanHostKeyAsync(Arg.Any<SshEndpoint>(), Arg.Any<string?>(), Arg.Any<CancellationToken>()).Returns(new HostKeyOffer(key, fingerprint));

    /// <summary>Makes the Xen host refuse.</summary>
    public void Break(string message) => _xen.TakeInventoryAsync(Arg.Any<CancellationToken>())
        .ThrowsAsync(new RemoteException(RemoteFailure.Authentication, "xen1", message));

    /// <summary>Makes the first look at the Xen host find its connection broken, and the next one a host that is gone.</summary>
    public void Lose(string gone)
    {
        var looks = 0;
        _xen.TakeInventoryAsync(Arg.Any<CancellationToken>()).Returns<HostSnapshot>(_ => throw (looks++ == 0
            ? new RemoteException(RemoteFailure.ConnectionLost, "xen1", "the connection broke")
            : new RemoteException(RemoteFailure.Unreachable, "xen1", gone)));
    }

    /// <summary>What the Xen host shows from now on.</summary>
    public void Show(params Guest[] guests) => _xen.TakeInventoryAsync(Arg.Any<CancellationToken>()).Returns(_ => Snapshot("xen1", guests));

    /// <summary>Makes reading the Xen host fail with a fault of the program.</summary>
    public void Fault() => _xen.TakeInventoryAsync(Arg.Any<CancellationToken>()).ThrowsAsync(new InvalidOperationException("secret inner text"));

    public static Guest Files(string name = "files") => new()
    {
        Name = name,
        Uuid = Guid.Parse("11111111-2222-3333-4444-555555555555"),
        Kind = GuestKind.Pv,
        Power = PowerState.Running,
        MemoryMiB = 256,
        MaxMemoryMiB = 256,
        Boot = new GuestBoot { Method = BootMethod.HostKernel, Kernel = "/boot/vmlinuz" },
        Disks =
        [
            new GuestDisk { Vdev = "xvda1", Partition = 1, Path = "/dev/vg0/root", SizeBytes = 1L << 30, Backing = DiskBacking.LogicalVolume, Content = "ext4" },
            new GuestDisk { Vdev = "xvda2", Partition = 2, Path = "/dev/vg0/swap", SizeBytes = 1L << 28, Backing = DiskBacking.LogicalVolume, Content = "swap" },
        ],
        Nics = [new GuestNic { Index = 0, Mac = "00:16:3e:00:00:01", MacIsFixed = true, Bridge = "xenbr0", Addresses = ["10.77.0.31"] }],
    };

    private static HostSnapshot Snapshot(string hostname, IReadOnlyList<Guest> guests) => new()
    {
        TakenAt = DateTimeOffset.UtcNow,
        Facts = new HostFacts
        {
            Hostname = hostname, Hypervisor = "Xen 4.17", KvmUsable = true, MemoryMiB = 4096, FreeMemoryMiB = 2048, Bridges = [new Bridge("br0", 1500, [])],
            Storage = [new StorageSpace(StorageKind.Directory, "default", "/var/lib/libvirt/images", 100L << 30, 50L << 30)],
        },
        Guests = guests,
    };
}
