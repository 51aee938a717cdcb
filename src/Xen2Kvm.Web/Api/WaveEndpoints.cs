using System.Security.Claims;
using Microsoft.AspNetCore.Http.HttpResults;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Runs;
using Xen2Kvm.Engine.Waves;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Components.Text;
using Xen2Kvm.Web.Reports;

namespace Xen2Kvm.Web.Api;

/// <summary>/api/v1/waves.</summary>
internal static class WaveEndpoints
{
    /// <summary>Maps the group.</summary>
    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("", ListAsync).WithSummary("Waves, newest first");
        group.MapGet("/{id:guid}", ShowAsync).WithSummary("One wave: where each of its plans stands, and what it waits for")
            .ProducesProblem(StatusCodes.Status404NotFound);
        group.MapGet("/{id:guid}/log", LogAsync).WithSummary("The last log lines of all its runs, oldest first: at most 5000, that hold the text q, are of the step and at least of the level")
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound);
        group.MapGet("/{id:guid}/dossier", DossierAsync).WithSummary("What was submitted: the facts that an approval rests on")
            .ProducesProblem(StatusCodes.Status404NotFound);
        group.MapGet("/{id:guid}/export", ExportAsync).WithSummary("The wave as a sheet of its guests: format json, or csv without its rules and windows")
            .Produces<WaveSheet>().ProducesProblem(StatusCodes.Status404NotFound);
        group.MapGet("/{id:guid}/report", ReportAsync).WithSummary("What the wave did and rests on, whole, for an auditor").ProducesProblem(StatusCodes.Status404NotFound);
        group.MapPost("/{id:guid}/decision", DecideAsync).OnWave(Roles.Approver)
            .WithSummary("Approve or reject what was submitted, with the fingerprint of what was shown").ProducesProblem(StatusCodes.Status409Conflict);
        var drafts = group.MapGroup("").RequireAuthorization(Roles.Somewhere(Roles.Operator)).ProducesProblem(StatusCodes.Status409Conflict);
        drafts.MapPost("", CreateAsync).WithSummary("Make a draft from plans").Produces<Wave>(StatusCodes.Status201Created);
        drafts.MapPost("/propose", ProposeAsync).WithSummary("What a sheet would become; check asks every host, nothing is stored or changed")
            .Accepts<WaveSheet>("application/json", "text/csv");
        drafts.MapPost("/import", ImportAsync).WithSummary("Plan the guests of a sheet and make a draft of them")
            .Accepts<WaveSheet>("application/json", "text/csv").Produces<Wave>(StatusCodes.Status201Created).ProducesProblem(StatusCodes.Status400BadRequest);
        var acts = group.MapGroup("").OnWave(Roles.Operator).ProducesProblem(StatusCodes.Status409Conflict);
        acts.MapPut("/{id:guid}", ChangeAsync).WithSummary("Change a draft of the version that was seen");
        acts.MapPost("/{id:guid}/rehearse", RehearseAsync).WithSummary("Rehearse every plan: what only reads is run, every other command is told, nothing is changed")
            .Produces<IReadOnlyList<Rehearsal>>();
        acts.MapPost("/{id:guid}/submit", SubmitAsync).WithSummary("Submit for approval, after a fresh preflight of every plan");
        acts.MapPost("/{id:guid}/withdraw", WithdrawAsync).WithSummary("Take it back to a draft; runs in flight go on");
        acts.MapPost("/{id:guid}/start", StartAsync).WithSummary("Start an approved wave, or go on with a paused one");
        acts.MapPost("/{id:guid}/pause", PauseAsync).WithSummary("Start nothing new; runs in flight go on");
        acts.MapPost("/{id:guid}/put-off", PutOffAsync).WithSummary("Start nothing of it before a time, while it runs, too; without a time let it go again");
        acts.MapPost("/{id:guid}/cancel", CancelAsync).WithSummary("Give it up; its runs must be at rest");
        acts.MapPost("/{id:guid}/hold", HoldAsync).WithSummary("Hold one plan back, or let it go");
        acts.MapPost("/{id:guid}/retry", RetryAsync).WithSummary("Try a plan that was rolled back again, when its turn comes");
        acts.MapPut("/{id:guid}/limits", LimitAsync).WithSummary("Change how many runs go at once, also while it runs");
    }

    /// <summary>Maps the report as a document for people. It stands beside the pages, since it is printed and kept.</summary>
    public static void MapReport(IEndpointRouteBuilder endpoints) => endpoints.MapGet("/waves/{id:guid}/report", DocumentAsync).RequireAuthorization(Roles.Viewer).ExcludeFromDescription();

    /// <summary>The wave of an id.</summary>
    /// <exception cref="ApiException">There is none.</exception>
    public static async Task<Wave> FindAsync(Guid id, WaveService waves, CancellationToken cancellationToken) =>
        await waves.FindAsync(id, cancellationToken).ConfigureAwait(false) ?? throw ApiException.NotFound("There is no wave of this id.");

    private static Task<IReadOnlyList<Wave>> ListAsync(WaveService waves, CancellationToken cancellationToken) => waves.ListAsync(cancellationToken);

    private static async Task<WaveDetail> ShowAsync(Guid id, WaveService waves, CancellationToken cancellationToken) =>
        WaveDetail.Of(await waves.LookAsync(await FindAsync(id, waves, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false));

    private static async Task<IReadOnlyList<WaveLogLine>> LogAsync(
        Guid id, WaveService waves, CancellationToken cancellationToken, int most = 1000, string? q = null, string? step = null, string level = nameof(RunLogLevel.Debug))
    {
        var query = RunEndpoints.Query(q, step, level, most);
        return await waves.ReadLogAsync((await FindAsync(id, waves, cancellationToken).ConfigureAwait(false)).Id, query, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<WaveDossier> DossierAsync(Guid id, WaveService waves, CancellationToken cancellationToken) =>
        await waves.FindDossierAsync(id, cancellationToken).ConfigureAwait(false) ?? throw ApiException.NotFound("Nothing was submitted with this wave.");

    private static async Task<IReadOnlyList<Rehearsal>> RehearseAsync(
        Guid id, WaveService waves, RehearsalService rehearsals, CancellationToken cancellationToken)
    {
        var wave = await FindAsync(id, waves, cancellationToken).ConfigureAwait(false);
        return await rehearsals.RehearseAsync([.. wave.Entries.Select(entry => entry.PlanId)], cancellationToken).ConfigureAwait(false);
    }

    private static async Task<IResult> CreateAsync(WaveRequest request, WaveService waves, Access access, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        Access.Require(user, Roles.Operator, await access.OfPlansAsync(request.ToDraft().Plans.Select(plan => plan.Plan), cancellationToken).ConfigureAwait(false));
        var wave = await waves.CreateAsync(request.ToDraft(), user.ActorName(), cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"/api/v1/waves/{wave.Id}", wave);
    }

    private static async Task<ProposedWave> ProposeAsync(
        HttpRequest request, WavePlanner planner, Access access, ClaimsPrincipal user, CancellationToken cancellationToken, string? name = null, bool check = false)
    {
        var proposed = await planner.ProposeAsync(await ReadAsync(request, name, access, user, cancellationToken).ConfigureAwait(false), user.ActorName(), cancellationToken)
            .ConfigureAwait(false);
        return check ? await planner.CheckAsync(proposed, cancellationToken).ConfigureAwait(false) : proposed;
    }

    private static async Task<IResult> ImportAsync(
        HttpRequest request, WavePlanner planner, Access access, ClaimsPrincipal user, CancellationToken cancellationToken, string? name = null)
    {
        var wave = await planner.CreateAsync(await ReadAsync(request, name, access, user, cancellationToken).ConfigureAwait(false), user.ActorName(), cancellationToken)
            .ConfigureAwait(false);
        return TypedResults.Created($"/api/v1/waves/{wave.Id}", wave);
    }

    // The sheet, when its reader may act on every host that it names.
    private static async Task<WaveSheet> ReadAsync(HttpRequest request, string? name, Access access, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        var sheet = await SheetBody.ReadAsync(request, name, cancellationToken).ConfigureAwait(false);
        Access.Require(user, Roles.Operator, await access.OfSheetAsync(sheet, cancellationToken).ConfigureAwait(false));
        return sheet;
    }

    private static async Task<IResult> ExportAsync(
        Guid id, WaveService waves, WavePlanner planner, CancellationToken cancellationToken, string format = "json")
    {
        var sheet = await planner.ExportAsync(await FindAsync(id, waves, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        return format switch
        {
            "json" => TypedResults.Ok(sheet),
            "csv" => TypedResults.File(WaveCsv.Write(sheet.Rows), "text/csv; charset=utf-8", "wave.csv"),
            _ => throw ApiException.Invalid("format is json or csv."),
        };
    }

    private static async Task<WaveReport> ReportAsync(Guid id, WaveService waves, WaveReporter reporter, CancellationToken cancellationToken) =>
        await reporter.MakeAsync(await FindAsync(id, waves, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    private static async Task<IResult> DocumentAsync(Guid id, WaveService waves, WaveReporter reporter, CancellationToken cancellationToken)
    {
        var report = await ReportAsync(id, waves, reporter, cancellationToken).ConfigureAwait(false);
        return new RazorComponentResult<WaveReportDocument>(new { Report = report });
    }

    private static async Task<Wave> ChangeAsync(
        Guid id, WaveRequest request, WaveService waves, Access access, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        var wave = await FindAsync(id, waves, cancellationToken).ConfigureAwait(false);
        if (await access.OfAddedAsync(wave, request.ToDraft().Plans.Select(plan => plan.Plan), cancellationToken).ConfigureAwait(false) is { } added)
        {
            Access.Require(user, Roles.Operator, added);
        }

        return await waves.ChangeAsync(id, request.Version, request.ToDraft(), user.ActorName(), cancellationToken).ConfigureAwait(false);
    }

    private static async Task<Wave> SubmitAsync(Guid id, WaveService waves, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await FindAsync(id, waves, cancellationToken).ConfigureAwait(false);
        return await waves.SubmitAsync(id, user.ActorName(), cancellationToken).ConfigureAwait(false);
    }

    // Recorded under the person's own name: the role is asked of the account, now and again at the start.
    private static async Task<Wave> DecideAsync(Guid id, DecisionRequest request, WaveService waves, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await FindAsync(id, waves, cancellationToken).ConfigureAwait(false);
        return await waves.DecideAsync(id, request.Fingerprint ?? "", request.Approve, request.Reason ?? "", user.Identity?.Name ?? "", cancellationToken)
            .ConfigureAwait(false);
    }

    private static async Task<Wave> WithdrawAsync(Guid id, WaveService waves, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await FindAsync(id, waves, cancellationToken).ConfigureAwait(false);
        return await waves.WithdrawAsync(id, user.ActorName(), cancellationToken).ConfigureAwait(false);
    }

    private static async Task<Wave> StartAsync(Guid id, WaveService waves, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await FindAsync(id, waves, cancellationToken).ConfigureAwait(false);
        return await waves.StartAsync(id, user.ActorName(), cancellationToken).ConfigureAwait(false);
    }

    private static async Task<Wave> PauseAsync(Guid id, WaveService waves, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await FindAsync(id, waves, cancellationToken).ConfigureAwait(false);
        return await waves.PauseAsync(id, user.ActorName(), cancellationToken).ConfigureAwait(false);
    }

    private static async Task<Wave> CancelAsync(Guid id, WaveService waves, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await FindAsync(id, waves, cancellationToken).ConfigureAwait(false);
        return await waves.CancelAsync(id, user.ActorName(), cancellationToken).ConfigureAwait(false);
    }

    private static async Task<Wave> HoldAsync(Guid id, HoldRequest request, WaveService waves, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await FindAsync(id, waves, cancellationToken).ConfigureAwait(false);
        return await waves.HoldAsync(id, request.Plan, request.Hold, user.ActorName(), cancellationToken).ConfigureAwait(false);
    }

    private static async Task<Wave> RetryAsync(Guid id, RetryRequest request, WaveService waves, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await FindAsync(id, waves, cancellationToken).ConfigureAwait(false);
        return await waves.RetryAsync(id, request.Plan, user.ActorName(), cancellationToken).ConfigureAwait(false);
    }

    private static async Task<Wave> PutOffAsync(Guid id, PutOffRequest request, WaveService waves, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await FindAsync(id, waves, cancellationToken).ConfigureAwait(false);
        return await waves.PutOffAsync(id, request.Until, user.ActorName(), cancellationToken).ConfigureAwait(false);
    }

    private static async Task<Wave> LimitAsync(Guid id, LimitRequest request, WaveService waves, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await FindAsync(id, waves, cancellationToken).ConfigureAwait(false);
        return await waves.LimitAsync(
            id, request.MaxConcurrent, request.MaxPerSourceHost, request.MaxPerTargetHost, user.ActorName(), cancellationToken).ConfigureAwait(false);
    }
}

/// <summary>What is wanted of a wave.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Plans">Its plans, in order.</param>
/// <param name="Policy">Its rules; null for the usual ones.</param>
/// <param name="Calendar">When it may run; null for any time.</param>
/// <param name="Version">The version that was seen, when one is changed; null changes whatever there is.</param>
internal sealed record WaveRequest(
    string? Name, IReadOnlyList<WaveDraftPlan>? Plans, WavePolicy? Policy = null, WaveCalendar? Calendar = null, long? Version = null)
{
    /// <summary>As the engine takes it.</summary>
    public WaveDraft ToDraft() => new(Name ?? "", Plans ?? [], Policy, Calendar);
}

/// <summary>An approver's word.</summary>
/// <param name="Approve">Approve, or reject.</param>
/// <param name="Fingerprint">Fingerprint of what the approver was shown.</param>
/// <param name="Reason">Why; required for a rejection.</param>
internal sealed record DecisionRequest(bool Approve, string? Fingerprint, string? Reason = null);

/// <summary>What to hold.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Hold">Hold it back, or let it go.</param>
internal sealed record HoldRequest(Guid Plan, bool Hold);

/// <summary>What to try again.</summary>
/// <param name="Plan">The plan.</param>
internal sealed record RetryRequest(Guid Plan);

/// <summary>How many runs go at once.</summary>
/// <param name="MaxConcurrent">Of the wave.</param>
/// <param name="MaxPerSourceHost">From one Xen host.</param>
/// <param name="MaxPerTargetHost">To one KVM host.</param>
internal sealed record LimitRequest(int MaxConcurrent, int MaxPerSourceHost, int MaxPerTargetHost);

/// <summary>Until when a wave is put off.</summary>
/// <param name="Until">Nothing of it starts before this; null lets it go.</param>
internal sealed record PutOffRequest(DateTimeOffset? Until);

/// <summary>A wave at a time.</summary>
/// <param name="Wave">The wave.</param>
/// <param name="Plans">Where each plan stands, in order.</param>
/// <param name="Running">Runs in flight.</param>
/// <param name="Failures">Plans that failed or were rolled back.</param>
/// <param name="WindowClosesAt">When the window it is in closes; null outside.</param>
/// <param name="WindowOpensAt">When its next window opens; null while one is open, or when none comes.</param>
internal sealed record WaveDetail(
    Wave Wave, IReadOnlyList<WavePlanStatus> Plans, int Running, int Failures, DateTimeOffset? WindowClosesAt, DateTimeOffset? WindowOpensAt)
{
    /// <summary>As programs read it.</summary>
    public static WaveDetail Of(WaveView view) => new(
        view.Wave,
        [.. view.Entries.Select(status => new WavePlanStatus(
            status.Entry.PlanId, status.Entry.GuestName, status.Entry.SourceHost, status.Entry.TargetHost, status.State, status.Reason, status.Run?.Id))],
        view.Running, view.Failures, view.Window?.End, view.NextWindow?.Begin);
}

/// <summary>Where a plan of a wave stands.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Guest">Guest name.</param>
/// <param name="SourceHost">Host it leaves.</param>
/// <param name="TargetHost">Host it goes to.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Reason">What it waits for, or what went wrong.</param>
/// <param name="Run">Its latest run in this wave, or null.</param>
internal sealed record WavePlanStatus(
    Guid Plan, string Guest, string SourceHost, string TargetHost, EntryState State, string Reason, Guid? Run);
