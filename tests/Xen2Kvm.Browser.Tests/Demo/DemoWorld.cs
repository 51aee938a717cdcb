using Microsoft.Extensions.DependencyInjection;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Limits;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Cleanups;
using Xen2Kvm.Engine.Limits;
using Xen2Kvm.Engine.Notifications;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Demo;

/// <summary>Fills the real stores, and lets one copy go on while a test looks.</summary>
internal sealed class DemoWorld(IServiceProvider services)
{
    private readonly IHostStore _hosts = services.GetRequiredService<IHostStore>();
    private readonly IPlanStore _plans = services.GetRequiredService<IPlanStore>();
    private readonly IRunStore _runs = services.GetRequiredService<IRunStore>();
    private readonly IAuditLog _audit = services.GetRequiredService<IAuditLog>();
    private readonly INotificationStore _notifications = services.GetRequiredService<INotificationStore>();
    private RunClaim _claim;
    private Run? _live;
    private Plan? _livePlan;
    private double _share = 0.31;

    public Host Xen1 { get; } = DemoInventory.Xen1(DateTimeOffset.UtcNow);

    public Host Xen2 { get; } = DemoInventory.Xen2(DateTimeOffset.UtcNow);

    public Host Kvm1 { get; } = DemoInventory.Kvm1(DateTimeOffset.UtcNow);

    public HostGroup North { get; } = new(Guid.NewGuid(), "data centre north");

    public Dictionary<string, Guid> Runs { get; } = [];

    public Guid OpenPlan { get; private set; }

    public Guid BlockedPlan { get; private set; }

    public DemoWaves Waves { get; private set; } = null!;

    public Guid ProposedCleanup { get; private set; }

    public DemoRemains Remains => ((DemoConnector)services.GetRequiredService<IHostConnector>()).Left;

