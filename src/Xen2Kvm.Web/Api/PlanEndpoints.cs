using System.Security.Claims;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Planning;
using Xen2Kvm.Engine.Preflight;
using Xen2Kvm.Engine.Runs;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Components.State;

namespace Xen2Kvm.Web.Api;

/// <summary>/api/v1/plans.</summary>
internal static class PlanEndpoints
{
    /// <summary>Maps the group.</summary>
    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("", ListAsync).WithSummary("All plans, newest first");
        group.MapGet("/{id:guid}", ShowAsync).WithSummary("One plan, and as projectedDowntime what earlier runs let expect (null when none was measured)")
            .Produces<Plan>().AddOpenApiOperationTransformer(ProjectedDowntime.DescribeAsync).ProducesProblem(StatusCodes.Status404NotFound);
        group.MapGet("/{id:guid}/xml", XmlAsync).WithSummary("The libvirt XML that the plan defines")
            .Produces<string>(StatusCodes.Status200OK, "application/xml");
        group.MapPost("/propose", ProposeAsync).RequireAuthorization(Roles.Somewhere(Roles.Operator)).WithSummary("Propose a plan without storing it")
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        group.MapPost("", CreateAsync).RequireAuthorization(Roles.Somewhere(Roles.Operator)).WithSummary("Propose and store a plan")
            .Produces<Plan>(StatusCodes.Status201Created).ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        group.MapPost("/{id:guid}/preflight", PreflightAsync).OnPlan(Roles.Operator)
            .WithSummary("Collect fresh facts from both hosts and run every rule");
        group.MapPost("/{id:guid}/rehearse", RehearseAsync).OnPlan(Roles.Operator)
            .WithSummary("Go through all steps without changing anything: what only reads is run, every other command is told").Produces<Rehearsal>();
        group.MapPost("/{id:guid}/acknowledge", AcknowledgeAsync).OnPlan(Roles.Operator).WithSummary("Accept warnings by name");
    }

    private static async Task<IReadOnlyList<PlanSummary>> ListAsync(
        PlanService plans, HostService hosts, CancellationToken cancellationToken)
    {
        var names = (await hosts.ListAsync(cancellationToken).ConfigureAwait(false)).ToDictionary(host => host.Id, host => host.Name);
        return [.. (await plans.ListAsync(cancellationToken).ConfigureAwait(false)).Select(plan => new PlanSummary(
            plan.Id, plan.Source.Name, names.GetValueOrDefault(plan.SourceHostId), names.GetValueOrDefault(plan.TargetHostId),
            plan.Target.Name, plan.Route, plan.CreatedAt, plan.CreatedBy))];
    }

    /// <summary>The plan of an id.</summary>
    /// <exception cref="ApiException">There is none.</exception>
    public static async Task<Plan> FindAsync(Guid id, PlanService plans, CancellationToken cancellationToken) =>
        await plans.FindAsync(id, cancellationToken).ConfigureAwait(false) ?? throw ApiException.NotFound("There is no plan of this id.");

    private static async Task<JsonObject> ShowAsync(
        Guid id, PlanService plans, HostService hosts, RunReader runs, IOptions<JsonOptions> json, CancellationToken cancellationToken)
    {
        var plan = await FindAsync(id, plans, cancellationToken).ConfigureAwait(false);
        var names = (await hosts.ListAsync(cancellationToken).ConfigureAwait(false)).ToDictionary(host => host.Id, host => host.Name);
        var forecast = DowntimeForecast.Of(
            plan, names.GetValueOrDefault(plan.SourceHostId, ""), names.GetValueOrDefault(plan.TargetHostId, ""),
            await runs.ListAsync(now: true, cancellationToken).ConfigureAwait(false));
        return ProjectedDowntime.Beside(plan, forecast, json.Value);
    }

    private static async Task<IResult> XmlAsync(Guid id, PlanService plans, CancellationToken cancellationToken)
    {
        var plan = await FindAsync(id, plans, cancellationToken).ConfigureAwait(false);
        var xml = await plans.GetTargetXmlAsync(plan, cancellationToken).ConfigureAwait(false);
        return TypedResults.Text(xml, "application/xml", Encoding.UTF8);
    }

    private static async Task<Plan> ProposeAsync(
        PlanRequest request, PlanService plans, HostService hosts, Access access, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(request.SourceHost) || string.IsNullOrEmpty(request.Guest) || string.IsNullOrEmpty(request.TargetHost))
        {
            throw ApiException.Invalid("Name sourceHost, guest and targetHost.");
        }

        var source = await HostEndpoints.FindAsync(hosts, request.SourceHost, cancellationToken).ConfigureAwait(false);
        var target = await HostEndpoints.FindAsync(hosts, request.TargetHost, cancellationToken).ConfigureAwait(false);
        Access.Require(user, Roles.Operator, await access.OfHostsAsync([source.Id, target.Id], cancellationToken).ConfigureAwait(false));
        return await plans.ProposeAsync(
            source.Id, request.Guest, target.Id, request.Choices ?? new PlanChoices(), user.ActorName(), cancellationToken).ConfigureAwait(false);
    }

    private static async Task<IResult> CreateAsync(
        PlanRequest request, PlanService plans, HostService hosts, Access access, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        var plan = await ProposeAsync(request, plans, hosts, access, user, cancellationToken).ConfigureAwait(false);
        await plans.CreateAsync(plan, cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"/api/v1/plans/{plan.Id}", plan);
    }

    private static async Task<PreflightResult> PreflightAsync(Guid id, PlanService plans, TimeProvider time, CancellationToken cancellationToken)
    {
        var plan = await FindAsync(id, plans, cancellationToken).ConfigureAwait(false);
        var concerns = await plans.PreflightAsync(plan, cancellationToken).ConfigureAwait(false);
        var stopping = PreflightService.Stopping(plan, concerns, time.GetUtcNow());
        return new PreflightResult(stopping.Count == 0, [.. stopping.Select(concern => concern.Key)], concerns);
    }

    private static async Task<Rehearsal> RehearseAsync(Guid id, PlanService plans, RehearsalService rehearsals, CancellationToken cancellationToken) =>
        await rehearsals.RehearseAsync((await FindAsync(id, plans, cancellationToken).ConfigureAwait(false)).Id, cancellationToken).ConfigureAwait(false);

    private static async Task<Plan> AcknowledgeAsync(
        Guid id, AcknowledgeRequest request, PlanService plans, TimeProvider time, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await FindAsync(id, plans, cancellationToken).ConfigureAwait(false);
        return request.Concerns is { Count: > 0 } keys
            ? await plans.AcknowledgeAsync(
                id, keys, request.Reason ?? "", request.ExpiresInDays is { } days ? time.GetUtcNow().AddDays(days) : null, user.ActorName(), cancellationToken)
                .ConfigureAwait(false)
            : throw ApiException.Invalid("Name the warnings to accept in concerns, as X03:vif0.");
    }
}

