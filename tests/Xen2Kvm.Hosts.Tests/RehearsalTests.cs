using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using NSubstitute;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Routes.BlockCopy;
using Xen2Kvm.Engine.Runs;
using Xen2Kvm.Hosts.Libvirt;
using Xen2Kvm.Hosts.Ssh;
using Xen2Kvm.Hosts.Xen;

namespace Xen2Kvm.Hosts.Tests;

/// <summary>The whole route rehearsed over the real commands of both sides, on scripted hosts that notice every change.</summary>
public sealed class RehearsalTests : IDisposable
{
    private readonly LocalShell _xen = new() { HostName = "xen1" };
    private readonly LocalShell _kvm = new() { HostName = "kvm1" };
    private readonly IHostConnector _connector = Substitute.For<IHostConnector>();
    private readonly Host _source = new() { Id = Guid.NewGuid(), Name = "xen1", Kind = HostKind.Xen, Ssh = new SshEndpoint { Address = "10.0.0.1", HostKey = "ssh-ed25519 A" } };
    private readonly Host _target = new() { Id = Guid.NewGuid(), Name = "kvm1", Kind = HostKind.Kvm, Ssh = new SshEndpoint { Address = "10.0.0.2", HostKey = "ssh-ed25519 B", UseSudo = true } };

