using System.Security.Claims;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Auth;
using Host = Xen2Kvm.Domain.Inventory.Host;

namespace Xen2Kvm.Web.Api;

/// <summary>/api/v1/hosts.</summary>
internal static class HostEndpoints
{
    /// <summary>Maps the group.</summary>
    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("", ListAsync).WithSummary("All hosts with their state");
        group.MapGet("/{host}", ShowAsync).WithSummary("One host by id or name, with its facts and what changed in the last 30 days")
            .ProducesProblem(StatusCodes.Status404NotFound);
        group.MapPost("/scan-key", ScanKeyAsync).RequireAuthorization(Roles.Operator)
            .WithSummary("Ask a host and its jump host for their keys, for a person to compare").ProducesProblem(StatusCodes.Status502BadGateway);
        group.MapPost("", AddAsync).RequireAuthorization(Roles.Operator).WithSummary("Add a host whose key was confirmed")
            .ProducesProblem(StatusCodes.Status409Conflict);
        group.MapPut("/{host}", ChangeAsync).RequireAuthorization(Roles.Operator)
            .WithSummary("Change how a host is reached; a secret that is left out stays").ProducesProblem(StatusCodes.Status409Conflict);
        group.MapPost("/{host}/scan-key", ScanAgainAsync).RequireAuthorization(Roles.Operator)
            .WithSummary("Ask a known host for the key it shows now, or where it is to be reached from now on").ProducesProblem(StatusCodes.Status502BadGateway);
        group.MapPost("/{host}/test", TestAsync).OnHost(Roles.Operator).WithSummary("Test the connection, check by check");
        group.MapPost("/{host}/refresh", RefreshAsync).OnHost(Roles.Operator).WithSummary("Take an inventory now")
            .ProducesProblem(StatusCodes.Status502BadGateway);
        group.MapDelete("/{host}", RemoveAsync).RequireAuthorization(Roles.Operator)
            .WithSummary("Forget a host; nothing is changed on it").Produces(StatusCodes.Status204NoContent);
    }

    /// <summary>The host of an id or name.</summary>
    /// <exception cref="ApiException">There is none.</exception>
    public static async Task<Host> FindAsync(HostService hosts, string idOrName, CancellationToken cancellationToken) =>
        await hosts.FindAsync(idOrName, cancellationToken).ConfigureAwait(false)
        ?? throw ApiException.NotFound($"There is no host {idOrName}. GET /api/v1/hosts lists them.");

    private static async Task<IReadOnlyList<HostSummary>> ListAsync(InventoryService inventory, CancellationToken cancellationToken) =>
        [.. (await inventory.ListHostsAsync(cancellationToken).ConfigureAwait(false)).Select(known => HostSummary.Of(known.Host, known.Snapshot))];

    private static async Task<HostDetail> ShowAsync(string host, HostService hosts, TimeProvider time, CancellationToken cancellationToken) =>
        await DetailAsync(await FindAsync(hosts, host, cancellationToken).ConfigureAwait(false), hosts, time, cancellationToken)
            .ConfigureAwait(false);

    private static Task<HostKeyOffer> ScanKeyAsync(KeyScan scan, HostService hosts, CancellationToken cancellationToken) =>
        hosts.ScanHostKeyAsync(scan.Ssh, scan.Secret, cancellationToken);

    private static async Task<HostKeyOffer> ScanAgainAsync(string host, KeyScan? scan, HostService hosts, CancellationToken cancellationToken) =>
        await hosts.ScanHostKeyAsync(
            await FindAsync(hosts, host, cancellationToken).ConfigureAwait(false), scan?.Ssh, scan?.Secret, cancellationToken).ConfigureAwait(false);

    private static async Task<IResult> AddAsync(NewHost host, HostService hosts, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        var added = await hosts.AddAsync(host, user.ActorName(), cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"/api/v1/hosts/{added.Id}", HostSummary.Of(added, null));
    }

    private static async Task<HostSummary> ChangeAsync(
        string host, ChangedHost change, HostService hosts, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        var found = await FindAsync(hosts, host, cancellationToken).ConfigureAwait(false);
        var changed = await hosts.ChangeAsync(found, change, user.ActorName(), cancellationToken).ConfigureAwait(false);
        return HostSummary.Of(changed, await hosts.GetSnapshotAsync(changed.Id, cancellationToken).ConfigureAwait(false));
    }

    private static async Task<IReadOnlyList<HostCheck>> TestAsync(string host, HostService hosts, CancellationToken cancellationToken) =>
        await hosts.TestAsync(await FindAsync(hosts, host, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    private static async Task<HostDetail> RefreshAsync(
        string host, HostService hosts, TimeProvider time, CancellationToken cancellationToken)
    {
        var found = await FindAsync(hosts, host, cancellationToken).ConfigureAwait(false);
        var snapshot = await hosts.RefreshAsync(found.Id, cancellationToken).ConfigureAwait(false);
        var after = await FindAsync(hosts, found.Id.ToString(), cancellationToken).ConfigureAwait(false);
        return snapshot is not null
            ? await DetailAsync(after, hosts, time, cancellationToken).ConfigureAwait(false)
            : throw new ApiException(StatusCodes.Status502BadGateway, after.LastError ?? $"{after.Name} could not be inventoried. Test the connection.");
    }

    private static async Task<IResult> RemoveAsync(string host, HostService hosts, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        var found = await FindAsync(hosts, host, cancellationToken).ConfigureAwait(false);
        await hosts.RemoveAsync(found, user.ActorName(), cancellationToken).ConfigureAwait(false);
        return TypedResults.NoContent();
    }

    private static async Task<HostDetail> DetailAsync(Host host, HostService hosts, TimeProvider time, CancellationToken cancellationToken)
    {
        var snapshot = await hosts.GetSnapshotAsync(host.Id, cancellationToken).ConfigureAwait(false);
        var changes = await hosts.ListDifferencesAsync(host.Id, time.GetUtcNow().AddDays(-30), cancellationToken).ConfigureAwait(false);
        return new HostDetail(
            HostSummary.Of(host, snapshot), host.Ssh, host.DataAddress, snapshot?.Facts, snapshot?.Problems ?? [],
            [.. changes.Select(change => new HostChange(change.At, change.Difference.Guest, change.Difference.Text))]);
    }
}

/// <summary>A host to be asked for its key.</summary>
/// <param name="Ssh">How to reach it.</param>
/// <param name="Secret">Private key text for a jump host that takes the host's own key; not needed without a jump host.</param>
internal sealed record KeyScan(SshEndpoint Ssh, string? Secret);

/// <summary>A host in a list.</summary>
/// <param name="Id">Stable id.</param>
/// <param name="Name">Unique name.</param>
/// <param name="Kind">Xen or Kvm.</param>
/// <param name="Address">SSH address.</param>
/// <param name="Port">SSH port.</param>
/// <param name="User">Account.</param>
/// <param name="Guests">Guests at the last inventory; null before the first one.</param>
/// <param name="Hypervisor">Hypervisor with version.</param>
/// <param name="LastSeenAt">When the last inventory succeeded.</param>
/// <param name="UnreachableSince">Since when every contact fails; null while it answers.</param>
/// <param name="LastError">Why the last contact failed.</param>
internal sealed record HostSummary(
    Guid Id, string Name, HostKind Kind, string Address, int Port, string User, int? Guests, string? Hypervisor,
    DateTimeOffset? LastSeenAt, DateTimeOffset? UnreachableSince, string? LastError)
{
    /// <summary>From the host and its last snapshot.</summary>
    public static HostSummary Of(Host host, HostSnapshot? snapshot) => new(
        host.Id, host.Name, host.Kind, host.Ssh.Address, host.Ssh.Port, host.Ssh.User, snapshot?.Guests.Count, snapshot?.Facts.Hypervisor,
        host.LastSeenAt, host.UnreachableSince, host.LastError);
}

/// <summary>One host with everything known of it; its secret never leaves the program.</summary>
/// <param name="Host">Name and state.</param>
/// <param name="Ssh">How it is reached.</param>
/// <param name="DataAddress">Address other hosts use for data, or null.</param>
/// <param name="Facts">Facts of the last inventory.</param>
/// <param name="Problems">What the last inventory could not read.</param>
/// <param name="Changes">What changed, newest first.</param>
internal sealed record HostDetail(
    HostSummary Host, SshEndpoint Ssh, string? DataAddress, HostFacts? Facts, IReadOnlyList<string> Problems, IReadOnlyList<HostChange> Changes);

/// <summary>A change on a host.</summary>
/// <param name="At">When it was noticed.</param>
/// <param name="Guest">The guest, or null for the host itself.</param>
/// <param name="Text">The change in words.</param>
internal sealed record HostChange(DateTimeOffset At, string? Guest, string Text);
