using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Components.Text;

namespace Xen2Kvm.Web.Components.Pages.Runs;

/// <summary>One row of the log viewer: a line of the log, or one of its further lines.</summary>
/// <param name="Line">The line.</param>
/// <param name="Text">Text of this row.</param>
/// <param name="First">The row with time, step and level.</param>
public sealed record LogRow(RunLogLine Line, string Text, bool First);

/// <summary>
/// The end of a log, of the lines that pass a filter. Rows are added at the end as lines arrive, and before the first when a reader asks for
/// earlier ones; they are kept in one list, so that a virtualised view need not start over.
/// </summary>
public sealed class LogBuffer
{
    /// <summary>A page holds no more lines than this, the latest; all of them are in the ledger and in the download.</summary>
    public const int MostLines = 50_000;

    private readonly List<RunLogLine> _lines = [];

    /// <summary>Which lines pass.</summary>
    public RunLogQuery Query { get; private set; } = new() { Level = RunLogLevel.Info };

    /// <summary>Rows that pass the filter.</summary>
    public List<LogRow> Rows { get; } = [];

    /// <summary>Sequence number of the last line of the log, passed or not; lines are numbered without gaps, so it is their number too.</summary>
    public long Last { get; private set; }

    /// <summary>Lines that pass and are earlier than the first one here have not been read.</summary>
    public bool HasEarlier { get; private set; }

    /// <summary>Asks for the lines before the first one here.</summary>
    public RunLogQuery Earlier(int most) => Query with { Before = _lines.Count > 0 ? _lines[0].Sequence : Last + 1, Most = most };

    /// <summary>The filter of the words in the address bar.</summary>
    /// <param name="step">Step id, or null for all.</param>
    /// <param name="level">Least level in a word, or null.</param>
    /// <param name="text">Text in the line; empty for all.</param>
    public static RunLogQuery ToQuery(string? step, string? level, string? text) => new() { StepId = step, Level = ParseLevel(level), Text = text?.Trim() is { Length: > 0 } some ? some : null };

    /// <summary>Begins with the end of a log that was read for a filter.</summary>
    /// <param name="query">The filter.</param>
    /// <param name="last">Sequence number of the last line of all.</param>
    public void Begin(RunLogQuery query, long last)
    {
        _lines.Clear();
        Rows.Clear();
        (Query, Last, HasEarlier) = (query, last, true);
    }

    /// <summary>Puts lines in front that <see cref="Earlier"/> asked for; returns how many rows they make.</summary>
    /// <param name="lines">The lines.</param>
    /// <param name="hasMore">There may be more before them.</param>
    public int AddEarlier(IReadOnlyList<RunLogLine> lines, bool hasMore)
    {
        var rows = lines.SelectMany(Rowed).ToList();
        _lines.InsertRange(0, lines);
        Rows.InsertRange(0, rows);
        HasEarlier = hasMore && _lines.Count < MostLines;
        return rows.Count;
    }

    /// <summary>Adds what was written since; returns how many rows of it pass.</summary>
    public int Add(IReadOnlyList<RunLogLine> lines)
    {
        var before = Rows.Count;
        foreach (var line in lines.Where(line => line.Sequence > Last))
        {
            Last = line.Sequence;
            if (Query.Passes(line))
            {
                _lines.Add(line);
                Rows.AddRange(Rowed(line));
            }
        }

        var added = Rows.Count - before;
        if (_lines.Count > MostLines)
        {
            // A tenth at a time: letting go of single lines would shift the reader with every new one.
            _lines.RemoveRange(0, _lines.Count - (MostLines * 9 / 10));
            Rows.Clear();
            Rows.AddRange(_lines.SelectMany(Rowed));
            HasEarlier = true;
        }

        return added;
    }

    /// <summary>The row in which a line begins; -1 when it is not here.</summary>
    public int RowOf(long sequence) => Rows.FindIndex(row => row.Line.Sequence == sequence);

    /// <summary>A level by its word; info when it is none.</summary>
    public static RunLogLevel ParseLevel(string? word) =>
        Enum.GetValues<RunLogLevel>().FirstOrDefault(level => StateWords.Level(level) == word, RunLogLevel.Info);

    private static List<LogRow> Rowed(RunLogLine line)
    {
        var rows = new List<LogRow>(1);
        foreach (var part in line.Text.EnumerateLines())
        {
            rows.Add(new LogRow(line, part.ToString(), rows.Count == 0));
        }

        return rows;
    }
}
