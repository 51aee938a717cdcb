using System.Globalization;
using System.Text;
using CsvHelper;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Waves;

namespace Xen2Kvm.Web.Components.Text;

/// <summary>
/// A wave's guests as CSV: a header of column names, then a row for each guest; comma or semicolon between cells, UTF-8 (or UTF-16 with its
/// mark). Several bridges or guests to wait for stand in one cell, a space between them: <c>xenbr0=br0 xenbr1=br1</c>, <c>db @storage</c>.
/// </summary>
public static class WaveCsv
{
    private static readonly string[] _columns =
    [
        "source_host", "guest", "target_host", "storage", "format", "name", "vcpus", "memory_mib", "bridges", "ping", "tcp_port", "prove_within_s",
        "shutdown_timeout_s", "rate_limit_bytes_per_s", "group", "after", "canary",
    ];

    private static readonly string[] _required = ["source_host", "guest", "target_host"];

    /// <summary>Writes rows; cells that a spreadsheet would take for a formula are escaped.</summary>
    public static byte[] Write(IEnumerable<SheetRow> rows)
    {
        var text = new StringBuilder("\uFEFF");
        Csv.Line(text, _columns);
        foreach (var row in rows)
        {
            Csv.Line(
                text, row.SourceHost, row.Guest, row.TargetHost, row.Storage, row.Format?.ToString().ToLowerInvariant(), row.Name, row.Vcpus, row.MemoryMiB,
                string.Join(' ', (row.Bridges ?? new Dictionary<string, string>()).Select(pair => $"{pair.Key}={pair.Value}")), row.Ping, row.TcpPort,
                row.ProveWithinSeconds, row.ShutdownTimeoutSeconds, row.RateLimitBytesPerSecond, row.Group, string.Join(' ', row.After ?? []), row.Canary ? "yes" : "");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Reads rows; what cannot be read is told by line and column.</summary>
    public static (IReadOnlyList<SheetRow> Rows, IReadOnlyList<string> Problems) Read(byte[] bytes)
    {
        if (Decode(bytes) is not { } text)
        {
            return ([], ["The file is not UTF-8. Save it as “CSV UTF-8”."]);
        }

        try
        {
            return Read(text);
        }
        catch (CsvFormatException wrong)
        {
            return ([], [wrong.Message]);
        }
    }

    private static (IReadOnlyList<SheetRow> Rows, IReadOnlyList<string> Problems) Read(string text)
    {
        using var csv = CsvReader.FromText(text, new CsvReaderOptions { TrackLineNumbers = true, TrimWhitespace = true, MaxRecordSize = 100_000 });
        csv.ReadHeader();
        var names = csv.Headers.Select(name => name.Trim().ToLowerInvariant()).ToList();
        if (names.TrueForAll(name => name.Length == 0))
        {
            return ([], [$"The file is empty. Its first line names the columns, as {string.Join(',', _required)}."]);
        }

        var problems = names.Where(name => name.Length > 0 && !_columns.Contains(name)).Select(name => $"There is no column {name}. Columns are: {string.Join(", ", _columns)}.")
            .Concat(_required.Where(name => !names.Contains(name)).Select(name => $"The column {name} is missing."))
            .Concat(names.GroupBy(name => name).Where(group => group.Key.Length > 0 && group.Count() > 1).Select(group => $"The column {group.Key} is there twice.")).ToList();
        var rows = new List<SheetRow>();
        if (problems.Count > 0)
        {
            return (rows, problems);
        }

        while (csv.Read())
        {
            if (rows.Count == WaveRules.MostPlans)
            {
                return ([], [$"The file has more than {WaveRules.MostPlans} rows; a wave takes no more. Make several."]);
            }

            if (Enumerable.Range(0, csv.FieldCount).Any(field => !csv.IsEmpty(field)))
            {
                rows.Add(new LineReader(csv, problems).Row());
            }
        }

        return (rows, problems);
    }

    private static string? Decode(byte[] bytes)
    {
        try
        {
            using var reader = new StreamReader(new MemoryStream(bytes), new UTF8Encoding(false, true), detectEncodingFromByteOrderMarks: true);
            return reader.ReadToEnd();
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private sealed class LineReader(CsvReader csv, List<string> problems)
    {
        public SheetRow Row() => new()
        {
            SourceHost = Text("source_host") ?? "",
            Guest = Text("guest") ?? "",
            TargetHost = Text("target_host") ?? "",
            Storage = Text("storage"),
            Format = Word("format", ("raw", DiskFormat.Raw), ("qcow2", DiskFormat.Qcow2)),
            Name = Text("name"),
            Vcpus = (int?)Number("vcpus", int.MaxValue),
            MemoryMiB = Number("memory_mib"),
            Bridges = Bridges(),
            Ping = Text("ping"),
            TcpPort = (int?)Number("tcp_port", 65535),
            ProveWithinSeconds = (int?)Number("prove_within_s", int.MaxValue),
            ShutdownTimeoutSeconds = (int?)Number("shutdown_timeout_s", int.MaxValue),
            RateLimitBytesPerSecond = Number("rate_limit_bytes_per_s"),
            Group = Text("group"),
            After = Text("after")?.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            Canary = Word<bool>("canary", ("yes", true), ("true", true), ("1", true), ("no", false), ("false", false), ("0", false)) ?? false,
        };

        // An apostrophe in front of what would be a formula is what the export put there.
        private string? Text(string column) => csv.TryGetFieldIndex(column, out var field) && field < csv.FieldCount && csv.GetString(field) is { Length: > 0 } text ? text is ['\'', '=' or '+' or '-' or '@' or '\t', ..] ? text[1..] : text : null;

        private long? Number(string column, long most = long.MaxValue)
        {
            if (Text(column) is not { } text)
            {
                return null;
            }

            if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= most)
            {
                return number;
            }

            problems.Add($"Line {csv.LineNumber}: {column} is “{text}”; give a whole number.");
            return null;
        }

        private T? Word<T>(string column, params (string Word, T Value)[] words)
            where T : struct
        {
            if (Text(column) is not { } text)
            {
                return null;
            }

            foreach (var (word, value) in words)
            {
                if (string.Equals(word, text, StringComparison.OrdinalIgnoreCase))
                {
                    return value;
                }
            }

            problems.Add($"Line {csv.LineNumber}: {column} is “{text}”; give {string.Join(" or ", words.Select(word => word.Word))}.");
            return null;
        }

        private Dictionary<string, string>? Bridges()
        {
            if (Text("bridges") is not { } text)
            {
                return null;
            }

            var bridges = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var pair in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (pair.Split('=') is [{ Length: > 0 } from, { Length: > 0 } to])
                {
                    bridges[from] = to;
                }
                else
                {
                    problems.Add($"Line {csv.LineNumber}: bridges is “{text}”; give pairs as xenbr0=br0.");
                    break;
                }
            }

            return bridges;
        }
    }
}
