using System.Text.RegularExpressions;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Persistence.Stores;

/// <summary>The last lines of logs that pass a query, as SQL for one run and for all of a wave.</summary>
internal static partial class LogSql
{
    /// <summary>Lines of this level and above have an index of their own: they are few, and a log may have a million lines between two of them.</summary>
    public const RunLogLevel IndexedFrom = RunLogLevel.Warning;

    // What LIKE would read as any text.
    [GeneratedRegex(@"[\\%_]")]
    private static partial Regex AnyText { get; }

    /// <summary>Selects the last lines of a run, last first.</summary>
    public static string OfRun(RunLogQuery query) => LastLines(query, "{4}");

    /// <summary>Selects the last lines of all runs of a wave, last first: of each run its own last lines before, by its key, so that no log is read whole.</summary>
    public static string OfWave(RunLogQuery query) =>
        $$"""
        SELECT r.id AS runid, r.guest_name AS guestname, l.sequence, l.at, l.step_id AS stepid, l.level, l.text
        FROM runs r CROSS JOIN LATERAL ({{LastLines(query, "r.id")}}) l
        WHERE r.wave_id = {4}
        ORDER BY l.at DESC, r.id DESC, l.sequence DESC LIMIT {3}
        """;

    /// <summary>The values of the parameters.</summary>
    /// <param name="query">Which lines.</param>
    /// <param name="id">The run, or the wave.</param>
    public static object[] Values(RunLogQuery query, Guid id) => [query.Before, query.StepId!, Pattern(query.Text)!, query.Most, id];

    // The level stands in the text, for the server uses the index only when it sees that all wanted lines are in it.
    private static string LastLines(RunLogQuery query, string run) =>
        $$"""
        SELECT * FROM run_log
        WHERE run_id = {{run}} AND sequence < {0} AND level >= {{(short)query.Level}}
            AND ({1}::text IS NULL OR step_id = {1}) AND ({2}::text IS NULL OR text COLLATE "C" ILIKE {2})
        ORDER BY sequence DESC LIMIT {3}
        """;

    // Letters are compared byte by byte, so that a search through a million lines takes less than a second: beyond ASCII their case counts.
    private static string? Pattern(string? text) => string.IsNullOrEmpty(text) ? null : $"%{AnyText.Replace(StoreText.Clean(text), @"\$0")}%";
}
