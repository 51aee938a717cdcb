using System.Globalization;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Domain.Waves;

namespace Xen2Kvm.Web.Components.Text;

/// <summary>Sentences about waves. Pure, so that every page says the same.</summary>
public static class WaveText
{
    /// <summary>How many plans stand where: <c>2 proven, 1 running, 3 waiting</c>.</summary>
    public static string Tally(WaveView view) => string.Join(", ", view.Entries.GroupBy(status => status.State).OrderByDescending(group => group.Key == EntryState.Proven)
        .ThenBy(group => group.Key).Select(group => $"{group.Count()} {(group.Key == EntryState.NeedsYou ? group.Count() == 1 ? "needs you" : "need you" : StateWords.Of(group.Key).Word.ToLowerInvariant())}"));

    /// <summary>Where its calendar stands: <c>window open until 02:00</c>, <c>next window Fri 27 Nov 22:00</c>.</summary>
    public static string Window(WaveView view, DateTimeOffset now, TimeZoneInfo zone) =>
        view.Wave is { IsOpen: true, NotBefore: { } until } && until > now ? $"put off until {Day(until, zone)}; {Window(view, zone)}" : Window(view, zone);

    private static string Window(WaveView view, TimeZoneInfo zone) => (view.Wave.Calendar.IsAlways, view.Window, view.NextWindow) switch
    {
        (true, _, _) => "any time",
        (_, { } open, _) => $"open until {Day(open.End, zone)}",
        (_, _, { } next) => $"opens {Day(next.Begin, zone)}, closes {Day(next.End, zone)}",
        _ => "none comes any more",
    };

    /// <summary>A time with its day, in a zone: <c>Fri 27 Nov 22:00</c>.</summary>
    public static string Day(DateTimeOffset at, TimeZoneInfo zone) => TimeZoneInfo.ConvertTime(at, zone).ToString("ddd d MMM HH:mm", CultureInfo.InvariantCulture);

    /// <summary>What happens to a failed run, as a choice.</summary>
    public static string Of(FailurePolicy policy) => policy switch
    {
        FailurePolicy.LeaveToPerson => "stays as it failed; a person decides",
        FailurePolicy.RollBackBeforeCutover => "is rolled back if the guest had not started on KVM",
        _ => "is rolled back always, also what the guest wrote on KVM",
    };

    /// <summary>What happens when a window closes, as a choice.</summary>
    public static string Of(OverrunPolicy policy) => policy switch
    {
        OverrunPolicy.FinishRunning => "finish what runs, hold the rest",
        OverrunPolicy.RollBackUnproven => "roll back what is not proven, hold the rest",
        _ => "go on to the end",
    };

    /// <summary>How far a plan of a wave is, in thousandths.</summary>
    public static (long Done, long Total) Progress(EntryStatus status) => status.Run is { } run ? RunText.Progress(run) : (0, 1000);

    /// <summary>How far the whole wave is, in thousandths; each plan counts the same.</summary>
    public static (long Done, long Total) Progress(WaveView view) =>
        (view.Entries.Sum(status => 1000 * Progress(status).Done / Progress(status).Total), Math.Max(1000, 1000L * view.Entries.Count));

    /// <summary>Bytes made durable and bytes in all of the runs that have begun, and their rate now in bytes per second.</summary>
    public static (long Done, long Total, double Rate) Bytes(WaveView view)
    {
        var copies = view.Entries.Select(status => status.Run).OfType<Run>()
            .Select(run => (Run: run, Copy: run.Steps.FirstOrDefault(step => step.Id == "copy")?.Progress)).Where(copy => copy.Copy?.TotalBytes is not null).ToList();
        return (copies.Sum(copy => copy.Copy!.DoneBytes ?? 0), copies.Sum(copy => copy.Copy!.TotalBytes ?? 0),
            copies.Where(copy => copy.Run.State == RunState.Running).Sum(copy => copy.Run.CurrentStep?.Progress?.BytesPerSecond ?? 0));
    }

    /// <summary>What bounds the wave's copies now, together: <c>sends 38 MB/s, limited to 40 MB/s until 06:00</c>; null when nothing does, or not each of them.</summary>
    public static string? Limited(WaveView view, DateTimeOffset now, TimeZoneInfo zone)
    {
        var steps = view.Entries.Where(status => status.Run?.State == RunState.Running).Select(status => status.Run!.CurrentStep).Where(step => RunText.Pace(step) is not null).ToList();
        var paces = steps.ConvertAll(step => RunText.Pace(step)!);
        return paces.Count > 0 && paces.All(pace => pace.BytesPerSecond is not null)
            ? RunText.Limited(new CopyPace(paces.Sum(pace => pace.BytesPerSecond), paces.Min(pace => pace.Until)), steps.Sum(step => step!.Progress!.SentBytesPerSecond ?? 0), now, zone)
            : null;
    }

    /// <summary>Who approved, until when, as one line.</summary>
    public static string Approval(Wave wave, DateTimeOffset now, TimeZoneInfo zone)
    {
        var holding = wave.ApprovalsAt(now).ToList();
        return (wave.State, holding.Count) switch
        {
            (WaveState.Draft, _) => "not submitted",
            (WaveState.Submitted, _) => $"{holding.Count} of {wave.Policy.ApproversNeeded} given",
            (_, 0) => wave.Decisions.Count == 0 ? "none" : "expired",
            _ => $"by {string.Join(" and ", holding.Select(approval => approval.By))}, holds until {Day(holding.Min(approval => approval.At).AddHours(wave.Policy.ApprovalHours), zone)}",
        };
    }
}
