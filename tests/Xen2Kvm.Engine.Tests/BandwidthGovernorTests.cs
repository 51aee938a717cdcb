using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Limits;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Limits;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Routes.BlockCopy;
using Xen2Kvm.Engine.Runs;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Jobs;

namespace Xen2Kvm.Engine.Tests;

public sealed class BandwidthGovernorTests
{
    private const long MB = 1_000_000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Copies_share_a_limit_and_are_told_only_when_something_changes()
    {
        var scene = new Scene();
        var (a, b) = (scene.Copy("a"), scene.Copy("b"));
        await scene.LookAsync();
        scene.Messages.ShouldBeEmpty("nothing is limited");
        scene.Rules.Add(Rate(40));
        await scene.LookAsync();
        (scene.LimitOf(a), scene.LimitOf(b), scene.Messages.Count).ShouldBe((20 * MB, 20 * MB, 2));
        await scene.LookAsync();
        scene.Messages.Count.ShouldBe(2);
        scene.Copy("c", source: "xen2");
        await scene.LookAsync();
        (scene.LimitOf(a), scene.LimitOf(b)).ShouldBe((13_333_333, 13_333_333));
        scene.Rules.Clear();
        await scene.LookAsync();
        (scene.LimitOf(a), scene.LimitOf(b)).ShouldBe((null, null));
        var told = scene.Messages.Count;
        await scene.LookAsync();
        scene.Messages.Count.ShouldBe(told);
    }

    [Fact]
    public async Task An_agent_is_told_the_hours_to_come_and_needs_no_word_when_they_come()
    {
        var scene = new Scene();
        var a = scene.Copy("a");
        scene.Rules.Add(Rate(40));
        scene.Rules.Add(Rate(10) with { From = new TimeOnly(13, 0), To = new TimeOnly(14, 0) });
        await scene.LookAsync();
        scene.TableOf(a).Entries.Take(3).Select(entry => (DateTimeOffset.FromUnixTimeMilliseconds(entry.From), entry.BytesPerSecond)).ShouldBe(
            [(Scene.Start, 40 * MB), (Scene.Start.AddHours(1), 10 * MB), (Scene.Start.AddHours(2), 40 * MB)]);
        scene.Time.Advance(TimeSpan.FromMinutes(61));
        await scene.LookAsync();
        scene.Messages.Count.ShouldBe(1);
        scene.Time.Advance(TimeSpan.FromDays(5));
        await scene.LookAsync();
        scene.Messages.Count.ShouldBe(2, "a timetable is renewed before its end");
    }

    [Fact]
    public async Task Whoever_must_go_slower_is_told_before_others_go_faster()
    {
        var scene = new Scene();
        var (a, b, c) = (scene.Copy("a"), scene.Copy("b", target: "kvm2"), scene.Copy("c"));
        scene.Rules.Add(Rate(30));
        scene.Rules.Add(Rate(2, "kvm2"));
        await scene.LookAsync();
        (scene.LimitOf(a), scene.LimitOf(b), scene.LimitOf(c)).ShouldBe((14 * MB, 2 * MB, 14 * MB));
        scene.Messages.Clear();
        scene.Rules[1] = Rate(28, "kvm2");
        await scene.LookAsync();
        scene.Messages.Select(message => message.Run).Last().ShouldBe(b, "the others have made room by then");
        (scene.LimitOf(a), scene.LimitOf(b), scene.LimitOf(c)).ShouldBe((10 * MB, 10 * MB, 10 * MB));
    }

    [Fact]
    public async Task An_agent_that_cannot_be_told_goes_on_and_the_others_make_room_for_it()
    {
        var scene = new Scene();
        var (a, b) = (scene.Copy("a", source: "xen2"), scene.Copy("b"));
        scene.Rules.Add(Rate(40));
        await scene.LookAsync();
        scene.Gone.Add("xen2");
        scene.Rules[0] = Rate(30);
        await scene.LookAsync();
        (scene.LimitOf(a), scene.LimitOf(b)).ShouldBe((20 * MB, 10 * MB), "xen2 still sends 20 of the 30");
        await scene.LookAsync();
        scene.Time.Advance(TimeSpan.FromSeconds(16));
        await scene.LookAsync();
        scene.Runs.Log.Count(line => line.Level == RunLogLevel.Warning).ShouldBe(1, "said once, not each time");
        scene.Runs.Log.Single().Text.ShouldContain("xen2 does not answer");
        scene.Gone.Clear();
        await scene.LookAsync();
        scene.LimitOf(a).ShouldBe(20 * MB, "it is left in peace for some seconds");
        scene.Time.Advance(TimeSpan.FromSeconds(16));
        await scene.LookAsync();
        (scene.LimitOf(a), scene.LimitOf(b)).ShouldBe((15 * MB, 15 * MB));
        scene.Runs.Log.Last().Text.ShouldContain("could be told its limit again");
    }

