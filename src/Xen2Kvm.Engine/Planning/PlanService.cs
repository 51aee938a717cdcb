using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Preflight;

namespace Xen2Kvm.Engine.Planning;

/// <summary>Makes, shows and checks plans.</summary>
public sealed class PlanService(
    IHostStore hosts, IPlanStore plans, IHostConnector connector, PreflightService preflight, IAuditLog audit, TimeProvider time)
{
    /// <summary>All plans, newest first.</summary>
    public Task<IReadOnlyList<Plan>> ListAsync(CancellationToken cancellationToken) => plans.ListAsync(cancellationToken);

    /// <summary>The latest plan of each guest that has one, without its document.</summary>
    public Task<IReadOnlyList<LatestPlan>> ListLatestAsync(CancellationToken cancellationToken) => plans.ListLatestAsync(cancellationToken);

    /// <summary>One plan, or null.</summary>
    public Task<Plan?> FindAsync(Guid id, CancellationToken cancellationToken) => plans.FindAsync(id, cancellationToken);

    /// <summary>Proposes a plan from the last inventories without storing it.</summary>
    /// <exception cref="PlanningException">The guest or the target does not allow one.</exception>
    /// <exception cref="RefusedException">Host or guest is not known.</exception>
    public async Task<Plan> ProposeAsync(
        Guid sourceHostId, string guest, Guid targetHostId, PlanChoices choices, string by, CancellationToken cancellationToken)
    {
        var (source, sourceSnapshot) = await LoadAsync(sourceHostId, cancellationToken).ConfigureAwait(false);
        var (target, targetSnapshot) = await LoadAsync(targetHostId, cancellationToken).ConfigureAwait(false);
        var found = sourceSnapshot.Guests.FirstOrDefault(candidate => string.Equals(candidate.Name, guest, StringComparison.Ordinal))
            ?? throw new RefusedException($"{source.Name} has no guest {guest}. Refresh its inventory.");
        return PlanProposal.Make(
            Guid.CreateVersion7(time.GetUtcNow()), source, found, target, targetSnapshot.Facts, choices, by, time.GetUtcNow());
    }

    /// <summary>Stores a proposed plan.</summary>
    public async Task<Plan> CreateAsync(Plan plan, CancellationToken cancellationToken)
    {
        await plans.SaveAsync(plan, cancellationToken).ConfigureAwait(false);
        await audit.AppendAsync(
            new AuditEntry(time.GetUtcNow(), plan.CreatedBy, "plan.create", plan.Source.Name, $"plan {plan.Id}"), cancellationToken)
            .ConfigureAwait(false);
        return plan;
    }

    /// <summary>The libvirt XML that the plan defines.</summary>
    public async Task<string> GetTargetXmlAsync(Plan plan, CancellationToken cancellationToken)
    {
        var (target, _) = await LoadAsync(plan.TargetHostId, cancellationToken).ConfigureAwait(false);
        return connector.Kvm(connector.Shell(target)).BuildXml(plan.Target, plan.Id);
    }

    /// <summary>Collects fresh facts from both hosts and runs every rule.</summary>
    public Task<IReadOnlyList<Concern>> PreflightAsync(Plan plan, CancellationToken cancellationToken) =>
        preflight.CheckAsync(plan, cancellationToken);

    /// <summary>Accepts warnings by name. One that is accepted already stays as it is, unless that has expired.</summary>
    /// <param name="planId">The plan.</param>
    /// <param name="concernKeys">Keys of the warnings.</param>
    /// <param name="reason">Why they may be accepted; may be empty.</param>
    /// <param name="expiresAt">Until when; null for as long as the plan exists.</param>
    /// <param name="by">Who accepts them.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="RefusedException">The plan is not known, or the time has passed.</exception>
    public async Task<Plan> AcknowledgeAsync(
        Guid planId, IReadOnlyList<string> concernKeys, string reason, DateTimeOffset? expiresAt, string by, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (expiresAt <= now || reason.Length > 500)
        {
            throw new RefusedException("Accept a warning until a time that is still to come, for a reason of at most 500 characters.");
        }

        var plan = await plans.FindAsync(planId, cancellationToken).ConfigureAwait(false) ?? throw new RefusedException("This plan is not known.");
        var kept = plan.Acknowledged.Where(known => known.HoldsAt(now) || !concernKeys.Contains(known.ConcernKey)).ToList();
        var added = concernKeys.Where(key => kept.All(known => known.ConcernKey != key)).Distinct()
            .Select(key => new Acknowledgement(key, by, now, reason.Trim(), expiresAt)).ToList();
        if (added.Count == 0)
        {
            return plan;
        }

        plan = plan with { Acknowledged = [.. kept, .. added] };
        await plans.SaveAsync(plan, cancellationToken).ConfigureAwait(false);
        await audit.AppendAsync(
            new AuditEntry(now, by, "plan.acknowledge", plan.Source.Name, string.Join(", ", added.Select(a => $"{a.ConcernKey} {a.Describe()}"))),
            cancellationToken).ConfigureAwait(false);
        return plan;
    }

    private async Task<(Host Host, HostSnapshot Snapshot)> LoadAsync(Guid id, CancellationToken cancellationToken)
    {
        var host = await hosts.FindAsync(id, cancellationToken).ConfigureAwait(false) ?? throw new RefusedException("This host is not known any more.");
        var snapshot = await hosts.GetSnapshotAsync(id, cancellationToken).ConfigureAwait(false)
            ?? throw new RefusedException($"{host.Name} has no inventory yet. Refresh it first.");
        return (host, snapshot);
    }
}
