using System.Globalization;
using System.Text;
using Xen2Kvm.Domain.Runs;

namespace Xen2Kvm.Web.Components.Controls;

/// <summary>
/// The throughput chart's geometry: fixed size, points gathered so that a long copy costs no more to draw than a short one. Pure.
/// </summary>
public sealed class ChartModel
{
    /// <summary>Width and height of the drawing; it is stretched to its place.</summary>
    public const int Width = 1000, Height = 200;

    private const int MostPoints = 200;

    // Samples come every two seconds, later when a host is slow to answer a ping.
    private static readonly TimeSpan _silence = TimeSpan.FromSeconds(8);
    private readonly TimeSpan _gap;

    private ChartModel(DateTimeOffset from, DateTimeOffset to, double max, double width, IReadOnlyList<Bucket> buckets) =>
        (From, To, Max, Buckets, _gap) = (from, to, max, buckets, _silence + TimeSpan.FromSeconds(width));

    /// <summary>Left end.</summary>
    public DateTimeOffset From { get; }

    /// <summary>Right end.</summary>
    public DateTimeOffset To { get; }

    /// <summary>Upper end of the scale in MB/s: 1, 2 or 5 times a power of ten.</summary>
    public double Max { get; }

    /// <summary>Gathered samples.</summary>
    public IReadOnlyList<Bucket> Buckets { get; }

    /// <summary>Mean rates of a stretch of time in MB/s.</summary>
    /// <param name="At">Its middle.</param>
    /// <param name="Read">Source bytes gone through.</param>
    /// <param name="Sent">Bytes on the network.</param>
    /// <param name="Durable">Bytes made durable.</param>
    /// <param name="Reachable">Whether the guest answered; null when not asked.</param>
    public sealed record Bucket(DateTimeOffset At, double Read, double Sent, double Durable, bool? Reachable);

    /// <summary>Gathers samples for a stretch of time.</summary>
    public static ChartModel Of(IReadOnlyList<RunSample> samples, DateTimeOffset from, DateTimeOffset to)
    {
        var span = to > from ? to - from : TimeSpan.FromSeconds(1);
        var width = Math.Max(1, span.TotalSeconds / MostPoints);
        var buckets = samples.Where(sample => sample.At >= from && sample.At <= to)
            .GroupBy(sample => (long)((sample.At - from).TotalSeconds / width))
            .OrderBy(group => group.Key)
            .Select(group => new Bucket(
                group.First().At, group.Average(sample => sample.ReadBytesPerSecond) / 1e6, group.Average(sample => sample.SentBytesPerSecond) / 1e6,
                group.Average(sample => sample.DurableBytesPerSecond) / 1e6, Answer(group)))
            .ToList();
        var highest = buckets.Count == 0 ? 0 : buckets.Max(bucket => Math.Max(bucket.Read, Math.Max(bucket.Sent, bucket.Durable)));
        return new ChartModel(from, from + span, Nice(highest), width, buckets);
    }

    /// <summary>One line as SVG wants its points: several pieces where there were no samples for a while, for nobody knows what was between.</summary>
    public IReadOnlyList<string> Lines(Func<Bucket, double> value)
    {
        var pieces = new List<StringBuilder>();
        for (var i = 0; i < Buckets.Count; i++)
        {
            if (i == 0 || IsGap(Buckets[i - 1], Buckets[i]))
            {
                pieces.Add(new StringBuilder());
            }

            pieces[^1].Append(CultureInfo.InvariantCulture, $"{X(Buckets[i].At):0.#},{Y(value(Buckets[i])):0.#} ");
            if (IsAlone(i))
            {
                // A single point draws nothing; a dash shows that there was one.
                pieces[^1].Append(CultureInfo.InvariantCulture, $"{X(Buckets[i].At) + 2:0.#},{Y(value(Buckets[i])):0.#} ");
            }
        }

        return [.. pieces.Select(piece => piece.ToString().TrimEnd())];
    }

    /// <summary>Horizontal place of a time.</summary>
    public double X(DateTimeOffset at) => (at - From).TotalSeconds / (To - From).TotalSeconds * Width;

    /// <summary>Vertical place of a rate in MB/s.</summary>
    public double Y(double rate) => Height - (Math.Clamp(rate / Max, 0, 1) * Height);

    /// <summary>Lines of the scale in MB/s, from below.</summary>
    public IReadOnlyList<double> Scale => [0, Max / 4, Max / 2, Max * 3 / 4, Max];

    /// <summary>Times on the axis: about five, at round minutes or seconds.</summary>
    public IReadOnlyList<DateTimeOffset> Times
    {
        get
        {
            var seconds = (To - From).TotalSeconds;
            var step = _steps.FirstOrDefault(candidate => seconds / candidate <= 5, 86400);
            var first = DateTimeOffset.FromUnixTimeSeconds((long)Math.Ceiling(From.ToUnixTimeMilliseconds() / 1000d / step) * step);
            var times = new List<DateTimeOffset>();
            for (var at = first; at <= To; at = at.AddSeconds(step))
            {
                times.Add(at);
            }

            return times;
        }
    }

    /// <summary>Stretches in which the guest answered, or did not, as parts of the width.</summary>
    public IReadOnlyList<(double X, double Width, bool Reachable)> Reach
    {
        get
        {
            var stretches = new List<(double X, double Width, bool Reachable)>();
            var asked = Buckets.Where(bucket => bucket.Reachable is not null).ToList();
            for (var i = 0; i < asked.Count; i++)
            {
                var x = X(asked[i].At);
                var end = i + 1 < asked.Count && !IsGap(asked[i], asked[i + 1]) ? X(asked[i + 1].At) : Math.Min(Width, x + 4);
                var joins = i > 0 && !IsGap(asked[i - 1], asked[i]);
                if (joins && stretches is [.., var last] && last.Reachable == asked[i].Reachable)
                {
                    stretches[^1] = last with { Width = end - last.X };
                }
                else
                {
                    stretches.Add((x, end - x, asked[i].Reachable!.Value));
                }
            }

            return stretches;
        }
    }

    private static readonly int[] _steps = [10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600];

    private bool IsGap(Bucket before, Bucket after) => after.At - before.At > _gap;

    private bool IsAlone(int i) => (i == 0 || IsGap(Buckets[i - 1], Buckets[i])) && (i == Buckets.Count - 1 || IsGap(Buckets[i], Buckets[i + 1]));

    // One lost answer in a stretch is worth showing.
    private static bool? Answer(IEnumerable<RunSample> samples)
    {
        var asked = samples.Where(sample => sample.Reachable is not null).ToList();
        return asked.Count == 0 ? null : asked.All(sample => sample.Reachable == true);
    }

    private static double Nice(double highest)
    {
        if (highest <= 1)
        {
            return 1;
        }

        var power = Math.Pow(10, Math.Floor(Math.Log10(highest)));
        return new[] { 1d, 2, 4, 5, 10 }.Select(factor => factor * power).First(candidate => candidate >= highest * 0.999);
    }
}
