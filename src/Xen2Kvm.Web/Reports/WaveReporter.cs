using System.Security.Cryptography;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Waves;
using Xen2Kvm.Web.Components.Pages.Runs;

namespace Xen2Kvm.Web.Reports;

/// <summary>Gathers the report of a wave from what is recorded; no host is asked.</summary>
public sealed class WaveReporter(WaveService waves, IWaveStore store, IPlanStore plans, IRunStore runs, TimeProvider time)
{
    private const int LinesAtOnce = 5000;

    /// <summary>The report of a wave as it stands.</summary>
    public async Task<WaveReport> MakeAsync(Wave wave, CancellationToken cancellationToken)
    {
        var view = await waves.LookAsync(wave, cancellationToken);
        var dossier = await waves.FindDossierAsync(wave.Id, cancellationToken);
        var all = (await store.ListRunsAsync(wave.Id, cancellationToken)).Reverse().ToLookup(run => run.PlanId);
        var reports = new List<PlanReport>();
        foreach (var status in view.Entries)
        {
            var plan = await plans.FindAsync(status.Entry.PlanId, cancellationToken);
            var submitted = dossier?.Entries.FirstOrDefault(entry => entry.PlanId == status.Entry.PlanId);
            var moves = new List<RunReport>();
            foreach (var run in all[status.Entry.PlanId])
            {
                moves.Add(await MakeAsync(run, cancellationToken));
            }

            reports.Add(new PlanReport(
                status.Entry.GuestName, status.Entry.SourceHost, status.Entry.TargetHost, status.State, status.Reason, submitted?.Facts ?? [], submitted?.Projected,
                submitted?.Concerns ?? [], plan?.Acknowledged ?? [], moves));
        }

        return new WaveReport(time.GetUtcNow(), wave, dossier?.Terms ?? WaveDossier.TermsOf(wave), reports);
    }

    private async Task<RunReport> MakeAsync(Run run, CancellationToken cancellationToken)
    {
        var files = await runs.ListEvidenceAsync(run.Id, withContent: true, cancellationToken);
        var commands = new List<CommandReport>();
        for (var after = 0L; ;)
        {
            var lines = await runs.ReadLogAsync(run.Id, after, LinesAtOnce, cancellationToken);
            commands.AddRange(lines.Where(line => line.Level == RunLogLevel.Debug && IsCommand(line.Text, run)).Select(line => new CommandReport(line.At, line.StepId, line.Text)));
            if (lines.Count < LinesAtOnce)
            {
                break;
            }

            after = lines[^1].Sequence;
        }

        return new RunReport(
            run, run.Downtime(run.FinishedAt ?? time.GetUtcNow())?.TotalSeconds, RunResult.Of(run),
            [.. files.OrderBy(file => file.Name, StringComparer.Ordinal).Select(file => new EvidenceReport(
                file.Name, file.MediaType, file.At, Convert.ToHexStringLower(SHA256.HashData(file.Content.Span)), file.Content.ToArray()))],
            commands);
    }

    // The journal writes a command as HOST$ COMMAND, and what it answered on a line of its own.
    private static bool IsCommand(string line, Run run) =>
        line.StartsWith(run.SourceHost + "$ ", StringComparison.Ordinal) || line.StartsWith(run.TargetHost + "$ ", StringComparison.Ordinal);
}
