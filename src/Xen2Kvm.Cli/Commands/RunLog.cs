using System.CommandLine;
using Xen2Kvm.Cli.Client;
using Xen2Kvm.Cli.Output;
using Xen2Kvm.Domain.Runs;

namespace Xen2Kvm.Cli.Commands;

/// <summary>x2k run log.</summary>
internal static class RunLog
{
    /// <summary>Builds the command.</summary>
    public static Command Build(CommonOptions common)
    {
        var id = RunCommands.RunArgument();
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with new lines until the run ends" };
        var level = Choice.Option<RunLogLevel>("--level", "Least level to show; debug has every command and its output (default: debug)");
        var step = new Option<string?>("--step") { Description = "Only lines of this step" };
        var after = new Option<long>("--after") { Description = "Only lines after this sequence number" };
        var command = new Command("log", "The log of a run. With --json one line of JSON each") { id, follow, level, step, after };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var run = await Lookup.RunAsync(client, parsed.GetRequiredValue(id), token).ConfigureAwait(false);
            var next = parsed.GetValue(after);
            while (true)
            {
                var page = await LogPage.ReadAsync(client, run, next, parsed.GetValue(follow) ? 20 : 0, token).ConfigureAwait(false);
                foreach (var line in page.Lines.Where(line => line.Level >= parsed.GetValue(level) && (parsed.GetValue(step) is not { } only || line.StepId == only)))
                {
                    if (print.Json)
                    {
                        print.JsonLine(line);
                    }
                    else
                    {
                        print.Line(Format(line));
                    }
                }

                next = page.Next;
                if (page.Lines.Count == 0 && (!parsed.GetValue(follow) || page.HasEnded))
                {
                    return CliExit.Done;
                }
            }
        });
        return command;
    }

    /// <summary>A line for a person.</summary>
    public static string Format(RunLogLine line) =>
        $"{Units.Time(line.At)} {(line.Level is RunLogLevel.Warning or RunLogLevel.Error ? line.Level.ToString().ToUpperInvariant() + " " : "")}{(line.StepId is null ? "" : $"[{line.StepId}] ")}{line.Text}";
}

/// <summary>Part of a run's log, as the API gives it.</summary>
internal sealed record LogPage(long Next, RunState State, IReadOnlyList<RunLogLine> Lines)
{
    /// <summary>The run has ended: nothing more will come.</summary>
    public bool HasEnded => State is RunState.Succeeded or RunState.Failed or RunState.Stopped or RunState.RolledBack;

    /// <summary>Reads lines after a sequence number, waiting up to some seconds for the first.</summary>
    public static Task<LogPage> ReadAsync(ApiClient client, Guid run, long after, int waitSeconds, CancellationToken cancellationToken) =>
        client.GetAsync<LogPage>($"runs/{run}/log?after={after}&most=2000&wait={waitSeconds}", cancellationToken);
}
