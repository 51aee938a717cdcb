using System.Globalization;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Demo;

/// <summary>Runs in every state, written as the runner writes them.</summary>
internal static class DemoRuns
{
    private static readonly (string Id, string Title, bool IsCutover)[] _steps =
    [
        ("check", "Check both hosts", false), ("allocate", "Make the target's disks", false), ("stop", "Shut {0} down on xen1 and lock it", false),
        ("copy", "Copy the disks", false), ("verify", "Verify every byte on the target", false), ("convert", "Make it bootable on KVM", false),
        ("define", "Define {0} in libvirt", false), ("start", "Start {0} on KVM", true), ("prove", "Prove that it works", false),
        ("finish", "Tidy up on both hosts", false),
    ];

    private static readonly int[] _seconds = [4, 2, 21, 320, 95, 41, 1, 2, 27, 3];

    /// <summary>A run whose steps before <paramref name="at"/> are done.</summary>
    public static Run At(Plan plan, string at, RunState state, DateTimeOffset now, TimeSpan ago, string by = "anna")
    {
        var index = at == "end" ? _steps.Length : Array.FindIndex(_steps, step => step.Id == at);
        var start = now - ago;
        var clock = start.AddSeconds(1);
        var steps = new List<RunStep>();
        for (var i = 0; i < _steps.Length; i++)
        {
            var step = new RunStep
            {
                Id = _steps[i].Id, Title = string.Format(CultureInfo.InvariantCulture, _steps[i].Title, plan.Source.Name), IsCutover = _steps[i].IsCutover,
            };
            if (i < index)
            {
                step = step with { State = StepState.Done, Attempts = 1, StartedAt = clock, FinishedAt = clock.AddSeconds(_seconds[i]), Output = Output(plan, _steps[i].Id) };
                clock = clock.AddSeconds(_seconds[i]);
            }
            else if (i == index && state != RunState.Queued)
            {
                step = step with { State = state == RunState.Failed ? StepState.Failed : StepState.Running, Attempts = 1, StartedAt = clock };
            }

            steps.Add(step);
        }

        var down = index > 2 ? steps[2].StartedAt : null;
        return new Run
        {
            Id = Guid.CreateVersion7(start), PlanId = plan.Id, GuestName = plan.Source.Name, SourceHost = "xen1", TargetHost = "kvm1", State = state, Steps = steps,
            StartedBy = by, CreatedAt = start, StartedAt = state == RunState.Queued ? null : start.AddSeconds(1), DownSince = down,
            UpAgainAt = index >= _steps.Length ? clock.AddSeconds(-9) : null, FinishedAt = state is RunState.Succeeded or RunState.Failed or RunState.Stopped or RunState.RolledBack ? clock : null,
        };
    }

    /// <summary>A copy in progress.</summary>
    public static StepProgress Copying(Plan plan, double share, DateTimeOffset now)
    {
        var disks = plan.Target.Disks.SelectMany(disk => disk.Parts).Where(part => part.Action == PartAction.Copy).Select((part, i) =>
        {
            var mine = Math.Min(1, share * (i == 0 ? 2.1 : 0.92));
            var read = (long)(part.LengthBytes * mine);
            return new DiskProgress
            {
                Disk = part.SourceVdev, TotalBytes = part.LengthBytes, ReadBytes = read, ZeroBytes = (long)(read * 0.46), SentBytes = (long)(read * 0.21),
                DurableBytes = mine >= 1 ? read : (long)(read * 0.97), VerifiedBytes = 0, State = mine >= 1 ? "copied" : "copying",
                BytesPerSecond = mine >= 1 ? null : 204e6 + (17e6 * Math.Sin(share * 60)), EtaLow = mine >= 1 ? null : TimeSpan.FromSeconds(360),
                EtaHigh = mine >= 1 ? null : TimeSpan.FromSeconds(480),
            };
        }).ToList();
        return new StepProgress
        {
            Text = "Copying", At = now, DoneBytes = disks.Sum(disk => disk.DurableBytes), TotalBytes = disks.Sum(disk => disk.TotalBytes),
            BytesPerSecond = 212e6 + (18e6 * Math.Sin(share * 60)), EtaLow = TimeSpan.FromSeconds(360), EtaHigh = TimeSpan.FromSeconds(480),
            EtaBasis = "rate of the last 60 s", Disks = disks, SentBytesPerSecond = 54e6 + (4e6 * Math.Sin(share * 60)),
            Pace = new CopyPace(60_000_000, new DateTimeOffset(now.UtcDateTime.Date.AddHours(now.UtcDateTime.Hour + 3), TimeSpan.Zero)),
        };
    }

