using System.CommandLine;
using Xen2Kvm.Cli.Client;
using Xen2Kvm.Cli.Output;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Records;

namespace Xen2Kvm.Cli.Commands;

/// <summary>x2k audit …</summary>
internal static class AuditCommands
{
    /// <summary>Builds the group.</summary>
    public static Command Build(CommonOptions common) => new("audit", "Who did what") { List(common), Export(common), Verify(common) };

    private static Command List(CommonOptions common)
    {
        var filter = new FilterOptions();
        var most = new Option<int>("--most") { Description = "Entries at most (default: 100)", DefaultValueFactory = _ => 100 };
        var before = new Option<long?>("--before") { Description = "Only entries before this number: the last one shown gives the next page" };
        var command = new Command("list", "Acts, newest first") { most, before };
        filter.AddTo(command);
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var path = $"audit?{filter.Query(parsed)}&most={parsed.GetValue(most)}" + (parsed.GetValue(before) is { } number ? $"&before={number}" : "");
            var entries = await client.GetAsync<List<AuditRecord>>(path, token).ConfigureAwait(false);
            print.Result(entries, () => print.Table(
                ["NO", "WHEN", "BY", "ACT", "SUBJECT", "DETAIL"],
                entries.Select(entry => new[] { $"{entry.Id}", Units.Time(entry.At), entry.By, entry.Action, entry.Subject, entry.Detail })));
            return CliExit.Done;
        });
        return command;
    }

    private static Command Export(CommonOptions common)
    {
        var filter = new FilterOptions();
        var csv = new Option<bool>("--csv") { Description = "CSV for a spreadsheet instead of JSON lines, which are exact" };
        var command = new Command("export", "All acts of a filter in the order of writing, with their hashes, to standard output") { csv };
        filter.AddTo(command);
        common.Handle(command, async (parsed, client, print, token) =>
        {
            await client.CopyAsync($"audit/export?{filter.Query(parsed)}&format={(parsed.GetValue(csv) ? "csv" : "jsonl")}", print.Raw, token).ConfigureAwait(false);
            return CliExit.Done;
        });
        return command;
    }

    private static Command Verify(CommonOptions common)
    {
        var command = new Command("verify", "Check that every act is what was written; exit code 1 when one is not");
        common.Handle(command, async (_, client, print, token) =>
        {
            var verdict = await client.GetAsync<AuditVerdict>("audit/verify", token).ConfigureAwait(false);
            print.Result(verdict, () =>
            {
                print.Line(verdict.Fault is { } fault ? $"BROKEN: {fault.Finding} {AuditFault.Advice}" : $"The chain is whole: {verdict.Entries} entries.");
                print.Facts(
                    ("entries that fit", $"{verdict.Entries}"), ("last of them", $"{verdict.LastId}"), ("its hash", verdict.LastHash), ("checked", Units.Time(verdict.At)));
            });
            return verdict.IsWhole ? CliExit.Done : CliExit.Failed;
        });
        return command;
    }

    /// <summary>The filters that list and export share.</summary>
    private sealed class FilterOptions
    {
        private readonly Option<string?> _text = new("--text") { Description = "Part of the subject or the detail" };
        private readonly Option<string?> _by = new("--by") { Description = "Who" };
        private readonly Option<string?> _act = new("--act") { Description = "Which act, as run.start" };
        private readonly Option<DateTimeOffset?> _from = new("--from") { Description = "From this time on, as 2026-11-21 or 2026-11-21T08:00Z" };
        private readonly Option<DateTimeOffset?> _to = new("--to") { Description = "Before this time" };

        public void AddTo(Command command)
        {
            foreach (var option in new Option[] { _text, _by, _act, _from, _to })
            {
                command.Add(option);
            }
        }

        public string Query(ParseResult parsed) => string.Join('&', new (string Name, string? Value)[]
        {
            ("q", parsed.GetValue(_text)), ("by", parsed.GetValue(_by)), ("act", parsed.GetValue(_act)),
            ("from", parsed.GetValue(_from)?.UtcDateTime.ToString("O")), ("to", parsed.GetValue(_to)?.UtcDateTime.ToString("O")),
        }.Where(filter => filter.Value is not null).Select(filter => $"{filter.Name}={HostCommands.Escape(filter.Value!)}"));
    }
}
