using NSubstitute;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Hosts.Ssh;

namespace Xen2Kvm.Demo;

/// <summary>Stands in for the far side: hosts answer from the demo's data. The XML is the real builder's.</summary>
internal sealed class DemoConnector(IHostStore hosts, IHostConnector real, TimeProvider time) : IHostConnector
{
    /// <summary>What moved guests left.</summary>
    public DemoRemains Left { get; } = new();

    /// <summary>Runs that have moved a guest, by its name.</summary>
    public Dictionary<string, Guid> Moved { get; } = [];

    public IRemains Remains(IRemoteShell shell) => Left;

    public IRemoteShell Shell(Host host, ICommandLog? log = null)
    {
        var shell = Substitute.For<IRemoteShell>();
        shell.HostName.Returns(host.Name);
        shell.RunAsync(Arg.Any<RemoteCommand>(), Arg.Any<CancellationToken>())
            .Returns(new CommandResult(0, "host ssh-ed25519 AAAA"u8.ToArray(), ""));
        return shell;
    }

    // The real ports over answers of the demo: a rehearsal shows the commands that are really sent.
    public IRemoteShell Rehearse(Host host, Action<RehearsedCommand> record)
    {
        var shell = Substitute.For<IRemoteShell>();
        shell.HostName.Returns(host.Name);
        shell.RunAsync(Arg.Any<RemoteCommand>(), Arg.Any<CancellationToken>()).Returns(call => Answer(host.Kind, call.Arg<RemoteCommand>().Argv));
        return new RehearsalShell(shell, host.Ssh.UseSudo, record);
    }

    public void Forget(Guid hostId)
    {
    }

    public IXenHost Xen(IRemoteShell shell)
    {
        if (shell is RehearsalShell)
        {
            return real.Xen(shell);
        }

        var xen = Substitute.For<IXenHost>();
        xen.TakeInventoryAsync(Arg.Any<CancellationToken>()).Returns(call => InventoryAsync(shell.HostName, call.Arg<CancellationToken>()));
        xen.GetStateAsync(Arg.Any<string>(), Arg.Any<CancellationToken>()).Returns(new DomainState(PowerState.Off, null));
        xen.GetLockAsync(Arg.Any<string>(), Arg.Any<CancellationToken>()).Returns(call => Moved.TryGetValue(call.Arg<string>(), out var run) && !Left.IsDeleted(DemoRemains.Lock(call.Arg<string>()))
            ? new SourceLock(call.Arg<string>(), run, $"/etc/xen/{call.Arg<string>()}.cfg", $"/etc/xen/{call.Arg<string>()}.cfg.locked-by-xen2kvm", null, null) : null);
        xen.MarkDisksAsync(Arg.Any<IReadOnlyList<string>>(), Arg.Any<CancellationToken>()).Returns(call => call.Arg<IReadOnlyList<string>>().Select(path => new DiskMark(path, "block 4096", null)).ToList());
        xen.ReadKernelAsync(Arg.Any<string>(), Arg.Any<string?>(), Arg.Any<CancellationToken>())
            .Returns(new KernelCapabilities("6.1.0-40-amd64", true, true, true));
        return xen;
    }

    public IKvmHost Kvm(IRemoteShell shell)
    {
        if (shell is RehearsalShell)
        {
            return real.Kvm(shell);
        }

        var kvm = Substitute.For<IKvmHost>();
        kvm.TakeInventoryAsync(Arg.Any<CancellationToken>()).Returns(call => InventoryAsync(shell.HostName, call.Arg<CancellationToken>()));
        kvm.GetStateAsync(Arg.Any<string>(), Arg.Any<CancellationToken>()).Returns(PowerState.Running);
        kvm.GetOwnerAsync(Arg.Any<string>(), Arg.Any<CancellationToken>()).Returns(call => Moved.TryGetValue(call.Arg<string>(), out var run) ? run : (Guid?)null);
        kvm.BuildXml(Arg.Any<TargetGuest>(), Arg.Any<Guid>()).Returns(call => real.Kvm(shell).BuildXml(call.Arg<TargetGuest>(), call.Arg<Guid>()));
        return kvm;
    }

    public Task<HostKeyOffer> ScanHostKeyAsync(SshEndpoint endpoint, string? secret, CancellationToken cancellationToken) => endpoint.Address == "192.0.2.99"
        ? throw new RemoteException(RemoteFailure.Unreachable, endpoint.Address, $"{endpoint.Address}, port {endpoint.Port}, did not answer within 10 s. Check the address and that a firewall lets this machine in.")
        : Task.FromResult(new HostKeyOffer("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDemoDemoDemoDemoDemoDemoDemoDemoDemoDemoDe", "SHA256:7vG2mQ0cJ5v7WZqX4oJcB1e8z5dR0rJq3h1T6yYk2xA"));

    public Task<IReadOnlyList<HostCheck>> TestAsync(Host host, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<HostCheck>>(
    [
        new HostCheck("SSH connection", true, $"{host.Ssh.User}@{host.Ssh.Address}, 38 ms"),
        new HostCheck("Host key", true, "as confirmed"),
        new HostCheck("Root", true, "signed in as root"),
        host.Kind == HostKind.Xen
            ? new HostCheck("xl", false, "xl: command not found", "Install xen-utils on the host, or sign in to dom0 instead of a guest.")
            : new HostCheck("libvirt", true, "9.0.0, qemu:///system"),
        new HostCheck(host.Kind == HostKind.Xen ? "Running domains" : "KVM", host.Kind == HostKind.Xen ? null : true, host.Kind == HostKind.Xen ? "not tried, xl is missing" : "/dev/kvm is usable"),
    ]);

    private static CommandResult Answer(HostKind kind, IReadOnlyList<string> argv) => argv switch
    {
        ["test" or "sha256sum", ..] => new CommandResult(1, default, ""),
        ["stat", ..] => new CommandResult(0, "31457280"u8.ToArray(), ""),
        ["sh", "-s", "--", "state", ..] when kind == HostKind.Xen => new CommandResult(0, "7 r-----"u8.ToArray(), ""),
        ["sh", "-s", "--", "state" or "xml", ..] => new CommandResult(3, default, ""),
        ["sh", "-s", "--", "look", ..] => new CommandResult(0, "free\n"u8.ToArray(), ""),
        ["sh", "-s", "--", ['/', 'd', 'e', 'v', ..], ..] => new CommandResult(0, System.Text.Encoding.UTF8.GetBytes(string.Concat(argv.Skip(3).Select(_ => "- unknown\n"))), ""),
        ["sh", "-s", ..] => new CommandResult(3, default, ""),
        _ => new CommandResult(0, default, ""),
    };

    private async Task<HostSnapshot> InventoryAsync(string name, CancellationToken cancellationToken)
    {
        var host = (await hosts.ListAsync(cancellationToken)).First(host => host.Name == name);
        var snapshot = await hosts.GetSnapshotAsync(host.Id, cancellationToken)
            ?? (host.Kind == HostKind.Xen ? DemoInventory.Xen1Snapshot(time.GetUtcNow()) : DemoInventory.Kvm1Snapshot(time.GetUtcNow()));
        return host.UnreachableSince is null
            ? snapshot with
            {
                TakenAt = time.GetUtcNow(),
                Guests = [.. snapshot.Guests.Select(guest => host.Kind == HostKind.Xen && Moved.ContainsKey(guest.Name) ? guest with { Power = PowerState.Off, IsLocked = true } : guest)],
            }
            : throw new RemoteException(RemoteFailure.Unreachable, name, host.LastError ?? "");
    }
}
