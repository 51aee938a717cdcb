using System.CommandLine;
using System.Text.Json;
using Xen2Kvm.Cli.Client;
using Xen2Kvm.Cli.Output;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Cli.Commands;

/// <summary>x2k run …</summary>
internal static class RunCommands
{
    /// <summary>Builds the group.</summary>
    public static Command Build(CommonOptions common) => new("run", "Executions of plans")
    {
        Start(common), List(common), Show(common), Watch(common), Stop(common), Resume(common), RollBack(common), RunAnswer.Build(common), RunLog.Build(common),
    };

    /// <summary>The argument that names a run.</summary>
    public static Argument<string> RunArgument() =>
        new("run") { Description = "Id of the run, the beginning of it, or the guest's name for its newest run" };

    private static Command Start(CommonOptions common)
    {
        var plan = PlanCommands.PlanArgument();
        var watch = new Option<bool>("--watch") { Description = "Watch it to its end" };
        var command = new Command("start", "Start a plan after a fresh preflight") { plan, watch };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var id = await Lookup.PlanAsync(client, parsed.GetRequiredValue(plan), token).ConfigureAwait(false);
            var run = await client.PostAsync<Run>("runs", new { plan = id }, token).ConfigureAwait(false);
            if (parsed.GetValue(watch))
            {
                return await new RunWatcher(client, print).WatchAsync(run.Id, token).ConfigureAwait(false);
            }

            print.Result(run, () => print.Line($"Started run {run.Id}. Watch it with x2k run watch {run.Id}."));
            return CliExit.Done;
        });
        return command;
    }

    private static Command List(CommonOptions common)
    {
        var most = new Option<int>("--most") { Description = "How many at most", DefaultValueFactory = _ => 50 };
        var command = new Command("list", "Runs, newest first") { most };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var runs = await client.GetAsync<List<Run>>($"runs?most={parsed.GetValue(most)}", token).ConfigureAwait(false);
            print.Result(runs, () => print.Table(["ID", "GUEST", "FROM", "TO", "STATE", "STEP", "STARTED", "DOWNTIME"], runs.Select(run => new[]
            {
                run.Id.ToString(), run.GuestName, run.SourceHost, run.TargetHost, run.State.ToString(), run.CurrentStep?.Id,
                Units.Time(run.StartedAt ?? run.CreatedAt), Units.Duration(run.Downtime(DateTimeOffset.UtcNow)),
            })));
            return CliExit.Done;
        });
        return command;
    }

    private static Command Show(CommonOptions common)
    {
        var id = RunArgument();
        var command = new Command("show", "One run with its whole pipeline") { id };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var found = await client.GetAsync($"runs/{await Lookup.RunAsync(client, parsed.GetRequiredValue(id), token).ConfigureAwait(false)}", token)
                .ConfigureAwait(false);
            print.Result(found, () => Show(print, found.Deserialize<Run>(RunJson.Options)!, ProjectedDowntime.Describe(found)));
            return CliExit.Done;
        });
        return command;
    }

    private static Command Watch(CommonOptions common)
    {
        var id = RunArgument();
        var command = new Command(
            "watch", "Follow a run to its end; exit code 0 when it succeeded, 1 when it failed, was stopped or rolled back. With --json one event a line") { id };
        common.Handle(command, async (parsed, client, print, token) =>
            await new RunWatcher(client, print).WatchAsync(
                await Lookup.RunAsync(client, parsed.GetRequiredValue(id), token).ConfigureAwait(false), token).ConfigureAwait(false));
        return command;
    }

    private static Command Stop(CommonOptions common)
    {
        var command = Act(common, "stop", "stop", "Stop as soon as it is safe; everything is kept");
        command.Aliases.Add("cancel");
        return command;
    }

    private static Command Resume(CommonOptions common) => Act(common, "resume", "resume", "Go on with a failed or stopped run");

    private static Command Act(CommonOptions common, string verb, string path, string description)
    {
        var id = RunArgument();
        var command = new Command(verb, description) { id };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var run = await Lookup.RunAsync(client, parsed.GetRequiredValue(id), token).ConfigureAwait(false);
            var after = await client.PostAsync<Run>($"runs/{run}/{path}", null, token).ConfigureAwait(false);
            print.Result(after, () => print.Line($"{after.GuestName}: {verb} asked for; the run is {after.State}."));
            return CliExit.Done;
        });
        return command;
    }

    private static Command RollBack(CommonOptions common)
    {
        var id = RunArgument();
        var delete = new Option<bool>("--delete-target") { Description = "Delete the disks on the KVM host, too" };
        var yes = new Option<bool>("--yes") { Description = "Do not ask" };
        var command = new Command("rollback", "Undo a run: the guest runs on its source again") { id, delete, yes };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var run = await client.GetAsync<Run>($"runs/{await Lookup.RunAsync(client, parsed.GetRequiredValue(id), token).ConfigureAwait(false)}", token)
                .ConfigureAwait(false);
            var lost = run.Steps.Any(step => step.IsCutover && step.State == StepState.Done)
                ? $" What {run.GuestName} wrote on {run.TargetHost} since it started there is not brought back." : "";
            var kept = parsed.GetValue(delete) ? $"its disks on {run.TargetHost} are deleted" : $"its disks on {run.TargetHost} stay";
            if (!parsed.GetValue(yes)
                && !print.Confirm($"Roll back {run.GuestName}: it runs on {run.SourceHost} again, {kept}.{lost} Go on?", "--yes"))
            {
                throw new CliException("Nothing was changed.");
            }

            var after = await client.PostAsync<Run>($"runs/{run.Id}/rollback", new { deleteTarget = parsed.GetValue(delete) }, token).ConfigureAwait(false);
            print.Result(after, () => print.Line($"Rolling back {after.GuestName}. Watch it with x2k run watch {after.Id}."));
            return CliExit.Done;
        });
        return command;
    }

    private static void Show(Printer print, Run run, string? projected)
    {
        print.Facts(
            ("run", run.Id.ToString()), ("guest", $"{run.GuestName}, {run.SourceHost} -> {run.TargetHost}"), ("state", run.State.ToString()),
            ("started", $"{Units.Time(run.StartedAt ?? run.CreatedAt)} by {run.StartedBy}"), ("ended", Units.Time(run.FinishedAt)),
            ("downtime", Units.Duration(run.Downtime(DateTimeOffset.UtcNow))), ("projected", projected), ("error", run.Error));
        print.Line();
        print.Table(["STEP", "STATE", "TOOK", "WHAT", ""], run.Steps.Select(step => new[]
        {
            step.Id, step.State.ToString(), Units.Duration((step.FinishedAt ?? (step.State == StepState.Running ? DateTimeOffset.UtcNow : null)) - step.StartedAt),
            step.Title, step.Error ?? (step.State == StepState.Running ? RunWatcher.Describe(step.Progress) : ""),
        }));
        if (run.Question is { } question)
        {
            print.Line();
            RunWatcher.Ask(print, run.Id, question);
        }
    }
}