    public async Task FillAsync(byte[] screenshot, CancellationToken cancellationToken)
    {
        var now = DateTimeOffset.UtcNow;
        Waves = new DemoWaves(services, Xen1, Kvm1);
        await HostAsync(Xen1, DemoInventory.Xen1Snapshot(now), cancellationToken);
        await HostAsync(Xen2, DemoInventory.Xen2Snapshot(now), cancellationToken);
        await HostAsync(Kvm1, DemoInventory.Kvm1Snapshot(now), cancellationToken);
        var groups = services.GetRequiredService<IHostGroupStore>();
        await groups.AddAsync(North, cancellationToken);
        await groups.PutAsync(Xen1.Id, North.Id, cancellationToken);
        await groups.PutAsync(Kvm1.Id, North.Id, cancellationToken);
        await _hosts.SaveSnapshotAsync(Xen1.Id, DemoInventory.Xen1Snapshot(now), [new("crm", "power: Running → Off"), new(null, "kernel: 6.1.0-39-amd64 → 6.1.0-40-amd64")], cancellationToken);

        await LimitsAsync(cancellationToken);

        // A name that never resolves: its messages are shown as not delivered.
        await _notifications.SaveChannelAsync(
            new Channel { Id = Guid.NewGuid(), Name = "chat room", Kinds = [NotificationKind.RunFailed], Webhook = new WebhookTarget("https://hooks.invalid/x2k") },
            "no secret at all", cancellationToken);
        await _notifications.SaveChannelAsync(
            new Channel
            {
                Id = Guid.NewGuid(), Name = "night shift", Kinds = [NotificationKind.WaveStartsSoon],
                Email = new EmailTarget { Host = "mail.example.org", From = "x2k@example.org", To = "night@example.org" },
            },
            null, cancellationToken);

        // The live one first: it is the only one that a claim finds.
        _livePlan = await PlanAsync("files", now, cancellationToken);
        var queued = DemoRuns.At(_livePlan, "check", RunState.Queued, now, TimeSpan.FromSeconds(210)) with { WaveId = Waves.Running };
        await _runs.CreateAsync(queued, Xen1.Id, cancellationToken);
        var claimed = await _runs.ClaimNextAsync("demo", TimeSpan.FromHours(8), cancellationToken) ?? throw new InvalidOperationException("The demo's run was not claimed.");
        _claim = claimed.Claim;
        _live = DemoRuns.At(_livePlan, "copy", RunState.Running, now, TimeSpan.FromSeconds(210)) with { Id = queued.Id };
        Runs["running"] = _live.Id;
        await _runs.SaveAsync(_claim, _live, DemoRuns.Log(_live, 300), cancellationToken);
        await _runs.AppendSamplesAsync(_live.Id, DemoRuns.Samples(_live.StartedAt!.Value, now, true), cancellationToken);
        await TickAsync(cancellationToken);

        await EndedAsync("needs-answer", "mail", "stop", RunState.NeedsAnswer, TimeSpan.FromMinutes(7), cancellationToken, run => run with
        {
            DownSince = run.CreatedAt.AddSeconds(9),
            Question = new RunQuestion("shutdown-1", "stop", "mail has not shut down on xen1 within 300 s. What now?",
            [
                new("wait", "Wait another 300 s"), new("force", "Switch it off: what it has not written is lost"), new("roll-back", "Give up: leave it running on Xen"),
            ]),
        });
        await EndedAsync("failed", "db1", "convert", RunState.Failed, TimeSpan.FromMinutes(55), cancellationToken, run => run with
        {
            Error = "The disk of db1 has no kernel with virtio: /boot holds only 2.6.18-8.el5xen, a kernel for Xen alone. Install a current kernel in the guest on xen1 after a roll-back, then plan its move again.",
        });
        await EndedAsync("stopped", "git", "copy", RunState.Stopped, TimeSpan.FromHours(3), cancellationToken);
        await EndedAsync("rolled-back", "wiki", "verify", RunState.RolledBack, TimeSpan.FromHours(26), cancellationToken, run => run with
        {
            UpAgainAt = run.DownSince?.AddSeconds(410),
            Intent = RunIntent.RollBack,
            IntentBy = "anna",
            Steps = [.. run.Steps.Select(step => step.StartedAt is null ? step : step with { State = StepState.Undone, FinishedAt = step.FinishedAt ?? step.StartedAt })],
        });
        await EndedAsync("done", "proxy", "end", RunState.Succeeded, TimeSpan.FromHours(2), cancellationToken);
        await EndedAsync("done-2", "ldap", "end", RunState.Succeeded, TimeSpan.FromHours(49), cancellationToken);
        await EndedAsync("done-3", "intranet", "end", RunState.Succeeded, TimeSpan.FromDays(20), cancellationToken);
        await KeepProofAsync(Runs["done"], screenshot, cancellationToken);

        OpenPlan = (await PlanAsync("web", now, cancellationToken)).Id;
        BlockedPlan = (await PlanAsync("old", now, cancellationToken)).Id;
        await Waves.FillAsync(
            [await PlanOfAsync("done"), await PlanOfAsync("rolled-back"), _livePlan, await PlanOfAsync("needs-answer"), await PlanAsync("monitoring", now, cancellationToken)],
            [await PlanAsync("shop", now, cancellationToken), await PlanAsync("radius", now, cancellationToken)],
            [await PlanAsync("crm", now, cancellationToken)], cancellationToken);

        ProposedCleanup = (await services.GetRequiredService<CleanupService>().ProposeAsync([(Xen1.Id, "intranet")], null, "olga", cancellationToken)).Id;

        async Task<Plan> PlanOfAsync(string key) => (await _plans.FindAsync((await _runs.FindAsync(Runs[key], cancellationToken))!.PlanId, cancellationToken))!;
    }

    /// <summary>Moves the live copy on.</summary>
    public async Task TickAsync(CancellationToken cancellationToken)
    {
        var now = DateTimeOffset.UtcNow;
        _share = _share >= 0.98 ? 0.31 : _share + 0.0015;
        var copy = _live!.Steps.First(step => step.Id == "copy");
        _live = _live.With(copy with { Progress = DemoRuns.Copying(_livePlan!, _share, now) });
        await _runs.SaveAsync(_claim, _live, [new RunLogEntry(now, "copy", RunLogLevel.Info, $"xvda2: {_share * 120:0.0} GiB gone through")], cancellationToken);
        await _runs.AppendSamplesAsync(_live.Id, [DemoRuns.Sample(now, (now - _live.StartedAt!.Value).TotalSeconds, true)], cancellationToken);
    }

    private async Task HostAsync(Host host, HostSnapshot snapshot, CancellationToken cancellationToken)
    {
        await _hosts.SaveAsync(host, cancellationToken);
        await _hosts.SaveSnapshotAsync(host.Id, snapshot, [], cancellationToken);
        await _audit.AppendAsync(new AuditEntry(DateTimeOffset.UtcNow, "anna", "host.add", host.Name, $"{host.Kind} root@{host.Ssh.Address}:22"), cancellationToken);
    }

