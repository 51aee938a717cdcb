using System.Globalization;
using System.Text;
using Xen2Kvm.Domain.Runs;

namespace Xen2Kvm.Web.Components.Text;

/// <summary>Runs as a table for a spreadsheet.</summary>
public static class RunCsv
{
    /// <summary>UTF-8 with a byte order mark; times in UTC (ISO 8601), durations in whole seconds.</summary>
    /// <param name="runs">The runs, a line each.</param>
    /// <param name="waits">The limits that some of them wait for, by run.</param>
    /// <param name="now">Until when a downtime that goes on is counted.</param>
    public static byte[] Write(IEnumerable<Run> runs, IReadOnlyDictionary<Guid, string> waits, DateTimeOffset now)
    {
        var text = new StringBuilder("\uFEFF");
        Csv.Line(text, "guest", "from", "to", "state", "where", "downtime_s", "created_at", "started_at", "finished_at", "by", "error", "run");
        foreach (var run in runs)
        {
            Csv.Line(
                text, run.GuestName, run.SourceHost, run.TargetHost, StateWords.Of(run.State).Word, RunText.Where(run, waits.GetValueOrDefault(run.Id)), (long?)run.Downtime(now)?.TotalSeconds,
                Time(run.CreatedAt), Time(run.StartedAt), Time(run.FinishedAt), run.StartedBy, run.Error, run.Id.ToString());
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static string? Time(DateTimeOffset? at) => at?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
}
