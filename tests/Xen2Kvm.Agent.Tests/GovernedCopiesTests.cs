using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
using Xen2Kvm.Agent.Tests.Support;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Limits;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Limits;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Runs;
using Xen2Kvm.Transfer.Jobs;
using static Xen2Kvm.Agent.Tests.Support.TestData;

namespace Xen2Kvm.Agent.Tests;

/// <summary>The dashboard's division of bandwidth and real agents that obey it, over a shell of this machine instead of SSH.</summary>
public sealed class GovernedCopiesTests : IDisposable
{
    private const long MB = 1_000_000;
    private readonly AgentBinary _agent;
    private readonly Dictionary<Guid, JobBench> _copies = [];
    private readonly List<LimitRule> _rules = [];
    private readonly BandwidthGovernor _governor;

    public GovernedCopiesTests(AgentBinary agent)
    {
        _agent = agent;
        (ILimitStore limits, IRunStore runs, IPlanStore plans) = (Substitute.For<ILimitStore>(), Substitute.For<IRunStore>(), Substitute.For<IPlanStore>());
        (IHostStore hosts, IHostConnector connector, IRemoteShell shell) = (Substitute.For<IHostStore>(), Substitute.For<IHostConnector>(), Substitute.For<IRemoteShell>());
        limits.ListAsync(Arg.Any<CancellationToken>()).Returns(_ => [.. _rules]);
        limits.AloneAsync(Arg.Any<Func<CancellationToken, Task>>(), Arg.Any<CancellationToken>()).Returns(async call =>
        {
            await call.Arg<Func<CancellationToken, Task>>()(CancellationToken.None);
            return true;
        });
        runs.ListInFlightAsync(Arg.Any<CancellationToken>()).Returns(_ => [.. _copies.Select(copy => RunOf(copy.Key, copy.Value.Status()))]);
        plans.FindAsync(Arg.Any<Guid>(), Arg.Any<CancellationToken>()).Returns(call => PlanOf(call.Arg<Guid>()));
        hosts.FindAsync(Arg.Any<Guid>(), Arg.Any<CancellationToken>()).Returns(new Host { Id = Guid.NewGuid(), Name = "xen1", Kind = HostKind.Xen, Ssh = new SshEndpoint { Address = "127.0.0.1" } });
        shell.RunAsync(Arg.Any<RemoteCommand>(), Arg.Any<CancellationToken>()).Returns(call => Execute(call.Arg<RemoteCommand>()));
        connector.Shell(Arg.Any<Host>(), Arg.Any<ICommandLog?>()).Returns(shell);
        _governor = new BandwidthGovernor(limits, runs, new PlanPlaces(plans), hosts, connector, TimeProvider.System, NullLogger<BandwidthGovernor>.Instance);
    }

    public void Dispose()
    {
        foreach (JobBench copy in _copies.Values)
        {
            copy.AgentWithInput("""{"now":1,"entries":[{"from":1,"bytesPerSecond":0}]}""", "limit", copy.JobDirectory);
            copy.Dispose();
        }
    }

    [Fact]
    public async Task Three_copies_share_a_limit_that_changes_while_they_work_and_then_none()
    {
        foreach (Guid run in (Guid[])[Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid()])
        {
            var copy = _copies[run] = new JobBench(_agent);
            copy.Write(copy.Job(JobBench.Disk("xvda", Random(copy.File("source"), 64 * MiB), Empty(copy.File("target"), 64 * MiB))));
            copy.AgentWithInput("""{"now":1,"entries":[{"from":1,"bytesPerSecond":100000}]}""", "limit", copy.JobDirectory).Code.ShouldBe(0);
            copy.Start();
            copy.WaitFor("a copy at work", s => s is { State: "running", RateLimitBytesPerSecond: 100_000, Connections: > 0 });
        }

        await EachIsLimitedToAsync(500_000, Rule(3 * MB / 2));
        await EachIsLimitedToAsync(100_000, Rule(3 * MB / 2), Rule(300_000, "kvm1"));
        await EachIsLimitedToAsync(200_000, Rule(600_000) with { From = new TimeOnly(0, 0), To = new TimeOnly(0, 0) });
        await EachIsLimitedToAsync(0);
        foreach (JobBench copy in _copies.Values)
            copy.WaitForEnd().State.ShouldBe("done");
    }

    private async Task EachIsLimitedToAsync(long share, params LimitRule[] rules)
    {
        _rules.Clear();
        _rules.AddRange(rules);
        await _governor.LookAsync(TestContext.Current.CancellationToken);
        foreach (JobBench copy in _copies.Values)
            copy.WaitFor($"a limit of {share}", s => s.RateLimitBytesPerSecond == share);
    }

    private static LimitRule Rule(long value, string? host = null) => new()
    {
        Id = Guid.NewGuid(), Kind = LimitKind.BytesPerSecond, Value = value, Scope = new(host), CreatedAt = default, CreatedBy = "anna",
    };

    private CommandResult Execute(RemoteCommand command)
    {
        JobBench copy = _copies[Guid.ParseExact(command.Argv[2].Split('/')[^1], "N")];
        (int code, string output, string error) = copy.AgentWithInput(System.Text.Encoding.UTF8.GetString(command.StandardInput.Span), command.Argv[1], copy.JobDirectory);
        return new CommandResult(code, System.Text.Encoding.UTF8.GetBytes(output), error);
    }

    private Run RunOf(Guid id, TransferStatus status) => new()
    {
        Id = id, PlanId = id, GuestName = "files", SourceHost = "xen1", TargetHost = "kvm1", State = RunState.Running, StartedBy = "anna", CreatedAt = default,
        Steps =
        [
            new RunStep { Id = "check", Title = "t", State = StepState.Done, Output = JsonSerializer.Serialize(new { agentPath = _agent.Path, wasRunning = true }, RunJson.Options) },
            new RunStep
            {
                Id = "copy", Title = "t", State = StepState.Running,
                Progress = new StepProgress
                {
                    At = DateTimeOffset.UtcNow, Pace = new CopyPace(status.RateLimitBytesPerSecond > 0 ? status.RateLimitBytesPerSecond : null, null),
                    Disks = [.. status.Disks.Select(d => new DiskProgress { Disk = d.Id, TotalBytes = d.TotalBytes, SentBytes = d.SentBytes })],
                },
            },
        ],
    };

    private static Plan PlanOf(Guid id) => new()
    {
        Id = id, SourceHostId = Guid.NewGuid(), TargetHostId = Guid.NewGuid(), CreatedAt = default, CreatedBy = "anna",
        Source = new Guest { Name = "files", Kind = GuestKind.Pv, Power = PowerState.Off, Boot = new GuestBoot { Method = BootMethod.Unknown } },
        Target = new TargetGuest { Name = "files", Uuid = Guid.NewGuid(), Vcpus = 1, MaxVcpus = 1, MemoryMiB = 256, MaxMemoryMiB = 256, Disks = [], Nics = [] },
    };
}
