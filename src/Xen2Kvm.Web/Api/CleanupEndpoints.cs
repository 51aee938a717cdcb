using System.Security.Claims;
using Xen2Kvm.Domain.Cleanups;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Cleanups;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Web.Auth;

namespace Xen2Kvm.Web.Api;

/// <summary>/api/v1/cleanups.</summary>
internal static class CleanupEndpoints
{
    /// <summary>Maps the group.</summary>
    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("", ListAsync).WithSummary("Cleanups, newest first");
        group.MapGet("/remains", RemainsAsync).WithSummary("What every moved guest still has on its Xen host, by the records alone");
        group.MapGet("/{id:guid}", ShowAsync).WithSummary("One cleanup: its items, the command for each, and what became of it")
            .ProducesProblem(StatusCodes.Status404NotFound);
        group.MapPost("/{id:guid}/decision", DecideAsync).RequireAuthorization(Roles.Approver)
            .WithSummary("Approve or reject what is proposed, with the fingerprint of what was shown").ProducesProblem(StatusCodes.Status409Conflict);
        var acts = group.MapGroup("").RequireAuthorization(Roles.Operator).ProducesProblem(StatusCodes.Status409Conflict);
        acts.MapPost("", ProposeAsync).WithSummary("Look at guests on their hosts and propose to delete what they left behind; nothing is deleted")
            .Produces<CleanupDetail>(StatusCodes.Status201Created);
        acts.MapPost("/{id:guid}/look", LookAsync).WithSummary("Look at its guests anew; what is found then needs a new approval");
        acts.MapPost("/{id:guid}/withdraw", WithdrawAsync).WithSummary("Take it back; what it has deleted stays deleted");
        acts.MapPost("/{id:guid}/run", RunAsync).WithSummary(
            "Dry run, unless delete is true: what would be deleted now, asked of the hosts. With delete and the name of each guest, the deletion is started").Produces<RehearsalDetail>();
    }

    private static async Task<Cleanup> FindAsync(Guid id, CleanupService cleanups, CancellationToken cancellationToken) =>
        await cleanups.FindAsync(id, cancellationToken).ConfigureAwait(false) ?? throw ApiException.NotFound("There is no cleanup of this id.");

    private static async Task<IReadOnlyList<CleanupDetail>> ListAsync(CleanupService cleanups, CancellationToken cancellationToken) =>
        [.. (await cleanups.ListAsync(cancellationToken).ConfigureAwait(false)).Select(cleanup => CleanupDetail.Of(cleanup, cleanups))];

    private static async Task<IReadOnlyList<RemainsDetail>> RemainsAsync(RemainsList remains, CancellationToken cancellationToken) =>
        [.. (await remains.ReadAsync(cancellationToken).ConfigureAwait(false)).Select(RemainsDetail.Of)];

    private static async Task<CleanupDetail> ShowAsync(Guid id, CleanupService cleanups, CancellationToken cancellationToken) =>
        CleanupDetail.Of(await FindAsync(id, cleanups, cancellationToken).ConfigureAwait(false), cleanups);

    private static async Task<IResult> ProposeAsync(
        CleanupRequest request, CleanupService cleanups, HostService hosts, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        var known = (await hosts.ListAsync(cancellationToken).ConfigureAwait(false)).Where(host => host.Kind == HostKind.Xen).ToDictionary(host => host.Name, host => host.Id);
        var guests = (request.Guests ?? []).Select(guest => (
            known.TryGetValue(guest.Host ?? "", out var id) ? id : throw ApiException.Invalid($"There is no Xen host {guest.Host}."), guest.Guest ?? "")).ToList();
        var hold = request.HoldDays is { } days and >= 0 and <= 3650 ? TimeSpan.FromDays(days)
            : request.HoldDays is null ? (TimeSpan?)null : throw ApiException.Invalid("holdDays is 0 to 3650.");
        var cleanup = await cleanups.ProposeAsync(guests, hold, user.ActorName(), cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"/api/v1/cleanups/{cleanup.Id}", CleanupDetail.Of(cleanup, cleanups));
    }

    private static async Task<CleanupDetail> LookAsync(Guid id, CleanupService cleanups, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await FindAsync(id, cleanups, cancellationToken).ConfigureAwait(false);
        return CleanupDetail.Of(await cleanups.LookAgainAsync(id, user.ActorName(), cancellationToken).ConfigureAwait(false), cleanups);
    }

    // Recorded under the person's own name: the role is asked of the account, now and again at the start.
    private static async Task<CleanupDetail> DecideAsync(
        Guid id, DecisionRequest request, CleanupService cleanups, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await FindAsync(id, cleanups, cancellationToken).ConfigureAwait(false);
        return CleanupDetail.Of(
            await cleanups.DecideAsync(id, request.Fingerprint ?? "", request.Approve, request.Reason ?? "", user.Identity?.Name ?? "", cancellationToken).ConfigureAwait(false), cleanups);
    }

    private static async Task<CleanupDetail> WithdrawAsync(Guid id, CleanupService cleanups, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await FindAsync(id, cleanups, cancellationToken).ConfigureAwait(false);
        return CleanupDetail.Of(await cleanups.WithdrawAsync(id, user.ActorName(), cancellationToken).ConfigureAwait(false), cleanups);
    }

    private static async Task<IResult> RunAsync(Guid id, CleanupRunRequest request, CleanupService cleanups, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await FindAsync(id, cleanups, cancellationToken).ConfigureAwait(false);
        return request.Delete
            ? TypedResults.Ok(CleanupDetail.Of(await cleanups.StartAsync(id, request.Confirm ?? [], user.ActorName(), cancellationToken).ConfigureAwait(false), cleanups))
            : TypedResults.Ok(RehearsalDetail.Of(await cleanups.RehearseAsync(id, cancellationToken).ConfigureAwait(false)));
    }
}