    private async Task<Plan> PlanAsync(string guest, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var source = DemoInventory.Xen1Snapshot(at).Guests.First(candidate => candidate.Name == guest);
        var choices = new PlanChoices
        {
            Bridges = new Dictionary<string, string> { ["xenbr0"] = "br0", ["xenbr1"] = "br1" },
            Proof = new ProofSettings { PingAddress = source.Nics[0].Addresses[0], TcpPort = 80 },
        };
        var plan = PlanProposal.Make(
            Guid.CreateVersion7(at), Xen1, source, Kvm1, DemoInventory.Kvm1Snapshot(at).Facts, choices, "anna", at - TimeSpan.FromMinutes(4));
        await _plans.SaveAsync(plan, cancellationToken);
        await _audit.AppendAsync(new AuditEntry(at, "anna", "plan.create", guest, $"plan {plan.Id}"), cancellationToken);
        return plan;
    }

    private async Task EndedAsync(
        string key, string guest, string step, RunState state, TimeSpan ago, CancellationToken cancellationToken, Func<Run, Run>? change = null)
    {
        var now = DateTimeOffset.UtcNow;
        var plan = await PlanAsync(guest, now - ago, cancellationToken);
        var run = DemoRuns.At(plan, step, state, now, ago);
        var copy = run.Steps.First(known => known.Id == "copy");
        if (copy.StartedAt is not null)
        {
            var progress = DemoRuns.Copying(plan, copy.State == StepState.Done ? 2 : 0.42, copy.FinishedAt ?? copy.StartedAt.Value);
            run = run.With(copy with { Progress = copy.State == StepState.Done ? progress with { Disks = [.. progress.Disks.Select(disk => disk with { VerifiedBytes = disk.TotalBytes, State = "verified" })] } : progress });
        }

        run = (change?.Invoke(run) ?? run) with { WaveId = key is "done" or "rolled-back" or "needs-answer" ? Waves.Running : null };
        await _runs.CreateAsync(run, Xen1.Id, cancellationToken);
        await _runs.AppendLogAsync(run.Id, DemoRuns.Log(run, 80), cancellationToken);
        await _runs.AppendSamplesAsync(run.Id, DemoRuns.Samples(run.CreatedAt, run.FinishedAt ?? run.CreatedAt.AddMinutes(2), copy.StartedAt is not null, state == RunState.Succeeded), cancellationToken);
        await _audit.AppendAsync(new AuditEntry(run.CreatedAt, "anna", "run.start", $"{guest} ({run.Id})", ""), cancellationToken);
        if (RunEvents.Of(run, 1) is { } raised)
        {
            await _notifications.AddAsync(raised, cancellationToken);
        }

        Runs[key] = run.Id;
        if (state == RunState.Succeeded)
        {
            ((DemoConnector)services.GetRequiredService<IHostConnector>()).Moved[guest] = run.Id;
        }
    }

    private async Task KeepProofAsync(Guid run, byte[] screenshot, CancellationToken cancellationToken)
    {
        var at = DateTimeOffset.UtcNow - TimeSpan.FromHours(2) + TimeSpan.FromMinutes(8);
        await _runs.SaveEvidenceAsync(run, new RunEvidence("screen.png", "image/png", screenshot, at), cancellationToken);
        await _runs.SaveEvidenceAsync(run, Text("console.txt", at, DemoFiles.Console), cancellationToken);
        await _runs.SaveEvidenceAsync(run, Text("changes.diff", at, DemoFiles.Diff), cancellationToken);
        await _runs.SaveEvidenceAsync(run, Text("domain.xml", at, DemoFiles.Xml), cancellationToken);
    }

    private async Task LimitsAsync(CancellationToken cancellationToken)
    {
        var limits = services.GetRequiredService<LimitService>();
        DayOfWeek[] week = [DayOfWeek.Monday, DayOfWeek.Tuesday, DayOfWeek.Wednesday, DayOfWeek.Thursday, DayOfWeek.Friday];
        foreach (var draft in new LimitDraft[]
        {
            new(LimitKind.BytesPerSecond, 80_000_000),
            new(LimitKind.BytesPerSecond, 60_000_000, null, week, new TimeOnly(8, 0), new TimeOnly(17, 30), "Europe/Berlin"),
            new(LimitKind.Runs, 6), new(LimitKind.Runs, 0, new LimitScope("xen2"), [DayOfWeek.Sunday], Zone: "Europe/Berlin"),
            new(LimitKind.BytesPerSecond, 70_000_000, new LimitScope("kvm1"), [], new TimeOnly(22, 0), new TimeOnly(6, 0), "Europe/Berlin"),
            new(LimitKind.Runs, 8, new LimitScope("kvm1", DemoInventory.Kvm1Snapshot(DateTimeOffset.UtcNow).Facts.Storage[0].Name)),
        })
        {
            await limits.AddAsync(draft, "anna", cancellationToken);
        }
    }

    private static RunEvidence Text(string name, DateTimeOffset at, string text) => new(name, "text/plain", System.Text.Encoding.UTF8.GetBytes(text), at);
}
