using Microsoft.AspNetCore.Components;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Preflight;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Components.Controls;
using Xen2Kvm.Web.Components.State;
using Xen2Kvm.Web.Components.Text;

namespace Xen2Kvm.Web.Components.Pages.Plans;

/// <summary>A stored plan: preflight, the one next act, and what becomes of the guest.</summary>
public sealed partial class PlanPage
{
    private Plan? _plan;
    private Place _place = Place.Whole;
    private IReadOnlyList<Run> _runs = [];
    private Run? _open;
    private DowntimeForecast? _forecast;
    private string _source = "?";
    private string _target = "?";
    private string? _xml;
    private string? _xmlProblem;
    private IReadOnlyList<Concern>? _concerns;
    private DateTimeOffset? _checkedAt;
    private string? _checkProblem;
    private bool _checking;
    private bool _starting;
    private bool _read;

    /// <summary>The plan.</summary>
    [Parameter]
    public Guid Id { get; set; }

    /// <inheritdoc/>
    protected override Place ActsOn => _place;

    private string StartWords => $"Start: stop {_plan!.Source.Name} on {_source} and move it to {_target}";

    private string Again => Links.NewPlan(_source, _plan!.Source.Name) + $"&target={Uri.EscapeDataString(_target)}";

    private string? WhyNotStart
    {
        get
        {
            if (_concerns is null)
            {
                return _checking ? "Both hosts are being checked…" : "The preflight has not been made.";
            }

            var stopping = PreflightService.Stopping(_plan!, _concerns, Viewer.Now);
            var (blockers, warnings) = (stopping.Count(concern => concern.Severity == Severity.Blocker), stopping.Count(concern => concern.Severity == Severity.Warning));
            return (blockers, warnings) switch
            {
                (0, 0) => null,
                (0, _) => $"{Formats.Count(warnings, "warning")} to be accepted above.",
                (_, 0) => $"{Formats.Count(blockers, "blocker")} to be mended.",
                _ => $"{Formats.Count(blockers, "blocker")} to be mended and {Formats.Count(warnings, "warning")} to be accepted.",
            };
        }
    }

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        FollowStates(cancellationToken => _plan is null ? Task.CompletedTask : ReadRunsAsync(cancellationToken));
        await OpenAsync(ReadAsync);
        _read = true;
        if (_plan is null)
        {
            return;
        }

        (_xml, _xmlProblem) = await PlanXml.ReadAsync(Plans, _plan, Gone);
        StateHasChanged();
        await CheckAsync();
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        _plan = await Plans.FindAsync(Id, cancellationToken);
        if (_plan is not null)
        {
            _source = (await Hosts.FindAsync(_plan.SourceHostId.ToString(), cancellationToken))?.Name ?? "a removed host";
            _target = (await Hosts.FindAsync(_plan.TargetHostId.ToString(), cancellationToken))?.Name ?? "a removed host";
            _place = await Access.OfPlanAsync(_plan, cancellationToken);
            await ReadRunsAsync(cancellationToken);
        }
    }

    private async Task ReadRunsAsync(CancellationToken cancellationToken)
    {
        var all = await Reader.ListAsync(now: true, cancellationToken);
        _runs = [.. all.Where(run => run.PlanId == Id)];
        _forecast = DowntimeForecast.Of(_plan!, _source, _target, all);

        // What holds the guest: anything of it that neither succeeded nor was rolled back.
        _open = all.FirstOrDefault(run => run.GuestName == _plan!.Source.Name && run.SourceHost == _source
            && run.State is not (RunState.Succeeded or RunState.RolledBack));
    }

    private async Task CheckAsync()
    {
        if (_checking)
        {
            return;
        }

        _checking = true;
        StateHasChanged();
        var before = Problem;
        if (await TryAsync(async cancellationToken => _concerns = await Plans.PreflightAsync(_plan!, cancellationToken)))
        {
            (_checkedAt, _checkProblem) = (Viewer.Now, null);
        }
        else
        {
            (_concerns, _checkProblem) = (null, Problem);
        }

        Problem = before;
        _checking = false;
    }

    private Task AcceptAsync(PreflightPanel.Waiver waiver) => ActAsync(async cancellationToken => _plan = await Plans.AcknowledgeAsync(
        Id, [waiver.Concern.Key], waiver.Reason, waiver.Days is { } days ? Viewer.Now.AddDays(days) : null, Viewer.Name, cancellationToken));

    private async Task StartAsync()
    {
        var plan = _plan!;
        var consent = await Dialogs.ConfirmAsync(
            $"Move {plan.Source.Name} from {_source} to {_target}?", $"Stop {plan.Source.Name} and move it",
            [
                $"{plan.Source.Name} is shut down on {_source} and is not reachable until it was proven on {_target}.",
                RunText.Projected(plan, _forecast),
                $"{Formats.Size(plan.CopyBytes())} is read from {Formats.Count(plan.Target.Disks.Sum(disk => disk.CopiedParts().Count()), "disk")} on {_source}; {Formats.Size(plan.Target.Disks.Sum(disk => disk.SizeBytes))} is taken in {plan.Target.Disks[0].StorageName} on {_target}.",
                $"On {_source} its configuration is set aside so that it cannot start twice; its disks are only read.",
                "You can stop, resume and roll back at any time. Until the cutover a roll-back loses nothing.",
            ],
            keep: "Not now");
        if (consent is null)
        {
            return;
        }

        Run? run = null;
        _starting = true;
        var started = await ActAsync(async cancellationToken =>
        {
            // A plan of a wave starts with the wave; what starts on its own needs the role on both hosts.
            await Viewer.RequireAsync(Roles.Operator, _place with { Wave = null }, cancellationToken);
            run = await Runs.StartAsync(Id, Viewer.Name, cancellationToken);
        });
        _starting = false;
        if (started)
        {
            Navigation.NavigateTo(Links.Run(run!.Id));
        }
        else
        {
            // The refusal came from a fresh preflight: show what it found.
            await CheckAsync();
        }
    }
}
