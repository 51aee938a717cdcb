using System.CommandLine;
using System.Net.Mime;
using Xen2Kvm.Cli.Client;
using Xen2Kvm.Domain.Waves;

namespace Xen2Kvm.Cli.Commands;

/// <summary>x2k wave create, import and export.</summary>
internal static class WaveSheets
{
    /// <summary>Builds <c>x2k wave create</c>.</summary>
    public static Command Create(CommonOptions common)
    {
        var name = new Argument<string>("name") { Description = "Name of the wave" };
        var plans = new Argument<string[]>("plans") { Description = "Its plans in order: ids, beginnings of ids, or guest names", Arity = ArgumentArity.ZeroOrMore };
        var after = new Option<string[]>("--after") { Description = "GUEST=GUEST: the first waits for the second; may be given often" };
        var canary = new Option<string[]>("--canary") { Description = "A guest that goes first; may be given often" };
        var concurrent = new Option<int>("--concurrent") { Description = "Runs at the same time, for the wave and for each host", DefaultValueFactory = _ => 2 };
        var failures = new Option<int>("--stop-after") { Description = "Pause after so many failures; 0 for never", DefaultValueFactory = _ => 1 };
        var onFailure = new Option<FailurePolicy>("--on-failure") { Description = "What happens to a failed run", DefaultValueFactory = _ => FailurePolicy.RollBackBeforeCutover };
        var command = new Command("create", "Make a draft from plans") { name, plans, after, canary, concurrent, failures, onFailure };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var given = parsed.GetValue(plans) ?? [];
            var ids = new Dictionary<string, Guid>(StringComparer.Ordinal);
            foreach (var plan in given)
            {
                ids[plan] = await Lookup.PlanAsync(client, plan, token).ConfigureAwait(false);
            }

            var pairs = (parsed.GetValue(after) ?? []).Select(pair => pair.Split('=') is [var first, var second] && ids.ContainsKey(first) && ids.ContainsKey(second)
                ? (First: first, Second: second)
                : throw CliException.Usage($"--after {pair}: give two of the plans above, as app=db.")).ToList();
            var first = parsed.GetValue(canary) ?? [];
            if (first.FirstOrDefault(guest => !ids.ContainsKey(guest)) is { } stranger)
            {
                throw CliException.Usage($"--canary {stranger}: it is none of the plans above.");
            }

            var (slots, policy) = (parsed.GetValue(concurrent), parsed.GetValue(onFailure));
            var wave = await client.PostAsync<Wave>("waves", new
            {
                name = parsed.GetRequiredValue(name),
                plans = given.Select(plan => new { plan = ids[plan], dependsOn = pairs.Where(pair => pair.First == plan).Select(pair => ids[pair.Second]), isCanary = first.Contains(plan) }),
                policy = new { maxConcurrent = slots, maxPerSourceHost = slots, maxPerTargetHost = slots, stopAfterFailures = parsed.GetValue(failures), onFailure = policy },
            }, token).ConfigureAwait(false);
            print.Result(wave, () => print.Line($"{wave.Name} is a draft of {wave.Entries.Count} plans, {wave.Id}. Next: x2k wave submit {wave.Id}."));
            return CliExit.Done;
        });
        return command;
    }

    /// <summary>Builds <c>x2k wave import</c>.</summary>
    public static Command Import(CommonOptions common)
    {
        var file = new Argument<string>("file") { Description = "A .csv or .json file, as x2k wave export writes it" };
        var name = new Option<string?>("--name") { Description = "Name of the wave (a CSV file holds none)" };
        var dry = new Option<bool>("--dry-run") { Description = "Check every guest on its hosts and store nothing; exit code 1 when something stands in the way" };
        var command = new Command("import", "Plan the guests of a sheet and make a draft of them") { file, name, dry };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var (bytes, type) = await ReadAsync(parsed.GetRequiredValue(file), token).ConfigureAwait(false);
            var query = parsed.GetValue(name) is { } given ? $"name={Uri.EscapeDataString(given)}" : "";
            if (parsed.GetValue(dry))
            {
                return ShowDryRun(await client.PostTextAsync<System.Text.Json.Nodes.JsonNode>($"waves/propose?check=true&{query}", bytes, type, token).ConfigureAwait(false), print);
            }

            var wave = await client.PostTextAsync<Wave>($"waves/import?{query}", bytes, type, token).ConfigureAwait(false);
            print.Result(wave, () => print.Line($"{wave.Name} is a draft of {wave.Entries.Count} plans, {wave.Id}. Next: x2k wave submit {wave.Id}."));
            return CliExit.Done;
        });
        return command;
    }

    /// <summary>Builds <c>x2k wave export</c>.</summary>
    public static Command Export(CommonOptions common)
    {
        var id = WaveCommands.WaveArgument();
        var format = new Option<string>("--format") { Description = "json, or csv without rules and windows", DefaultValueFactory = _ => "json" };
        format.AcceptOnlyFromAmong("json", "csv");
        var command = new Command("export", "The wave as a sheet of its guests") { id, format };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var wave = await Lookup.WaveAsync(client, parsed.GetRequiredValue(id), token).ConfigureAwait(false);
            print.Raw(await client.GetTextAsync($"waves/{wave}/export?format={parsed.GetRequiredValue(format)}", token).ConfigureAwait(false));
            return CliExit.Done;
        });
        return command;
    }

    private static int ShowDryRun(System.Text.Json.Nodes.JsonNode proposed, Output.Printer print)
    {
        var problems = proposed["allProblems"]!.AsArray().Select(problem => (string)problem!).ToList();
        var rows = proposed["rows"]!.AsArray();
        var blocked = rows.Any(row => row!["concerns"]!.AsArray().Any(concern => (string?)concern!["severity"] == "Blocker"));
        print.Result(proposed, () =>
        {
            print.Table(["ROW", "GUEST", "TO", "STORAGE", "BLOCKERS", "WARNINGS"], rows.Select(row => new[]
            {
                row!["number"]!.ToString(), (string?)row["row"]!["guest"], (string?)row["row"]!["targetHost"], (string?)row["plan"]?["target"]!["disks"]!.AsArray().FirstOrDefault()?["storageName"],
                Count(row, "Blocker"), Count(row, "Warning"),
            }));
            foreach (var row in rows)
            {
                foreach (var concern in row!["concerns"]!.AsArray().Where(concern => (string?)concern!["severity"] != "Info"))
                {
                    print.Line($"{(string?)row["row"]!["guest"]}: [{(string?)concern!["id"]} {(string?)concern["severity"]}] {(string?)concern["title"]}");
                }
            }

            problems.ForEach(print.Line);
            print.Line(problems.Count == 0 && !blocked ? "Nothing was stored. It could be imported as it is." : "Nothing was stored.");
        });
        return problems.Count == 0 && !blocked ? CliExit.Done : CliExit.Failed;
    }

    private static string Count(System.Text.Json.Nodes.JsonNode row, string severity) =>
        row["concerns"]!.AsArray().Count(concern => (string?)concern!["severity"] == severity).ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static async Task<(byte[] Bytes, string Type)> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return (await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false),
                path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? MediaTypeNames.Application.Json : MediaTypeNames.Text.Csv);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{path} cannot be read: {failure.Message}");
        }
    }
}