/// <summary>What a plan is made from.</summary>
/// <param name="SourceHost">Xen host, id or name.</param>
/// <param name="Guest">Guest name.</param>
/// <param name="TargetHost">KVM host, id or name.</param>
/// <param name="Choices">Choices; null proposes everything.</param>
internal sealed record PlanRequest(string SourceHost, string Guest, string TargetHost, PlanChoices? Choices = null);

/// <summary>A plan in a list.</summary>
/// <param name="Id">Stable id.</param>
/// <param name="Guest">Guest name on Xen.</param>
/// <param name="SourceHost">Xen host; null when it was removed.</param>
/// <param name="TargetHost">KVM host; null when it was removed.</param>
/// <param name="TargetName">Guest name on KVM.</param>
/// <param name="Route">Route id.</param>
/// <param name="CreatedAt">When.</param>
/// <param name="CreatedBy">By whom.</param>
internal sealed record PlanSummary(
    Guid Id, string Guest, string? SourceHost, string? TargetHost, string TargetName, string Route, DateTimeOffset CreatedAt, string CreatedBy);

/// <summary>Warnings to accept.</summary>
/// <param name="Concerns">Concern keys, as <c>X03:vif0</c>.</param>
/// <param name="Reason">Why they may be accepted.</param>
/// <param name="ExpiresInDays">Days for which they are; null for as long as the plan exists.</param>
internal sealed record AcknowledgeRequest(IReadOnlyList<string>? Concerns, string? Reason = null, int? ExpiresInDays = null);

/// <summary>What the rules say.</summary>
/// <param name="MayStart">Nothing stops a start.</param>
/// <param name="Stopping">Keys of blockers and of warnings nobody accepted.</param>
/// <param name="Concerns">Every finding, blockers first.</param>
internal sealed record PreflightResult(bool MayStart, IReadOnlyList<string> Stopping, IReadOnlyList<Concern> Concerns);