    [Fact]
    public async Task A_copy_begins_with_what_the_others_leave_and_has_its_share_after_the_next_look()
    {
        var scene = new Scene();
        var (a, plan) = (scene.Copy("a"), scene.Plan("b"));
        scene.Rules.Add(Rate(40));
        await scene.LookAsync();
        var b = scene.Queue("b", plan);
        var first = (await scene.Governor.BeginAsync(b, plan, Token))!;
        first[0].BytesPerSecond.ShouldBe(262_144, "a has all of it still");
        var c = scene.Queue("c", scene.Plan("c"));
        (await scene.Governor.BeginAsync(c, scene.Plan("c"), Token))![0].BytesPerSecond.ShouldBe(262_144, "b has begun, though no look has seen it");
        scene.Begin(b);
        await scene.LookAsync();
        (scene.LimitOf(a)!.Value + scene.LimitOf(b.Id)!.Value + 262_144).ShouldBeLessThanOrEqualTo(40 * MB);
        scene.LimitOf(b.Id).ShouldBe(scene.LimitOf(a));
        scene.Rules.Clear();
        (await scene.Governor.BeginAsync(c, scene.Plan("c"), Token)).ShouldBeNull();
    }

    [Fact]
    public async Task What_a_slow_copy_leaves_goes_to_the_others_until_it_wants_more()
    {
        var scene = new Scene();
        var (a, b) = (scene.Copy("a"), scene.Copy("b"));
        scene.Rules.Add(Rate(40));
        await scene.LookAsync();
        await scene.SendAsync(seconds: 30, (a, 3 * MB), (b, 20 * MB));
        (scene.LimitOf(a), scene.LimitOf(b)).ShouldBe((10 * MB, 30 * MB), "twice what it used, rounded up");
        await scene.SendAsync(seconds: 30, (a, 10 * MB), (b, 30 * MB));
        (scene.LimitOf(a), scene.LimitOf(b)).ShouldBe((20 * MB, 20 * MB), "it fills what it has");
    }

    [Fact]
    public async Task A_process_that_takes_over_tells_everybody_once_and_lets_go_of_what_is_not_limited_any_more()
    {
        var scene = new Scene();
        var a = scene.Copy("a", pace: 7 * MB);
        var b = scene.Copy("b");
        await scene.LookAsync();
        scene.Messages.Select(message => message.Run).ShouldBe([a], "b follows nothing");
        scene.LimitOf(a).ShouldBeNull();

        // Its plan's own bound is nothing that this program has told.
        var bounded = new Scene();
        bounded.Copy("c", pace: 5 * MB, own: 5 * MB);
        await bounded.LookAsync();
        bounded.Messages.ShouldBeEmpty();
        b.ShouldNotBe(a);
    }

    [Fact]
    public async Task A_node_that_is_not_alone_does_nothing()
    {
        var scene = new Scene { IsAlone = false };
        scene.Copy("a");
        scene.Rules.Add(Rate(40));
        await scene.LookAsync();
        scene.Messages.ShouldBeEmpty();
    }

    [Fact]
    public void What_an_agent_says_of_its_limit_is_shown_by_this_clock()
    {
        var now = Scene.Start;
        var status = new TransferStatus { State = "running", UpdatedAt = now.ToUnixTimeMilliseconds() - 800, RateLimitBytesPerSecond = 5, RateLimitUntil = now.AddHours(1).ToUnixTimeMilliseconds() };
        CopyLimit.PaceOf(status, now).ShouldBe(new CopyPace(5, now.AddHours(1)));
        CopyLimit.PaceOf(status with { UpdatedAt = now.AddDays(-1).ToUnixTimeMilliseconds(), RateLimitUntil = now.AddHours(-23).AddSeconds(7).ToUnixTimeMilliseconds() }, now)
            .ShouldBe(new CopyPace(5, now.AddHours(1)), "the host's clock is a day late");
        CopyLimit.PaceOf(new TransferStatus { State = "running", UpdatedAt = now.ToUnixTimeMilliseconds() }, now).ShouldBe(new CopyPace(null, null));
    }

    private static LimitRule Rate(long megabytes, string? host = null) => new()
    {
        Id = Guid.NewGuid(), Kind = LimitKind.BytesPerSecond, Value = megabytes * MB, Scope = new(host), CreatedAt = default, CreatedBy = "anna",
    };

    private sealed class ManualTime : TimeProvider
    {
        private DateTimeOffset _now = Scene.Start;

        public void Advance(TimeSpan by) => _now += by;

        public override DateTimeOffset GetUtcNow() => _now;
    }

    /// <summary>Copies at work, with agents that remember what they were told.</summary>
    private sealed class Scene : ILimitStore
    {
        public static readonly DateTimeOffset Start = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);
        private readonly Dictionary<Guid, (Plan Plan, long Sent)> _copies = [];
        private readonly Dictionary<string, Host> _hosts = [];
        private readonly IPlanStore _plans = Substitute.For<IPlanStore>();

