using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Routes;
using Xen2Kvm.Persistence;
using Xen2Kvm.Web;
using Xen2Kvm.Web.Auth;

namespace Xen2Kvm.Bench;

/// <summary>The dashboard's own stores on its own database, in this process: what fills it, and later writes as 500 runs do.</summary>
internal sealed class Installation : IAsyncDisposable
{
    /// <summary>Xen hosts.</summary>
    public const int XenHosts = 200;

    /// <summary>Guests of each.</summary>
    public const int GuestsPerHost = 50;

    /// <summary>KVM hosts that guests go to.</summary>
    public const int KvmHosts = 4;

    /// <summary>Plans of the wave, each with a run in its copy.</summary>
    public const int Runs = 500;

    /// <summary>Runs that have ended before, each of another guest.</summary>
    public const int EndedRuns = 1500;

    /// <summary>Lines of the long log.</summary>
    public const int LogLines = 1_000_000;

    /// <summary>Name and password of the person who looks.</summary>
    public const string Person = "anna", Password = "correct horse battery";

    private readonly WebApplication _app;

    private Installation(WebApplication app) => _app = app;

    /// <summary>The stores.</summary>
    public IServiceProvider Services => _app.Services;

    /// <summary>Opens the database, which is started unless the dashboard runs on it.</summary>
    public static async Task<Installation> OpenAsync(Places places)
    {
        Directory.CreateDirectory(places.State);
        var app = DashboardHost.Build(["--Embedded:DataDirectory", places.Database, "--Dashboard:StateDirectory", places.State, "--Logging:LogLevel:Default", "Warning", "--Logging:Console:LogToStandardErrorThreshold", "Trace"]);
        await app.Services.InitialiseXen2KvmDatabaseAsync(default);
        return new Installation(app);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>Adds hosts that were never asked, and the person.</summary>
    public async Task AddHostsAsync(string directory)
    {
        var hosts = Services.GetRequiredService<IHostStore>();
        for (var number = 0; number < XenHosts + KvmHosts; number++)
        {
            var kind = number < XenHosts ? HostKind.Xen : HostKind.Kvm;
            if (kind == HostKind.Xen)
            {
                ScriptedHosts.WriteXen(directory, number, GuestsPerHost);
            }
            else
            {
                ScriptedHosts.WriteKvm(directory, number);
            }

            await hosts.SaveAsync(
                new Host
                {
                    Id = Guid.CreateVersion7(), Name = $"{(kind == HostKind.Xen ? "xen" : "kvm")}{number:000}", Kind = kind,
                    Ssh = new SshEndpoint { Address = ScriptedHosts.Address(number), Authentication = SshAuthentication.Ambient, HostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHq0c2k2cXh2Zk1uT3BxclN0dVZ3eFl6MDEyMzQ1Njc4OTA" },
                },
                default);
        }

        await using var scope = Services.CreateAsyncScope();
        var roles = scope.ServiceProvider.GetRequiredService<RoleManager<IdentityRole<Guid>>>();
        await roles.CreateAsync(new IdentityRole<Guid>(Roles.Admin));
        var users = scope.ServiceProvider.GetRequiredService<UserManager<AppUser>>();
        var person = new AppUser { UserName = Person, DisplayName = Person, CreatedAt = DateTimeOffset.UtcNow };
        if (await users.CreateAsync(person, Password) is { Succeeded: false } refused)
        {
            throw new InvalidOperationException(refused.ToString());
        }

        await users.AddToRoleAsync(person, Roles.Admin);
    }

    /// <summary>Adds plans, runs that have ended, a wave of runs in their copy, and a run with a long log; returns the ids of wave and log.</summary>
    public async Task<(Guid Wave, Guid Log)> AddMovesAsync()
    {
        var hosts = Services.GetRequiredService<IHostStore>();
        var all = await hosts.ListAsync(default);
        var targets = new List<(Host Host, HostFacts Facts)>();
        foreach (var host in all.Where(host => host.Kind == HostKind.Kvm))
        {
            targets.Add((host, (await hosts.GetSnapshotAsync(host.Id, default))!.Facts));
        }

        var sources = new Queue<(Host Host, Guest Guest)>();
        foreach (var host in all.Where(host => host.Kind == HostKind.Xen))
        {
            foreach (var guest in (await hosts.GetSnapshotAsync(host.Id, default))!.Guests.Where(guest => guest.Power == PowerState.Running).Take((Runs + EndedRuns) / XenHosts + 1))
            {
                sources.Enqueue((host, guest));
            }
        }

        var wave = Guid.CreateVersion7();
        var moving = new List<(Plan Plan, Host Source, Host Target)>();
        for (var number = 0; number < Runs + EndedRuns; number++)
        {
            var ((source, guest), (target, facts)) = (sources.Dequeue(), targets[number % targets.Count]);
            var plan = PlanProposal.Make(
                Guid.CreateVersion7(), source, guest, target, facts, new PlanChoices { Bridges = new Dictionary<string, string> { ["xenbr0"] = "br0" } }, "olga", DateTimeOffset.UtcNow);
            await Services.GetRequiredService<IPlanStore>().SaveAsync(plan, default);
            var isMoving = number >= EndedRuns;
            await Services.GetRequiredService<IRunStore>().CreateAsync(RunOf(plan, source, target, isMoving ? wave : null, isMoving ? null : number), source.Id, default);
            if (isMoving)
            {
                moving.Add((plan, source, target));
            }
        }

        // Claimed for as long as this may take, so that the dashboard's worker leaves them to whoever writes in their place.
        for (var claimed = 0; claimed < Runs; claimed++)
        {
            _ = await Services.GetRequiredService<IRunStore>().ClaimNextAsync("size", TimeSpan.FromDays(1), default) ?? throw new InvalidOperationException("A run was not there to be claimed.");
        }

        await AddWaveAsync(wave, moving);
        var last = (await Services.GetRequiredService<IRunStore>().ListAsync(Runs + 1, default))[^1].Id;
        await AddLogAsync(last);
        return (wave, last);
    }

    private async Task AddWaveAsync(Guid id, List<(Plan Plan, Host Source, Host Target)> moving)
    {
        var now = DateTimeOffset.UtcNow;
        var wave = new Wave
        {
            Id = id, Name = "All of them", CreatedAt = now, CreatedBy = "olga", State = WaveState.Running, StartedAt = now, StartedBy = "olga", SubmittedBy = "olga", SubmittedAt = now,
            Policy = new WavePolicy { MaxConcurrent = 500, MaxPerSourceHost = 500, MaxPerTargetHost = 500, StopAfterFailures = 0, OnFailure = FailurePolicy.LeaveToPerson },
            Entries = [.. moving.Select(move => new WaveEntry
            {
                PlanId = move.Plan.Id, GuestName = move.Plan.Source.Name, SourceHostId = move.Source.Id, SourceHost = move.Source.Name, TargetHostId = move.Target.Id, TargetHost = move.Target.Name,
            })],
        };
        var dossier = WaveDossier.Of(wave, [.. moving.Select(move => DossierEntry.Of(move.Plan, move.Plan.Source, []))]);
        var print = dossier.Fingerprint();
        wave = wave with { Fingerprint = print, Decisions = [new(Person, now, true, "", print)] };
        if (await Services.GetRequiredService<IWaveStore>().SaveAsync(wave, dossier, default) is not WaveSave.Saved and var refused)
        {
            throw new InvalidOperationException($"The wave was not stored: {refused}.");
        }
    }

    // By COPY, which the program does not use: a million lines through its store would take minutes and measure nothing.
    private async Task AddLogAsync(Guid run)
    {
        await using var connection = await Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync();
        await using (var copy = await connection.BeginBinaryImportAsync("COPY run_log (run_id, sequence, at, step_id, level, text) FROM STDIN (FORMAT BINARY)"))
        {
            var begin = DateTimeOffset.UtcNow.AddDays(-2);
            for (var line = 1L; line <= LogLines; line++)
            {
                await copy.StartRowAsync();
                await copy.WriteAsync(run);
                await copy.WriteAsync(line);
                await copy.WriteAsync(begin.AddMilliseconds(line * 100).ToUniversalTime());
                await copy.WriteAsync("copy");
                await copy.WriteAsync((short)(line % 9 == 0 ? RunLogLevel.Info : line % 5003 == 0 ? RunLogLevel.Warning : RunLogLevel.Debug));
                await copy.WriteAsync(line % 5003 == 0 ? $"The connection broke at block {line}; it is taken up again where it was."
                    : line % 9 == 0 ? $"xvda: {line * 0.0006:0.0} GiB gone through, {line * 0.0001:0.0} GiB sent" : $"xen017: /var/lib/x2k/bin/x2k-agent-3f9c0d status /var/lib/x2k/runs/{run:N} from {line}");
            }

            await copy.CompleteAsync();
        }

        await using var set = new NpgsqlCommand("UPDATE runs SET last_sequence = $1 WHERE id = $2", connection) { Parameters = { new() { Value = (long)LogLines }, new() { Value = run } } };
        await set.ExecuteNonQueryAsync();
        await using var analyze = new NpgsqlCommand("VACUUM ANALYZE run_log", connection) { CommandTimeout = 0 };
        await analyze.ExecuteNonQueryAsync();
    }

    private Run RunOf(Plan plan, Host source, Host target, Guid? wave, int? ended)
    {
        var begin = DateTimeOffset.UtcNow.AddMinutes(-10 - ((ended ?? 0) * 3));
        var steps = Services.GetServices<IRoute>().First(route => route.Id == plan.Route).Steps;
        var copy = steps.TakeWhile(step => step.Id != "copy").Count();
        return new Run
        {
            Id = Guid.CreateVersion7(begin), PlanId = plan.Id, WaveId = wave, GuestName = plan.Source.Name, SourceHost = source.Name, TargetHost = target.Name,
            State = ended is null ? RunState.Running : RunState.Succeeded, StartedBy = "olga", CreatedAt = begin, StartedAt = begin.AddSeconds(1), DownSince = begin.AddSeconds(20),
            FinishedAt = ended is null ? null : begin.AddMinutes(9), UpAgainAt = ended is null ? null : begin.AddMinutes(8),
            Steps = [.. steps.Select((step, index) => new RunStep
            {
                Id = step.Id, Title = step.Title(plan), IsCutover = step.IsCutover, Attempts = ended is not null || index <= copy ? 1 : 0,
                State = ended is not null || index < copy ? StepState.Done : index == copy ? StepState.Running : StepState.Pending,
                StartedAt = ended is not null || index <= copy ? begin.AddSeconds(2 + (index * 5)) : null,
                FinishedAt = ended is not null || index < copy ? begin.AddSeconds(6 + (index * 5)) : null,
                Progress = index == copy ? Progress(plan, 0.5, 200) : null,
            })],
        };
    }

    /// <summary>Progress of a copy as the runner writes it: at a share of the whole, with a rate in MB/s.</summary>
    public static StepProgress Progress(Plan plan, double share, int rate)
    {
        var disks = plan.Target.Disks.SelectMany(disk => disk.Parts).Where(part => part.Action == PartAction.Copy).Select(part => new DiskProgress
        {
            Disk = part.SourceVdev, TotalBytes = part.LengthBytes, ReadBytes = (long)(part.LengthBytes * share), ZeroBytes = (long)(part.LengthBytes * share * 0.4),
            SentBytes = (long)(part.LengthBytes * share * 0.2), DurableBytes = (long)(part.LengthBytes * share * 0.97), State = "copying", BytesPerSecond = rate * 1e6,
            EtaLow = TimeSpan.FromSeconds(360), EtaHigh = TimeSpan.FromSeconds(480),
        }).ToList();
        return new StepProgress
        {
            Text = "Copying", At = DateTimeOffset.UtcNow, DoneBytes = disks.Sum(disk => disk.DurableBytes), TotalBytes = disks.Sum(disk => disk.TotalBytes), BytesPerSecond = rate * 1e6,
            EtaLow = TimeSpan.FromSeconds(360), EtaHigh = TimeSpan.FromSeconds(480), EtaBasis = "rate of the last 60 s", Disks = disks,
        };
    }
}