/// <summary>What is to be proposed.</summary>
/// <param name="Guests">The guests.</param>
/// <param name="HoldDays">Days for which each must have been proven; null for what is set, never less.</param>
internal sealed record CleanupRequest(IReadOnlyList<CleanupGuestRequest>? Guests, int? HoldDays = null);

/// <summary>A moved guest.</summary>
/// <param name="Host">Name of the Xen host that it left.</param>
/// <param name="Guest">Its name there.</param>
internal sealed record CleanupGuestRequest(string? Host, string? Guest);

/// <summary>A dry run, or the deletion itself.</summary>
/// <param name="Delete">Delete for good; else a dry run.</param>
/// <param name="Confirm">The name of each guest of the cleanup, exactly; needed to delete.</param>
internal sealed record CleanupRunRequest(bool Delete = false, IReadOnlyList<string>? Confirm = null);

/// <summary>A cleanup as programs read it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Title">Its guests.</param>
/// <param name="Fingerprint">Fingerprint of what is proposed now.</param>
/// <param name="MayRunFrom">When its hold period is over.</param>
/// <param name="BytesLeft">Bytes still to be freed.</param>
/// <param name="BytesFreed">Bytes freed.</param>
/// <param name="Cleanup">The cleanup.</param>
internal sealed record CleanupDetail(Guid Id, string Title, string Fingerprint, DateTimeOffset MayRunFrom, long BytesLeft, long BytesFreed, Cleanup Cleanup)
{
    /// <summary>As it stands.</summary>
    public static CleanupDetail Of(Cleanup cleanup, CleanupService service) =>
        new(cleanup.Id, cleanup.Title, cleanup.Fingerprint(), cleanup.MayRunFrom(service.HoldPeriod), cleanup.BytesLeft, cleanup.BytesFreed, cleanup);
}

/// <summary>What one moved guest still has on its Xen host.</summary>
/// <param name="Host">The Xen host.</param>
/// <param name="Guest">The guest.</param>
/// <param name="Run">The run that moved it.</param>
/// <param name="ProvenAt">When it was proven on KVM.</param>
/// <param name="MayBeDeletedFrom">When its hold period is over.</param>
/// <param name="Disks">Disks left.</param>
/// <param name="Bytes">Space held.</param>
/// <param name="Cleanup">Its cleanup, or null.</param>
/// <param name="State">Where that stands, or null.</param>
internal sealed record RemainsDetail(
    string Host, string Guest, Guid Run, DateTimeOffset ProvenAt, DateTimeOffset MayBeDeletedFrom, int Disks, long Bytes, Guid? Cleanup, CleanupState? State)
{
    /// <summary>As programs read it.</summary>
    public static RemainsDetail Of(GuestRemains remains) => new(
        remains.Guest.SourceHost, remains.Guest.Name, remains.Guest.RunId, remains.Guest.ProvenAt, remains.MayBeDeletedFrom, remains.Disks, remains.Bytes,
        remains.Cleanup?.Id, remains.Cleanup?.State);
}

/// <summary>A dry run.</summary>
/// <param name="WhyNot">Why it could not be started now; empty when it could.</param>
/// <param name="Differences">How things differ from what was proposed.</param>
/// <param name="Commands">The commands that would run, by host, in their order.</param>
/// <param name="Bytes">Space that they would free.</param>
internal sealed record RehearsalDetail(IReadOnlyList<string> WhyNot, IReadOnlyList<string> Differences, IReadOnlyList<HostCommands> Commands, long Bytes)
{
    /// <summary>As programs read it.</summary>
    public static RehearsalDetail Of(CleanupDryRun rehearsal) => new(
        rehearsal.WhyNot, [.. rehearsal.Differences.Select(difference => difference.ToString())], HostCommands.Of(rehearsal.Items), rehearsal.Bytes);
}

/// <summary>Commands of one host.</summary>
/// <param name="Host">The host.</param>
/// <param name="Commands">The commands, as for a shell.</param>
internal sealed record HostCommands(string Host, IReadOnlyList<string> Commands)
{
    /// <summary>The commands of items, by host.</summary>
    public static IReadOnlyList<HostCommands> Of(IEnumerable<CleanupItem> items) =>
        [.. items.Where(item => item.Command is not null).GroupBy(item => item.Host, StringComparer.Ordinal).Select(host => new HostCommands(host.Key, [.. host.Select(item => item.Command!)]))];
}
