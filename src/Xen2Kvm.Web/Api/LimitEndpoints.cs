using System.Security.Claims;
using Xen2Kvm.Domain.Limits;
using Xen2Kvm.Engine.Limits;
using Xen2Kvm.Web.Auth;

namespace Xen2Kvm.Web.Api;

/// <summary>/api/v1/limits.</summary>
internal static class LimitEndpoints
{
    /// <summary>Maps the group.</summary>
    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("", ListAsync).WithSummary("Limits of the whole installation, what counts of them now, and how much of that is used");
        var acts = group.MapGroup("").RequireAuthorization(Roles.Admin).ProducesProblem(StatusCodes.Status409Conflict);
        acts.MapPost("", AddAsync).WithSummary("Add a limit, always or by the clock; it counts at once, for runs in flight, too").Produces<LimitRule>(StatusCodes.Status201Created);
        acts.MapPut("/{id:guid}", ChangeAsync).WithSummary("Replace what a limit says");
        acts.MapDelete("/{id:guid}", RemoveAsync).WithSummary("Remove a limit").Produces(StatusCodes.Status204NoContent);
    }

    private static Task<LimitsNow> ListAsync(LimitService limits, CancellationToken cancellationToken) => limits.UseAsync(cancellationToken);

    private static async Task<IResult> AddAsync(LimitDraft draft, LimitService limits, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        var rule = await limits.AddAsync(draft, user.ActorName(), cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"/api/v1/limits/{rule.Id}", rule);
    }

    private static Task<LimitRule> ChangeAsync(Guid id, LimitDraft draft, LimitService limits, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        limits.ChangeAsync(id, draft, user.ActorName(), cancellationToken);

    private static async Task<IResult> RemoveAsync(Guid id, LimitService limits, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await limits.RemoveAsync(id, user.ActorName(), cancellationToken).ConfigureAwait(false);
        return TypedResults.NoContent();
    }
}
