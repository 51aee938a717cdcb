using System.Globalization;
using System.Text;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Web.Components.Text;

namespace Xen2Kvm.Web.Components.Pages.Runs;

/// <summary>One row of the log viewer: a line of the log, or one of its further lines.</summary>
/// <param name="Line">The line.</param>
/// <param name="Text">Text of this row.</param>
/// <param name="First">The row with time, step and level.</param>
public sealed record LogRow(RunLogLine Line, string Text, bool First);

/// <summary>
/// Lines of one log with their filter. Rows are added at the end only and kept in one list, so that a virtualised view need not start over.
/// </summary>
public sealed class LogBuffer
{
    /// <summary>More lines are kept by the ledger and are in the download; a page keeps the latest of them.</summary>
    public const int MostLines = 50_000;

    private readonly List<RunLogLine> _lines = [];
    private string? _step;
    private RunLogLevel _level = RunLogLevel.Info;
    private string _query = "";

    /// <summary>Rows that pass the filter.</summary>
    public List<LogRow> Rows { get; } = [];

    /// <summary>Number of lines, filtered or not.</summary>
    public int Count => _lines.Count;

    /// <summary>Sequence number of the last line; 0 when there is none.</summary>
    public long Last => _lines.Count == 0 ? 0 : _lines[^1].Sequence;

    /// <summary>Earlier lines were let go.</summary>
    public bool IsCut => _lines.Count > 0 && _lines[0].Sequence > 1;

    /// <summary>Adds lines and returns how many rows they make.</summary>
    public int Add(IReadOnlyList<RunLogLine> lines)
    {
        var before = Rows.Count;
        foreach (var line in lines)
        {
            _lines.Add(line);
            Show(line);
        }

        var added = Rows.Count - before;
        if (_lines.Count > MostLines)
        {
            // A tenth at a time: letting go of single lines would shift the reader with every new one.
            _lines.RemoveRange(0, _lines.Count - (MostLines * 9 / 10));
            Refill();
        }

        return added;
    }

    /// <summary>Changes the filter.</summary>
    /// <param name="step">Step id, or null for all.</param>
    /// <param name="level">Least level.</param>
    /// <param name="query">Text in the line; empty for all.</param>
    /// <returns>Whether it differs from the one before.</returns>
    public bool Filter(string? step, RunLogLevel level, string? query)
    {
        var text = query?.Trim() ?? "";
        if (_step == step && _level == level && _query == text)
        {
            return false;
        }

        (_step, _level, _query) = (step, level, text);
        Refill();
        return true;
    }

    /// <summary>A level by its word; info when it is none.</summary>
    public static RunLogLevel ParseLevel(string? word) =>
        Enum.GetValues<RunLogLevel>().FirstOrDefault(level => StateWords.Level(level) == word, RunLogLevel.Info);

    /// <summary>Lines as plain text, one a line, times in UTC.</summary>
    public static void Write(StringBuilder text, IEnumerable<RunLogLine> lines)
    {
        foreach (var line in lines)
        {
            text.Append(CultureInfo.InvariantCulture, $"{line.At.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {StateWords.Level(line.Level),-7} {line.StepId ?? "run",-9} {line.Text}\n");
        }
    }

    private void Refill()
    {
        Rows.Clear();
        foreach (var line in _lines)
        {
            Show(line);
        }
    }

    private void Show(RunLogLine line)
    {
        if ((_step is not null && line.StepId != _step) || line.Level < _level
            || (_query.Length > 0 && !line.Text.Contains(_query, StringComparison.OrdinalIgnoreCase)))
        {
            return;
        }

        var first = true;
        foreach (var part in line.Text.EnumerateLines())
        {
            Rows.Add(new LogRow(line, part.ToString(), first));
            first = false;
        }
    }
}
