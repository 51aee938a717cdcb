using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Web.Components.Pages.Runs;

namespace Xen2Kvm.Web.Reports;

/// <summary>Everything that a wave did and rests on, for an auditor: complete, and readable without this program.</summary>
/// <param name="MadeAt">When the report was made.</param>
/// <param name="Wave">The wave: who made, submitted, approved and started it.</param>
/// <param name="Terms">What was approved of the wave itself.</param>
/// <param name="Plans">Its plans, in order.</param>
public sealed record WaveReport(DateTimeOffset MadeAt, Wave Wave, IReadOnlyList<ApprovedFact> Terms, IReadOnlyList<PlanReport> Plans);

/// <summary>What became of one plan.</summary>
/// <param name="Guest">Guest name on Xen.</param>
/// <param name="SourceHost">Host it left.</param>
/// <param name="TargetHost">Host it went to.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Reason">Why it did not come through; empty when it did.</param>
/// <param name="Facts">What the approval rested on: the guest on Xen, and what it becomes.</param>
/// <param name="Projected">The downtime that was to be expected when it was submitted; null when nothing had been measured.</param>
/// <param name="Concerns">What the preflight had found.</param>
/// <param name="Accepted">Warnings that were accepted: by whom, why, until when.</param>
/// <param name="Runs">Its runs in this wave, the first one first.</param>
public sealed record PlanReport(
    string Guest, string SourceHost, string TargetHost, EntryState State, string Reason, IReadOnlyList<ApprovedFact> Facts, DowntimeForecast? Projected,
    IReadOnlyList<Concern> Concerns, IReadOnlyList<Acknowledgement> Accepted, IReadOnlyList<RunReport> Runs);

/// <summary>What one run did.</summary>
/// <param name="Run">The run with its steps, times and outputs.</param>
/// <param name="DowntimeSeconds">Measured downtime; null when the guest did not go down.</param>
/// <param name="Result">What was proven: hashes, console, ping, port.</param>
/// <param name="Evidence">The files kept as proof.</param>
/// <param name="Commands">Every command that was sent to a host, in order.</param>
public sealed record RunReport(Run Run, double? DowntimeSeconds, RunResult Result, IReadOnlyList<EvidenceReport> Evidence, IReadOnlyList<CommandReport> Commands);

/// <summary>A file kept as proof.</summary>
/// <param name="Name">File name.</param>
/// <param name="MediaType">Media type.</param>
/// <param name="At">When it was taken.</param>
/// <param name="Sha256">SHA-256 of its bytes, as lower-case hex.</param>
/// <param name="Content">Its bytes.</param>
public sealed record EvidenceReport(string Name, string MediaType, DateTimeOffset At, string Sha256, byte[] Content);

/// <summary>A command that was sent to a host.</summary>
/// <param name="At">When.</param>
/// <param name="Step">For which step; null for the run itself.</param>
/// <param name="Text">Host and command line.</param>
public sealed record CommandReport(DateTimeOffset At, string? Step, string Text);
