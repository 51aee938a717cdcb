using Microsoft.AspNetCore.Components;
using Xen2Kvm.Domain.Cleanups;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Auth;

namespace Xen2Kvm.Web.Components.Pages.Runs;

/// <summary>One run, live. Everything shown is read from the ledger, so that every browser shows the same; what is looked at is in the address bar.</summary>
public sealed partial class RunPage
{
    private static readonly (string Key, string Word)[] _tabs = [("watch", "Progress and log"), ("evidence", "Evidence")];
    private Run? _run;
    private Plan? _plan;
    private Place _place = Place.Whole;
    private DowntimeForecast? _forecast;
    private IReadOnlyList<RunEvidence> _evidence = [];
    private IReadOnlyList<string> _stepIds = [];
    private Cleanup? _begun;
    private Guid _followed;
    private string? _waits;
    private long? _lastError;
    private bool _read;

    /// <summary>The run.</summary>
    [Parameter]
    public Guid Id { get; set; }

    /// <summary>The step whose log is shown; null for all.</summary>
    [SupplyParameterFromQuery(Name = "step")]
    public string? Step { get; set; }

    /// <summary>Least level of the log.</summary>
    [SupplyParameterFromQuery(Name = "level")]
    public string? Level { get; set; }

    /// <summary>Text searched in the log.</summary>
    [SupplyParameterFromQuery(Name = "q")]
    public string? Query { get; set; }

    /// <summary>Number of a line of the log that is marked.</summary>
    [SupplyParameterFromQuery(Name = "line")]
    public long? Line { get; set; }

    /// <summary>watch or evidence.</summary>
    [SupplyParameterFromQuery(Name = "tab")]
    public string? Tab { get; set; }

    /// <summary>The evidence file that is open.</summary>
    [SupplyParameterFromQuery(Name = "file")]
    public string? File { get; set; }

    private string Shown => Tab == "evidence" ? "evidence" : "watch";

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        if (_followed == Id)
        {
            return;
        }

        _followed = Id;
        (_run, _begun) = (null, null);
        Follow(Id, cancellationToken => ReadAsync(now: false, cancellationToken));
        FollowStates(cancellationToken => _run?.State == RunState.Queued ? ReadAsync(now: false, cancellationToken) : Task.CompletedTask);
        Follow(CleanupFeed, null, async cancellationToken => _begun = await Cleanups.FindBegunOfAsync(Id, cancellationToken));
        await OpenAsync(cancellationToken => ReadAsync(now: true, cancellationToken));
        _read = true;
    }

    private async Task ReadAsync(bool now, CancellationToken cancellationToken)
    {
        var run = await Reader.FindAsync(Id, now, cancellationToken);
        if (run is null)
        {
            return;
        }

        if (_plan?.Id != run.PlanId)
        {
            _plan = await Plans.FindAsync(run.PlanId, cancellationToken);
        }

        // The list is short and without content, yet need not be read with every tick of a copy.
        if (_run is null || Done(run) != Done(_run) || run.State != _run.State)
        {
            _place = await Access.OfRunAsync(run, cancellationToken);
            _begun = run.State == RunState.Succeeded ? await Cleanups.FindBegunOfAsync(Id, cancellationToken) : null;
            _lastError = run.State == RunState.Failed && await Runs.ReadLogBackAsync(Id, new RunLogQuery { Level = RunLogLevel.Error, Most = 1 }, cancellationToken) is [var last] ? last.Sequence : null;
            _evidence = [.. (await Runs.ListEvidenceAsync(Id, cancellationToken)).OrderBy(file => file.Name, StringComparer.Ordinal)];
        }

        if (!_stepIds.SequenceEqual(run.Steps.Select(step => step.Id)))
        {
            _stepIds = [.. run.Steps.Select(step => step.Id)];
        }

        _forecast = _plan is null || !run.IsActive ? null : DowntimeForecast.During(run, _plan, await Reader.ListAsync(now, cancellationToken), Viewer.Now);
        _waits = await Limits.WhyWaitingAsync(run, cancellationToken);
        _run = run;
    }

    private static int Done(Run run) => run.Steps.Count(step => step.State is StepState.Done or StepState.Failed or StepState.Undone);

    private string With(string name, string? value) => Navigation.GetUriWithQueryParameter(name, value);

    // Choosing a step always shows its log; choosing it again shows all.
    private string StepLink(string step) => Navigation.GetUriWithQueryParameters(new Dictionary<string, object?>
    {
        ["step"] = step == Step ? null : step, ["tab"] = null, ["file"] = null, ["line"] = null,
    });

    // All lines around the one that says why, not the errors alone: what led to it stands before it.
    private string WhyLink(long line) => Navigation.GetUriWithQueryParameters(new Dictionary<string, object?>
    {
        ["line"] = line, ["tab"] = null, ["file"] = null, ["step"] = null, ["level"] = null, ["q"] = null,
    });

    // Another filter begins at the end again.
    private void Choose((string Name, string? Value) choice) => Navigation.NavigateTo(
        Navigation.GetUriWithQueryParameters(new Dictionary<string, object?> { ["line"] = null, [choice.Name] = choice.Value }), replace: true);
}
