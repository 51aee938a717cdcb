using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Domain.Waves;

namespace Xen2Kvm.Web.Components.Pages.Waves;

/// <summary>The timeline's geometry: when each plan ran, runs or may run, as shares of the width. Pure.</summary>
public sealed class TimelineModel
{
    private static readonly TimeSpan[] _steps =
    [
        TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15), TimeSpan.FromHours(1), TimeSpan.FromHours(3), TimeSpan.FromHours(6),
        TimeSpan.FromHours(12), TimeSpan.FromDays(1), TimeSpan.FromDays(7), TimeSpan.FromDays(30),
    ];

    private TimelineModel(DateTimeOffset from, DateTimeOffset to) => (From, To) = (from, to);

    /// <summary>Left end.</summary>
    public DateTimeOffset From { get; }

    /// <summary>Right end.</summary>
    public DateTimeOffset To { get; }

    /// <summary>Rows in the wave's order.</summary>
    public IReadOnlyList<Row> Rows { get; private init; } = [];

    /// <summary>Windows that lie in it.</summary>
    public IReadOnlyList<Opening> Windows { get; private init; } = [];

    /// <summary>Places of the scale, at whole units of UTC.</summary>
    public IReadOnlyList<DateTimeOffset> Ticks { get; private init; } = [];

    /// <summary>A plan's row.</summary>
    /// <param name="Status">Where it stands.</param>
    /// <param name="Begin">When its run began; null before.</param>
    /// <param name="End">When it ended, or now; null before it began.</param>
    /// <param name="DownFrom">When the guest went down.</param>
    /// <param name="DownTo">When it answered again, or now.</param>
    /// <param name="Forecast">How long it is likely to take; null when it has begun or that cannot be told.</param>
    public sealed record Row(
        EntryStatus Status, DateTimeOffset? Begin, DateTimeOffset? End, DateTimeOffset? DownFrom, DateTimeOffset? DownTo, DowntimeForecast? Forecast);

    /// <summary>Draws a wave.</summary>
    public static TimelineModel Of(WaveView view, IReadOnlyDictionary<Guid, DowntimeForecast?> forecasts, DateTimeOffset now)
    {
        var rows = view.Entries.Select(status => status.Run is { } run
            ? new Row(status, run.CreatedAt, run.FinishedAt ?? now, run.DownSince, run.DownSince is null ? null : run.UpAgainAt ?? run.FinishedAt ?? now, null)
            : new Row(status, null, null, null, null, forecasts.GetValueOrDefault(status.Entry.PlanId))).ToList();
        var begins = rows.Select(row => row.Begin).OfType<DateTimeOffset>().DefaultIfEmpty(now).Min();
        var next = view.Wave.IsOpen ? view.Window ?? view.NextWindow : null;
        var ends = new[] { view.Wave.FinishedAt ?? now, next?.End ?? now }.Concat(rows.Select(row => row.End).OfType<DateTimeOffset>()).Max();
        var pad = TimeSpan.FromSeconds(Math.Max(60, (ends - begins).TotalSeconds * 0.04));
        var model = new TimelineModel(begins - pad, ends + pad);
        return new TimelineModel(model.From, model.To)
        {
            Rows = rows,
            Windows = [.. view.Wave.Calendar.OpeningsAfter(model.From).TakeWhile(opening => opening.Begin < model.To).Take(20)],
            Ticks = model.Scale(),
        };
    }

    /// <summary>A time as a share of the width in percent, within the drawing.</summary>
    public double X(DateTimeOffset at) => Math.Clamp(100 * ((at - From) / (To - From)), 0, 100);

    private List<DateTimeOffset> Scale()
    {
        var step = _steps.FirstOrDefault(step => (To - From) / step <= 8, _steps[^1]);
        var first = new DateTimeOffset((From.UtcTicks / step.Ticks + 1) * step.Ticks, TimeSpan.Zero);
        var ticks = new List<DateTimeOffset>();
        for (var at = first; at < To; at += step)
        {
            ticks.Add(at);
        }

        return ticks;
    }
}
