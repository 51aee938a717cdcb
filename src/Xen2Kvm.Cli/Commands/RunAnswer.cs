using System.CommandLine;
using Xen2Kvm.Cli.Client;
using Xen2Kvm.Domain.Runs;

namespace Xen2Kvm.Cli.Commands;

/// <summary>x2k run answer.</summary>
internal static class RunAnswer
{
    /// <summary>Builds the command.</summary>
    public static Command Build(CommonOptions common)
    {
        var id = RunCommands.RunArgument();
        var value = new Argument<string>("answer") { Description = "One of the answers that x2k run show lists" };
        var question = new Option<string?>("--question") { Description = "Id of the question (default: the open one)" };
        var command = new Command("answer", "Answer the open question of a run") { id, value, question };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var run = await client.GetAsync<Run>($"runs/{await Lookup.RunAsync(client, parsed.GetRequiredValue(id), token).ConfigureAwait(false)}", token)
                .ConfigureAwait(false);
            var open = parsed.GetValue(question) ?? run.Question?.Id ?? throw new CliException($"The run of {run.GuestName} asks nothing; it is {run.State}.");
            var after = await client.PostAsync<Run>($"runs/{run.Id}/answer", new { question = open, value = parsed.GetRequiredValue(value) }, token)
                .ConfigureAwait(false);
            print.Result(after, () => print.Line($"Answered. The run is {after.State}."));
            return CliExit.Done;
        });
        return command;
    }
}
