using System.CommandLine;
using System.Globalization;
using Xen2Kvm.Cli.Output;
using Xen2Kvm.Domain.Limits;
using Xen2Kvm.Engine.Limits;

namespace Xen2Kvm.Cli.Commands;

/// <summary>x2k limit …</summary>
internal static class LimitCommands
{
    private static readonly string[] DayNames = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    /// <summary>Builds the group.</summary>
    public static Command Build(CommonOptions common) => new("limit", "Limits of the whole installation, always or by the clock: runs at once, bandwidth")
    {
        List(common), Add(common), Change(common), Remove(common),
    };

    private static Command List(CommonOptions common)
    {
        var command = new Command("list", "All limits, what counts of them now, and how much of that is used");
        common.Handle(command, async (_, client, print, token) =>
        {
            var limits = await client.GetAsync<LimitsNow>("limits", token).ConfigureAwait(false);
            print.Result(limits, () =>
            {
                if (limits.Rules.Count == 0)
                {
                    print.Line("Nothing is limited. Add a limit: x2k limit add --rate 40 --from 08:00 --to 18:00");
                    return;
                }

                print.Table(["ID", "WHERE", "LIMIT", "WHEN", "MADE BY"], limits.Rules.Select(rule => new[]
                {
                    rule.Id.ToString(), rule.Scope.Describe(), rule.DescribeValue(), rule.DescribeTimes(), rule.CreatedBy,
                }));
                print.Line();
                print.Table(["NOW", "USED", "OF", "UNTIL"], limits.Now.Select(use => new[]
                {
                    use.Scope.Describe(), Amount(use.Kind, (long)use.Used), Amount(use.Kind, use.Value), use.Until is { } until ? Units.Time(until) : "-",
                }));
            });
            return CliExit.Done;
        });
        return command;
    }

    private static Command Add(CommonOptions common)
    {
        var fields = new Fields();
        var command = new Command("add", "Add a limit; it counts at once, for runs in flight, too");
        fields.AddTo(command);
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var rule = await client.PostAsync<LimitRule>("limits", fields.Read(parsed), token).ConfigureAwait(false);
            print.Result(rule, () => print.Line($"Added {rule.Id}: {rule.Describe()}."));
            return CliExit.Done;
        });
        return command;
    }

    private static Command Change(CommonOptions common)
    {
        var (id, fields) = (IdArgument(), new Fields());
        var command = new Command("change", "Replace what a limit says: give all of it, as with add") { id };
        fields.AddTo(command);
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var rule = await client.PutAsync<LimitRule>($"limits/{parsed.GetRequiredValue(id)}", fields.Read(parsed), token).ConfigureAwait(false);
            print.Result(rule, () => print.Line($"{rule.Id} is now {rule.Describe()}."));
            return CliExit.Done;
        });
        return command;
    }

    private static Command Remove(CommonOptions common)
    {
        var id = IdArgument();
        var command = new Command("remove", "Remove a limit") { id };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            await client.DeleteAsync($"limits/{parsed.GetRequiredValue(id)}", token).ConfigureAwait(false);
            print.Result(new { removed = parsed.GetRequiredValue(id) }, () => print.Line("Removed."));
            return CliExit.Done;
        });
        return command;
    }

    private static Argument<Guid> IdArgument() => new("id") { Description = "Id of the limit, as x2k limit list shows it" };

    private static string Amount(LimitKind kind, long amount) =>
        kind == LimitKind.Runs ? amount.ToString(CultureInfo.InvariantCulture) + (amount == 1 ? " run" : " runs") : LimitRule.Rate(amount);

    // What a limit says, as options.
    private sealed class Fields
    {
        private readonly Option<long?> _runs = new("--runs") { Description = "Runs at once; 0: none starts" };
        private readonly Option<decimal?> _rate = new("--rate") { Description = "MB/s (10^6 bytes) that copies send together, compressed" };
        private readonly Option<string?> _host = new("--host") { Description = "For one host, what leaves it and what comes to it (default: everywhere)" };
        private readonly Option<string?> _pool = new("--pool") { Description = "With --host and --runs: for one volume group or pool" };
        private readonly Option<string?> _days = new("--days") { Description = "Days on which its time begins: mon-fri, sat,sun (default: every day)" };
        private readonly Option<string?> _from = new("--from") { Description = "When it begins: 08:00 (default: whole days)" };
        private readonly Option<string?> _to = new("--to") { Description = "When it ends: 18:00, on the next day when that is not after --from" };
        private readonly Option<string?> _zone = new("--zone") { Description = "Time zone of days and times: Europe/Berlin (default: this machine's)" };

        public void AddTo(Command command)
        {
            foreach (var option in new Option[] { _runs, _rate, _host, _pool, _days, _from, _to, _zone })
            {
                command.Add(option);
            }
        }

        public LimitDraft Read(ParseResult parsed)
        {
            var (runs, rate) = (parsed.GetValue(_runs), parsed.GetValue(_rate));
            if (runs is null == rate is null)
            {
                throw CliException.Usage("Give --runs or --rate.");
            }

            if (rate is < 0 or > 1_000_000)
            {
                throw CliException.Usage("--rate takes MB/s, as 40 or 0.5.");
            }

            return new LimitDraft(
                runs is null ? LimitKind.BytesPerSecond : LimitKind.Runs, runs ?? (long)(rate!.Value * 1_000_000), new LimitScope(parsed.GetValue(_host), parsed.GetValue(_pool)),
                Days(parsed.GetValue(_days)), Time("--from", parsed.GetValue(_from)), Time("--to", parsed.GetValue(_to)), parsed.GetValue(_zone) ?? LocalZone());
        }

        private static TimeOnly? Time(string option, string? text) => text is null ? null
            : TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time
            : throw CliException.Usage($"{option} takes a time like 08:00, not {text}.");

        private static IReadOnlyList<DayOfWeek> Days(string? text) => text is null ? [] :
        [
            .. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).SelectMany(word =>
            {
                var ends = word.ToLowerInvariant().Split('-').Select(end => Array.FindIndex(DayNames, name => end.StartsWith(name, StringComparison.Ordinal))).ToArray();
                if (ends.Length > 2 || ends.Contains(-1))
                {
                    throw CliException.Usage($"--days takes days like mon-fri or sat,sun, not {word}.");
                }

                // From Friday to Monday goes over the end of the week.
                return Enumerable.Range(0, ((ends[^1] - ends[0] + 7) % 7) + 1).Select(day => (DayOfWeek)((ends[0] + day + 1) % 7));
            }).Distinct(),
        ];

        private static string LocalZone() =>
            TimeZoneInfo.Local.HasIanaId ? TimeZoneInfo.Local.Id : TimeZoneInfo.TryConvertWindowsIdToIanaId(TimeZoneInfo.Local.Id, out var iana) ? iana : "UTC";
    }
}