    public RehearsalTests()
    {
        _xen.Program("xl", """
            echo "$@" >>ROOT/xl.log
            [ "$*" = list ] && printf 'Name  ID  Mem VCPUs State Time(s)\nDomain-0   0  1024  1  r-----  1.0\nfiles   7   384   1  r-----  12.3\n'
            """);
        _kvm.Program("virsh", """
            shift 3
            echo "$@" >>ROOT/virsh.log
            """);
        _kvm.Program("ping", "exit 0");
        _xen.Write("files.cfg", "name = 'files'");
        _xen.Write("disk", new string('x', 4096));
        _connector.Rehearse(Arg.Any<Host>(), Arg.Any<Action<RehearsedCommand>>()).Returns(call => new RehearsalShell(
            Local(call.Arg<Host>()), call.Arg<Host>().Ssh.UseSudo, call.Arg<Action<RehearsedCommand>>()));
        _connector.Shell(Arg.Any<Host>(), Arg.Any<ICommandLog?>()).Returns(call => Local(call.Arg<Host>()));
        _connector.Xen(Arg.Any<IRemoteShell>()).Returns(call => new XenHost(call.Arg<IRemoteShell>(), TimeProvider.System));
        _connector.Kvm(Arg.Any<IRemoteShell>()).Returns(call => new KvmHost(call.Arg<IRemoteShell>(), TimeProvider.System));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_goes_through_every_step_and_tells_each_command_but_changes_nothing()
    {
        var before = (Print(_xen), Print(_kvm));
        var rehearsal = await RehearseAsync();
        rehearsal.Problem.ShouldBeNull();
        (Print(_xen), Print(_kvm)).ShouldBe(before);

        rehearsal.Steps.Select(step => step.Id).ShouldBe(["check", "allocate", "stop", "copy", "verify", "convert", "define", "start", "prove", "finish"]);
        var commands = rehearsal.Steps.SelectMany(step => step.Commands).ToList();
        commands.ShouldContain(command => command.ExitCode == 0 && command.CommandLine.Contains(" state files", StringComparison.Ordinal), "what reads was run");
        commands.Where(command => command.ExitCode is not null && command.CommandLine.Contains("ping", StringComparison.Ordinal)).ShouldHaveSingleItem().Host.ShouldBe("kvm1");
        string[] inOrder = ["sh -s -- allocate ", "sh -s -- shutdown files", "sh -s -- lock ", "write /var/lib/x2k/runs/", " start /var/lib/x2k/runs/", "define --validate", "sh -s -- start files", "sh -s -- autostart files"];
        var changes = commands.Where(command => command.ExitCode is null).Select(command => $"{command.Host}$ {command.CommandLine}").ToList();
        var at = inOrder.Select(part => changes.FindIndex(change => change.Contains(part, StringComparison.Ordinal))).ToList();
        at.ShouldAllBe(index => index >= 0, string.Join("\n", changes));
        at.ShouldBeInOrder();
        changes.Where(change => change.StartsWith("kvm1$", StringComparison.Ordinal) && change.Contains("sh -s -- allocate", StringComparison.Ordinal))
            .ShouldAllBe(change => change.StartsWith("kvm1$ sudo ", StringComparison.Ordinal), "as it would be sent");
        commands.First(command => command.CommandLine.Contains("sh -s -- lock", StringComparison.Ordinal)).Script.ShouldNotBeNull().ShouldContain("lock");
    }

    [Fact]
    public async Task It_ends_where_a_run_would_fail_and_says_why()
    {
        _xen.Program("xl", "echo 'no privileges' >&2; exit 1");
        var rehearsal = await RehearseAsync();
        rehearsal.Problem.ShouldNotBeNull().ShouldContain("xl list failed: no privileges");
        rehearsal.Steps.ShouldHaveSingleItem().Id.ShouldBe("check");
    }

    [Fact]
    public async Task A_guest_that_is_off_is_only_locked()
    {
        _xen.Program("xl", """[ "$*" = list ] && printf 'Name  ID  Mem VCPUs State Time(s)\nDomain-0   0  1024  1  r-----  1.0\n'""");
        var stop = (await RehearseAsync()).Steps.Single(step => step.Id == "stop");
        stop.Commands.ShouldNotContain(command => command.CommandLine.Contains("shutdown", StringComparison.Ordinal));
        stop.Commands.ShouldContain(command => command.CommandLine.Contains("-- lock ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_does_not_say_that_it_only_reads_is_never_run()
    {
        var told = new List<RehearsedCommand>();
        var shell = new RehearsalShell(_xen, false, told.Add);
        (await shell.RunAsync(new RemoteCommand("touch", _xen.In("made")) { Rehearsed = "as if" }, Cancel)).Output.ShouldBe("as if");
        await foreach (var line in shell.StreamAsync(new RemoteCommand("touch", _xen.In("made")), Cancel))
        {
            line.Text.ShouldBeEmpty();
        }

        await shell.UploadAsync(new MemoryStream([1, 2]), _xen.In("made"), "0600", Cancel);
        File.Exists(_xen.In("made")).ShouldBeFalse();
        told.Count.ShouldBe(3);
        told.ShouldAllBe(command => command.ExitCode == null);
    }

    [Fact]
    public async Task A_plan_that_is_gone_is_refused() => (await Should.ThrowAsync<RefusedException>(() => Service(null).RehearseAsync(Guid.NewGuid(), Cancel))).Message.ShouldContain("gone");

    public void Dispose()
    {
        _xen.Dispose();
        _kvm.Dispose();
    }

    private Task<Rehearsal> RehearseAsync()
    {
        var guest = new Guest
        {
            Name = "files", Kind = GuestKind.Pv, Power = PowerState.Running, MemoryMiB = 256, MaxMemoryMiB = 256, ConfigPath = _xen.In("files.cfg"),
            Boot = new GuestBoot { Method = BootMethod.HostBootLoader },
            Disks = [new GuestDisk { Vdev = "xvda", Path = _xen.In("disk"), SizeBytes = 4096, Format = "raw", Backing = DiskBacking.File, Content = "ext4" }],
            Nics = [new GuestNic { Index = 0, Mac = "00:16:3e:77:00:31", MacIsFixed = true, Bridge = "xenbr0" }],
        };
        var plan = PlanProposal.Make(Guid.NewGuid(), _source, guest, _target, new HostFacts
        {
            Hostname = "kvm1", MemoryMiB = 8192, FreeMemoryMiB = 4096, KvmUsable = true, Bridges = [new Bridge("br0", 1500, [])],
            Storage = [new StorageSpace(StorageKind.Directory, "default", "/var/lib/libvirt/images", 1L << 40, 1L << 39)],
        }, new PlanChoices { Proof = new ProofSettings { PingAddress = "10.0.0.31", TimeoutSeconds = 5 } }, "tester", DateTimeOffset.UtcNow);
        return Service(plan).RehearseAsync(plan.Id, Cancel);
    }

    private RehearsalService Service(Plan? plan)
    {
        var (plans, hosts) = (Substitute.For<IPlanStore>(), Substitute.For<IHostStore>());
        plans.FindAsync(Arg.Any<Guid>(), Arg.Any<CancellationToken>()).Returns(plan);
        hosts.FindAsync(_source.Id, Arg.Any<CancellationToken>()).Returns(_source);
        hosts.FindAsync(_target.Id, Arg.Any<CancellationToken>()).Returns(_target);
        var agent = _xen.Write("agent", "#!/bin/sh\n");
        var route = new BlockCopyRoute(Substitute.For<IGuestConverter>(), [], Options.Create(new RunOptions { AgentPath = agent }));
        return new RehearsalService(new RunSettings(plans, hosts, _connector, [route]), _connector, Substitute.For<IRunStore>(), TimeProvider.System);
    }

    private LocalShell Local(Host host) => host.Kind == HostKind.Xen ? _xen : _kvm;

    /// <summary>Every file of a scripted host and what is in it, but for the notes of its programs.</summary>
    private static string Print(LocalShell shell) => string.Join('\n', Directory.EnumerateFiles(shell.Root, "*", SearchOption.AllDirectories)
        .Where(path => !path.EndsWith(".log", StringComparison.Ordinal) && Path.GetFileName(path) != "agent").Order(StringComparer.Ordinal)
        .Select(path => $"{path} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)))}"));
}