        public Scene()
        {
            var (hosts, connector) = (Substitute.For<IHostStore>(), Substitute.For<IHostConnector>());
            foreach (var name in new[] { "xen1", "xen2", "kvm1", "kvm2" })
            {
                var host = new Host { Id = Guid.NewGuid(), Name = name, Kind = name.StartsWith('x') ? HostKind.Xen : HostKind.Kvm, Ssh = new SshEndpoint { Address = "10.0.0.1", HostKey = "k" } };
                _hosts[name] = host;
                hosts.FindAsync(host.Id, Arg.Any<CancellationToken>()).Returns(host);
                var shell = Substitute.For<IRemoteShell>();
                shell.HostName.Returns(name);
                shell.RunAsync(Arg.Any<RemoteCommand>(), Arg.Any<CancellationToken>()).Returns(call => Answer(name, call.Arg<RemoteCommand>()));
                connector.Shell(host, Arg.Any<ICommandLog?>()).Returns(shell);
            }

            Governor = new BandwidthGovernor(this, Runs, new PlanPlaces(_plans), hosts, connector, Time, NullLogger<BandwidthGovernor>.Instance);
        }

        public ManualTime Time { get; } = new();

        public InMemoryRunStore Runs { get; } = new();

        public BandwidthGovernor Governor { get; }

        public List<LimitRule> Rules { get; } = [];

        public HashSet<string> Gone { get; } = [];

        public ConcurrentQueue<(Guid Run, RateTimetable Table)> Messages { get; } = new();

        public bool IsAlone { get; init; } = true;

        public Task LookAsync() => Governor.LookAsync(Token);

        public RateTimetable TableOf(Guid run) => Messages.Last(message => message.Run == run).Table;

        public long? LimitOf(Guid run) => TableOf(run).At(Time.GetUtcNow().ToUnixTimeMilliseconds(), 0).BytesPerSecond is > 0 and var limit ? limit : null;

        public Plan Plan(string guest, string source = "xen1", string target = "kvm1", long own = 0)
        {
            var plan = PlanProposal.Make(
                Guid.NewGuid(), _hosts[source], Guests.Files() with { Name = guest }, _hosts[target], Guests.TargetFacts(), new PlanChoices { RateLimitBytesPerSecond = own }, "anna", Start);
            _plans.FindAsync(plan.Id, Arg.Any<CancellationToken>()).Returns(plan);
            return plan;
        }

        public Run Queue(string guest, Plan plan, string source = "xen1", string target = "kvm1")
        {
            var run = new Run
            {
                Id = Guid.NewGuid(), PlanId = plan.Id, GuestName = guest, SourceHost = source, TargetHost = target, State = RunState.Running, StartedBy = "anna", CreatedAt = Start,
                Steps =
                [
                    new RunStep { Id = "check", Title = "t", State = StepState.Done, Output = """{"agentPath":"/var/lib/x2k/agent","wasRunning":true}""" },
                    new RunStep { Id = "copy", Title = "t", State = StepState.Running },
                ],
            };
            Runs.CreateAsync(run, plan.SourceHostId, Token);
            _copies[run.Id] = (plan, 0);
            return run;
        }

        public Guid Copy(string guest, string source = "xen1", string target = "kvm1", long? pace = null, long own = 0)
        {
            var run = Queue(guest, Plan(guest, source, target, own), source, target);
            Begin(run, pace);
            return run.Id;
        }

        public void Begin(Run run, long? pace = null) => Runs.Replace(run.Id, now => now.With(now.Steps[1] with
        {
            Progress = new StepProgress
            {
                At = Time.GetUtcNow(), Pace = new CopyPace(pace, null), Disks = [new DiskProgress { Disk = "xvda1", TotalBytes = 1 << 30, SentBytes = _copies[run.Id].Sent }],
            },
        }));

        /// <summary>Lets copies send, with a look every two seconds.</summary>
        public async Task SendAsync(int seconds, params (Guid Run, long Rate)[] copies)
        {
            for (var second = 0; second < seconds; second += 2)
            {
                Time.Advance(TimeSpan.FromSeconds(2));
                foreach (var (run, rate) in copies)
                {
                    _copies[run] = (_copies[run].Plan, _copies[run].Sent + (2 * rate));
                    Begin((await Runs.FindAsync(run, Token))!);
                }

                await LookAsync();
            }
        }

        public Task<IReadOnlyList<LimitRule>> ListAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<LimitRule>>([.. Rules]);

        public Task<LimitRule> AddAsync(LimitRule rule, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<LimitRule?> ReplaceAsync(LimitRule rule, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<bool> RemoveAsync(Guid id, CancellationToken cancellationToken) => throw new NotSupportedException();

        public async Task<bool> AloneAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
        {
            if (IsAlone)
            {
                await work(cancellationToken);
            }

            return IsAlone;
        }

        private CommandResult Answer(string host, RemoteCommand command)
        {
            if (Gone.Contains(host))
            {
                throw new RemoteException(RemoteFailure.Unreachable, host, $"{host} does not answer.");
            }

            command.Argv.Take(2).ShouldBe(["/var/lib/x2k/agent", "limit"]);
            var table = JsonSerializer.Deserialize(command.StandardInput.Span, TransferJson.Default.RateTimetable)!;
            table.Problems().ShouldBeEmpty();
            Messages.Enqueue((Guid.ParseExact(command.Argv[2].Split('/')[^1], "N"), table));
            return new CommandResult(0, default, "");
        }
    }
}
