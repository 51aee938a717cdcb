using System.CommandLine;
using Xen2Kvm.Cli.Client;
using Xen2Kvm.Cli.Output;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Cli.Commands;

/// <summary>x2k plan rehearse and x2k wave rehearse: every command of a move, and nothing changed.</summary>
internal static class Rehearsals
{
    private const string How = "what only reads is run now, every other command is printed; exit code 1 when a run would fail";

    /// <summary>Builds <c>x2k plan rehearse</c>.</summary>
    public static Command OfPlan(CommonOptions common)
    {
        var (id, scripts) = (PlanCommands.PlanArgument(), Scripts());
        var command = new Command("rehearse", $"Go through all steps of a plan without changing anything: {How}") { id, scripts };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var plan = await Lookup.PlanAsync(client, parsed.GetRequiredValue(id), token).ConfigureAwait(false);
            var rehearsal = await client.PostAsync<Rehearsal>($"plans/{plan}/rehearse", null, token).ConfigureAwait(false);
            print.Result(rehearsal, () => Show(print, rehearsal, parsed.GetValue(scripts)));
            return rehearsal.Problem is null ? CliExit.Done : CliExit.Failed;
        });
        return command;
    }

    /// <summary>Builds <c>x2k wave rehearse</c>.</summary>
    public static Command OfWave(CommonOptions common)
    {
        var (id, scripts) = (WaveCommands.WaveArgument(), Scripts());
        var command = new Command("rehearse", $"Go through all steps of every plan without changing anything: {How}") { id, scripts };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var wave = await Lookup.WaveAsync(client, parsed.GetRequiredValue(id), token).ConfigureAwait(false);
            var rehearsals = await client.PostAsync<List<Rehearsal>>($"waves/{wave}/rehearse", null, token).ConfigureAwait(false);
            print.Result(rehearsals, () =>
            {
                // Each script once, by the guest that has it first.
                foreach (var (index, rehearsal) in rehearsals.Index())
                {
                    print.Line($"{(index == 0 ? "" : "\n")}== {rehearsal.Guest}");
                    Show(print, rehearsal, parsed.GetValue(scripts) && index == 0);
                }
            });
            return rehearsals.TrueForAll(rehearsal => rehearsal.Problem is null) ? CliExit.Done : CliExit.Failed;
        });
        return command;
    }

    private static Option<bool> Scripts() => new("--scripts") { Description = "Print the text of the scripts that are handed to the hosts' shells, too" };

    private static void Show(Printer print, Rehearsal rehearsal, bool scripts)
    {
        var printed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var step in rehearsal.Steps)
        {
            print.Line($"# {step.Title}");
            foreach (var command in step.Commands)
            {
                print.Line($"{command.Host}$ {command.CommandLine}{(command.ExitCode is { } code ? $"   # only reads, was run: exit {code}" : "")}");
                if (scripts && command.Script is { } script && printed.Add(script))
                {
                    print.Raw(script.TrimEnd() + "\n");
                }
            }

            if (step.Note.Length > 0)
            {
                print.Line($"  {step.Note}");
            }

            if (step.Problem is { } problem)
            {
                print.Line($"A run would fail here: {problem}");
            }
        }
    }
}