    /// <summary>Samples of a copy until now, every two seconds.</summary>
    public static IReadOnlyList<RunSample> Samples(DateTimeOffset from, DateTimeOffset to, bool downSome, bool backAtEnd = false)
    {
        var samples = new List<RunSample>();
        for (var at = from; at <= to; at = at.AddSeconds(2))
        {
            samples.Add(Sample(at, (at - from).TotalSeconds, downSome && (!backAtEnd || (to - at).TotalSeconds > 14)));
        }

        return samples;
    }

    public static RunSample Sample(DateTimeOffset at, double seconds, bool downSome)
    {
        var copying = seconds > 30;
        var wave = Math.Sin(seconds / 17) + (0.4 * Math.Sin(seconds / 5.3));
        return new RunSample(
            at, copying ? 240e6 + (50e6 * wave) : 0, copying ? 62e6 + (12e6 * wave) : 0, copying ? 225e6 + (40e6 * Math.Sin(seconds / 21)) : 0, !downSome || seconds < 24);
    }

    /// <summary>A log as the runner writes it.</summary>
    public static IReadOnlyList<RunLogEntry> Log(Run run, int copyLines)
    {
        var log = new List<RunLogEntry> { new(run.CreatedAt, null, RunLogLevel.Info, $"Started by {run.StartedBy}: {run.GuestName}, xen1 → kvm1.") };
        foreach (var step in run.Steps.Where(step => step.StartedAt is not null))
        {
            var at = step.StartedAt!.Value;
            log.Add(new(at, step.Id, RunLogLevel.Info, $"{step.Title}."));
            log.Add(new(at.AddMilliseconds(210), step.Id, RunLogLevel.Debug, "xen1: xl list -l\nexit 0 after 0.2 s"));
            if (step.Id == "stop")
            {
                log.Add(new(at.AddSeconds(1), step.Id, RunLogLevel.Info, $"{run.GuestName} was asked to shut down; it has 300 s."));
                log.Add(new(at.AddSeconds(20), step.Id, RunLogLevel.Info, $"{run.GuestName} is off and locked on xen1."));
            }

            if (step.Id == "copy")
            {
                log.Add(new(at.AddSeconds(6), step.Id, RunLogLevel.Warning, "The connection from xen1 to kvm1 broke; it is taken up again where it was."));
                for (var i = 0; i < copyLines; i++)
                {
                    log.Add(new(at.AddSeconds(7 + (i * 0.5)), step.Id, i % 9 == 0 ? RunLogLevel.Info : RunLogLevel.Debug, i % 9 == 0
                        ? $"xvda2: {i * 0.06:0.0} GiB gone through, {i * 0.012:0.0} GiB sent"
                        : $"xen1: /var/lib/x2k/bin/x2k-agent-3f9c0d status /var/lib/x2k/runs/{run.Id:N}"));
                }
            }

            if (step.State == StepState.Done)
            {
                log.Add(new(step.FinishedAt ?? at, step.Id, RunLogLevel.Info, "Done."));
            }
            else if (step.State == StepState.Failed)
            {
                log.Add(new(at.AddSeconds(3), step.Id, RunLogLevel.Error, run.Error ?? "Failed."));
            }
        }

        return log;
    }

    private static string? Output(Plan plan, string step) => step switch
    {
        "stop" => $$"""{"marks":[{{string.Join(',', plan.Source.Disks.Where(disk => disk.Path is not null).Select(disk => $$"""{"path":"{{disk.Path}}","value":"block 4096"}"""))}}]}""",
        "copy" => """{"totalBytes":137438953472,"dataBytes":61203283968,"sentBytes":22548578304}""",
        "verify" => $$"""{"disks":[{{string.Join(',', plan.Target.Disks.SelectMany(disk => disk.Parts).Where(part => part.Action == PartAction.Copy).Select(part =>
            $$"""{"disk":"{{part.SourceVdev}}","bytes":{{part.LengthBytes}},"rootHash":"c0ffee7e4f2a9b1d8c3e5f60718293a4","repairedBytes":0}"""))}}]}""",
        "prove" => $$"""{"loginPrompt":true,"hostname":"{{plan.Source.Name}}","ping":true,"tcp":true,"screenshot":true,"downtimeSeconds":508.4}""",
        _ => "{}",
    };
}
