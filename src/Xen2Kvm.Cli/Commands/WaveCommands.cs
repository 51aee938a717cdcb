using System.CommandLine;
using System.Text.Json.Nodes;
using Xen2Kvm.Cli.Client;
using Xen2Kvm.Cli.Output;
using Xen2Kvm.Domain.Waves;

namespace Xen2Kvm.Cli.Commands;

/// <summary>x2k wave …</summary>
internal static class WaveCommands
{
    /// <summary>Builds the group.</summary>
    public static Command Build(CommonOptions common) => new("wave", "Plans that go together: order, windows, limits, approval")
    {
        WaveSheets.Create(common), WaveSheets.Import(common), WaveSheets.Export(common), List(common), Show(common),
        Act(common, "submit", "Submit for approval, after a fresh preflight of every plan"),
        Decide(common, "approve", true, "Approve what was submitted by another person"), Decide(common, "reject", false, "Reject what was submitted, with a reason"),
        Act(common, "withdraw", "Take it back to a draft; runs in flight go on"), Act(common, "start", "Start an approved wave, or go on with a paused one"),
        Act(common, "pause", "Start nothing new; runs in flight go on"), Act(common, "cancel", "Give it up; its runs must be at rest"),
        PutOff(common), Rehearsals.OfWave(common), Watch(common), Report(common),
    };

    /// <summary>The argument that names a wave.</summary>
    public static Argument<string> WaveArgument() => new("wave") { Description = "Id of the wave, the beginning of it, or its name" };

    private static Command List(CommonOptions common)
    {
        var command = new Command("list", "Waves, newest first");
        common.Handle(command, async (_, client, print, token) =>
        {
            var waves = await client.GetAsync<List<Wave>>("waves", token).ConfigureAwait(false);
            print.Result(waves, () => print.Table(["ID", "NAME", "STATE", "PLANS", "WINDOW", "MADE", "BY"], waves.Select(wave => new[]
            {
                wave.Id.ToString(), wave.Name, wave.State.ToString(), wave.Entries.Count.ToString(System.Globalization.CultureInfo.InvariantCulture),
                wave.Calendar.Describe(), Units.Time(wave.CreatedAt), wave.CreatedBy,
            })));
            return CliExit.Done;
        });
        return command;
    }

    private static Command Show(CommonOptions common)
    {
        var id = WaveArgument();
        var command = new Command("show", "One wave: where each of its plans stands, and what it waits for") { id };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var wave = await WaveStatus.ReadAsync(client, await Lookup.WaveAsync(client, parsed.GetRequiredValue(id), token).ConfigureAwait(false), token).ConfigureAwait(false);
            print.Result(wave.Json, () => wave.Show(print));
            return CliExit.Done;
        });
        return command;
    }

    private static Command Act(CommonOptions common, string verb, string description)
    {
        var id = WaveArgument();
        var command = new Command(verb, description) { id };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var wave = await client.PostAsync<Wave>($"waves/{await Lookup.WaveAsync(client, parsed.GetRequiredValue(id), token).ConfigureAwait(false)}/{verb}", null, token)
                .ConfigureAwait(false);
            print.Result(wave, () => print.Line($"{wave.Name} is {WaveRules.Word(wave.State)}.{(wave.Fingerprint is { } print256 && verb == "submit" ? $" Fingerprint {print256}." : "")}"));
            return CliExit.Done;
        });
        return command;
    }

    private static Command Decide(CommonOptions common, string verb, bool approve, string description)
    {
        var id = WaveArgument();
        var reason = new Option<string?>("--reason") { Description = approve ? "Why" : "Why, so that it can be mended", Required = !approve };
        var fingerprint = new Option<string?>("--fingerprint")
        {
            Description = "The fingerprint that you looked at, or its beginning; refused when something else is submitted now (default: what is submitted now)",
        };
        var command = new Command(verb, description) { id, reason, fingerprint };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var path = $"waves/{await Lookup.WaveAsync(client, parsed.GetRequiredValue(id), token).ConfigureAwait(false)}";
            var now = (string?)(await client.GetAsync(path, token).ConfigureAwait(false))["wave"]?["fingerprint"];
            if (parsed.GetValue(fingerprint) is { } seen && now?.StartsWith(seen, StringComparison.OrdinalIgnoreCase) != true)
            {
                throw new CliException($"What is submitted now has another fingerprint ({now ?? "none"}). Look at it again: x2k wave show.");
            }

            var wave = await client.PostAsync<Wave>($"{path}/decision", new { approve, fingerprint = now, reason = parsed.GetValue(reason) }, token).ConfigureAwait(false);
            print.Result(wave, () => print.Line($"{wave.Name} is {WaveRules.Word(wave.State)}."));
            return CliExit.Done;
        });
        return command;
    }

    private static Command PutOff(CommonOptions common)
    {
        var id = WaveArgument();
        var until = new Option<DateTimeOffset?>("--until") { Description = "Nothing of it starts before this time, as 2026-11-27T22:00+01:00 (default: let it go again)" };
        var command = new Command("put-off", "Start nothing of it before a time, while it runs, too; runs in flight go on") { id, until };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var path = $"waves/{await Lookup.WaveAsync(client, parsed.GetRequiredValue(id), token).ConfigureAwait(false)}/put-off";
            var wave = await client.PostAsync<Wave>(path, new { until = parsed.GetValue(until) }, token).ConfigureAwait(false);
            print.Result(wave, () => print.Line(wave.NotBefore is { } at ? $"{wave.Name} starts nothing before {Units.Time(at)}." : $"{wave.Name} is not put off any more."));
            return CliExit.Done;
        });
        return command;
    }

    private static Command Watch(CommonOptions common)
    {
        var id = WaveArgument();
        var command = new Command("watch", "Follow a wave until it ends or waits for a person; exit code 0 when everything was proven. With --json one line for each change") { id };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var wave = await Lookup.WaveAsync(client, parsed.GetRequiredValue(id), token).ConfigureAwait(false);
            var shown = new Dictionary<string, string>(StringComparer.Ordinal);
            while (true)
            {
                var status = await WaveStatus.ReadAsync(client, wave, token).ConfigureAwait(false);
                status.ShowChanges(print, shown);
                if (status.WaitsForPerson(out var proven))
                {
                    return proven ? CliExit.Done : CliExit.Failed;
                }

                await Task.Delay(TimeSpan.FromSeconds(2), token).ConfigureAwait(false);
            }
        });
        return command;
    }

    private static Command Report(CommonOptions common)
    {
        var id = WaveArgument();
        var command = new Command("report", "What the wave did and rests on, whole, as JSON") { id };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var report = await client.GetAsync<JsonNode>($"waves/{await Lookup.WaveAsync(client, parsed.GetRequiredValue(id), token).ConfigureAwait(false)}/report", token)
                .ConfigureAwait(false);
            print.JsonLine(report);
            return CliExit.Done;
        });
        return command;
    }
}
