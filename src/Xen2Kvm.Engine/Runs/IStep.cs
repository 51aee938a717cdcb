using System.Text.Json;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Limits;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Runs;

/// <summary>What a probe or an observation of a step found on the hosts.</summary>
public abstract record StepOutcome
{
    private StepOutcome()
    {
    }

    /// <summary>Nothing of it has been done: start it.</summary>
    public sealed record NotStarted : StepOutcome;

    /// <summary>It is in work on a host.</summary>
    /// <param name="Handle">Durable handle.</param>
    /// <param name="Progress">Where it stands.</param>
    public sealed record Running(string Handle, StepProgress Progress) : StepOutcome;

    /// <summary>It is done.</summary>
    /// <param name="Output">Its output, recorded with the step.</param>
    /// <param name="Progress">Where it stood at its end, when it is measured; null keeps what was last seen.</param>
    public sealed record Done(object Output, StepProgress? Progress = null) : StepOutcome;

    /// <summary>It failed, or cannot be done.</summary>
    /// <param name="Reason">What happened, where, and what to do next.</param>
    /// <param name="RollBack">The run undoes itself: a Blocker found before cutover.</param>
    public sealed record Failed(string Reason, bool RollBack = false) : StepOutcome;

    /// <summary>A person must decide.</summary>
    /// <param name="Question">The question.</param>
    public sealed record Asks(RunQuestion Question) : StepOutcome;
}

/// <summary>What a rehearsal of a step came to.</summary>
/// <param name="Output">Output for the steps after it; null when they need none.</param>
/// <param name="Note">What no command tells: what is waited for, what depends on what will be found.</param>
/// <param name="Problem">Why the run would fail here; null when nothing speaks against it.</param>
public sealed record StepRehearsal(object? Output = null, string Note = "", string? Problem = null)
{
    /// <summary>A rehearsal of a step that goes the way of a real start.</summary>
    internal static StepRehearsal Of(StepOutcome outcome) => outcome switch
    {
        StepOutcome.Done done => new(done.Output),
        StepOutcome.Failed failed => new(Problem: failed.Reason),
        _ => new(),
    };
}

/// <summary>One stage of a route. Its four verbs can be called again at any time, by any worker, after any crash.</summary>
public interface IStep
{
    /// <summary>Stable id.</summary>
    string Id { get; }

    /// <summary>What it does for this plan, in one line.</summary>
    string Title(Plan plan);

    /// <summary>From here on the guest has left the source.</summary>
    bool IsCutover { get; }

    /// <summary>How long it may show no progress at all before the run says so.</summary>
    TimeSpan StallAfter { get; }

    /// <summary>Looks at the hosts: what is already true?</summary>
    Task<StepOutcome> ProbeAsync(StepContext context, CancellationToken cancellationToken);

    /// <summary>
    /// Begins the work: long work goes on detached on a host and comes back as <see cref="StepOutcome.Running"/> with a durable handle;
    /// short work is finished here.
    /// </summary>
    Task<StepOutcome> StartAsync(StepContext context, CancellationToken cancellationToken);

    /// <summary>Looks at work in progress.</summary>
    Task<StepOutcome> ObserveAsync(StepContext context, string handle, CancellationToken cancellationToken);

    /// <summary>Stops work in progress as soon as it is safe, keeping what is done. Nothing to do for short work.</summary>
    Task StopAsync(StepContext context, CancellationToken cancellationToken);

    /// <summary>
    /// Sends the commands that it would send, in their order, over shells that run only those that read. Nothing is waited for, nothing kept.
    /// </summary>
    Task<StepRehearsal> RehearseAsync(StepContext context, CancellationToken cancellationToken);

    /// <summary>Takes back what it did; harmless when nothing was done.</summary>
    Task UndoAsync(StepContext context, CancellationToken cancellationToken);
}

/// <summary>What a step can see and say while it works.</summary>
public sealed class StepContext
{
    private readonly Action<RunLogEntry> _log;
    private readonly Action<StepProgress> _report;

    internal StepContext(
        Run run, string stepId, Plan plan, Host sourceHost, Host targetHost, IRemoteShell source, IRemoteShell target, IXenHost xen, IKvmHost kvm,
        IRunStore runs, TimeProvider time, Action<RunLogEntry> log, Action<StepProgress> report)
    {
        (Run, StepId, Plan, SourceHost, TargetHost, Source, Target, Xen, Kvm) = (run, stepId, plan, sourceHost, targetHost, source, target, xen, kvm);
        (Runs, Time, _log, _report) = (runs, time, log, report);
    }

    /// <summary>The run as stored, with the answers given so far.</summary>
    public Run Run { get; }

    /// <summary>The step's id.</summary>
    public string StepId { get; }

    /// <summary>The plan.</summary>
    public Plan Plan { get; }

    /// <summary>The source host.</summary>
    public Host SourceHost { get; }

    /// <summary>The target host.</summary>
    public Host TargetHost { get; }

    /// <summary>A shell on the source host; its commands are in the run's log.</summary>
    public IRemoteShell Source { get; }

    /// <summary>A shell on the target host.</summary>
    public IRemoteShell Target { get; }

    /// <summary>The Xen side.</summary>
    public IXenHost Xen { get; }

    /// <summary>The KVM side.</summary>
    public IKvmHost Kvm { get; }

    /// <summary>The ledger, for evidence.</summary>
    public IRunStore Runs { get; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>Says what a copy may send; null where nothing is limited.</summary>
    internal BandwidthGovernor? Bandwidth { get; init; }

    /// <summary>When the guest went down, as found by this step; kept with the run.</summary>
    public DateTimeOffset? DownSince { get; set; }

    /// <summary>The guest did not go down after all, as found by this step: there is no downtime so far.</summary>
    public bool IsStillUp { get; set; }

    /// <summary>When the guest answered again, as found by this step; kept with the run.</summary>
    public DateTimeOffset? UpAgainAt { get; set; }

    /// <summary>The output of an earlier step; null while that step is not done.</summary>
    public T? Output<T>(string stepId)
        where T : class => RunJson.Output<T>(Run, stepId);

    /// <summary>The handle this step recorded earlier, or null.</summary>
    public string? Handle => Run.Steps.FirstOrDefault(step => step.Id == StepId)?.Handle;

    /// <summary>The answer to a question of this run, or null.</summary>
    public string? Answer(string questionId) => Run.Answers.GetValueOrDefault(questionId);

    /// <summary>Writes a line to the run's log.</summary>
    public void Log(string text, RunLogLevel level = RunLogLevel.Info) => _log(new RunLogEntry(Time.GetUtcNow(), StepId, level, text));

    /// <summary>Shows progress of work that runs inside Start.</summary>
    public void Report(string text) => _report(new StepProgress { Text = text, At = Time.GetUtcNow() });

    /// <summary>Stores a text file as proof.</summary>
    public Task KeepAsync(string name, string content, CancellationToken cancellationToken) =>
        Runs.SaveEvidenceAsync(
            Run.Id, new RunEvidence(name, "text/plain", System.Text.Encoding.UTF8.GetBytes(content), Time.GetUtcNow()), cancellationToken);
}

/// <summary>How outputs and handles are written.</summary>
public static class RunJson
{
    /// <summary>camelCase, enums as words.</summary>
    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter() },
    };

    /// <summary>The output of a step of a run; null while that step is not done.</summary>
    public static T? Output<T>(Run run, string stepId)
        where T : class
    {
        var output = run.Steps.FirstOrDefault(step => step.Id == stepId)?.Output;
        return output is null ? null : JsonSerializer.Deserialize<T>(output, Options);
    }
}
