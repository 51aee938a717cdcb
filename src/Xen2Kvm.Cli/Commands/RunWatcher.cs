using System.Diagnostics;
using Xen2Kvm.Cli.Client;
using Xen2Kvm.Cli.Output;
using Xen2Kvm.Domain.Runs;

namespace Xen2Kvm.Cli.Commands;

/// <summary>Follows a run: its log as it grows, its progress on the last line, its question when it has one.</summary>
internal sealed class RunWatcher(ApiClient client, Printer print)
{
    private static readonly TimeSpan ProgressEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromMinutes(5);
    private string? _lastProgress;
    private string? _asked;
    private long _progressAt;

    /// <summary>Follows the run to its end.</summary>
    /// <returns>0 when it succeeded, else 1.</returns>
    public async Task<int> WatchAsync(Guid id, CancellationToken cancellationToken)
    {
        long next = 0;
        while (true)
        {
            var (page, run) = await ReadAsync(id, next, cancellationToken).ConfigureAwait(false);
            next = page.Next;
            Show(page.Lines);
            Show(run);
            if (page.Lines.Count == 0 && run.IsEnded)
            {
                return End(run);
            }
        }
    }

    /// <summary>Progress in one line.</summary>
    public static string Describe(StepProgress? progress)
    {
        if (progress is null)
        {
            return "";
        }

        var parts = new List<string> { progress.Text };
        if (progress is { DoneBytes: { } done, TotalBytes: > 0 and var total })
        {
            parts.Add($"{100 * done / total} % ({Units.Size(done)} of {Units.Size(total)})");
        }

        if (Units.Rate(progress.BytesPerSecond) is { } rate)
        {
            parts.Add(rate);
        }

        if (progress is { EtaLow: { } low, EtaHigh: { } high })
        {
            parts.Add($"ETA {Units.Duration(low)} to {Units.Duration(high)}");
        }

        return string.Join("  ", parts.Where(part => part.Length > 0));
    }

    /// <summary>Shows a question and how to answer it.</summary>
    public static void Ask(Printer print, Guid run, RunQuestion question)
    {
        print.Line($"A decision is needed: {question.Text}");
        foreach (var option in question.Options)
        {
            print.Line($"  x2k run answer {run} {option.Value}    {option.Label}");
        }
    }

    // The run goes on without us: a dashboard that restarts is waited for.
    private async Task<(LogPage Page, Run Run)> ReadAsync(Guid id, long next, CancellationToken cancellationToken)
    {
        var since = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                // Pages show progress once a second; so do we. A line of the log comes at once.
                var page = await LogPage.ReadAsync(client, id, next, 1, cancellationToken).ConfigureAwait(false);
                return (page, await client.GetAsync<Run>($"runs/{id}", cancellationToken).ConfigureAwait(false));
            }
            catch (CliException failure) when (failure.IsTransient && Stopwatch.GetElapsedTime(since) < GiveUpAfter)
            {
                print.Status($"{failure.Message} Trying again …");
                await Task.Delay(TimeSpan.FromSeconds(2), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private void Show(IReadOnlyList<RunLogLine> lines)
    {
        foreach (var line in lines)
        {
            if (print.Json)
            {
                print.JsonLine(new { log = line });
            }
            else if (line.Level >= RunLogLevel.Info)
            {
                print.Status("");
                print.Line(RunLog.Format(line));
            }
        }
    }

    private void Show(Run run)
    {
        var step = run.CurrentStep;
        var progress = step is { State: StepState.Running } ? Describe(step.Progress) : "";
        var line = $"{run.GuestName}: {run.State}{(step is null ? "" : $", {step.Id}")}{(progress.Length > 0 ? "  " + progress : "")}";
        if (line != _lastProgress && !run.IsEnded)
        {
            Progress(run, step, line);
        }

        if (run.Question is { } question && question.Id != _asked)
        {
            _asked = question.Id;
            print.Status("");
            if (!print.Json)
            {
                Ask(print, run.Id, question);
            }
        }
    }

    private void Progress(Run run, RunStep? step, string line)
    {
        if (print.Live)
        {
            print.Status(line);
        }
        else if (_lastProgress is null || Stopwatch.GetElapsedTime(_progressAt) >= ProgressEvery)
        {
            if (print.Json)
            {
                print.JsonLine(new { progress = new { run.State, step = step?.Id, step?.Progress, run.Question } });
            }
            else
            {
                print.Line(line);
            }
        }
        else
        {
            return;
        }

        _lastProgress = line;
        _progressAt = Stopwatch.GetTimestamp();
    }

    private int End(Run run)
    {
        print.Status("");
        if (print.Json)
        {
            print.JsonLine(new { run });
        }
        else
        {
            var downtime = run.Downtime(DateTimeOffset.UtcNow) is { } down ? $", downtime {Units.Duration(down)}" : "";
            print.Line($"{run.GuestName}: {run.State}{downtime}{(run.Error is null ? "" : $". {run.Error}")}");
        }

        return run.State == RunState.Succeeded ? CliExit.Done : CliExit.Failed;
    }
}
