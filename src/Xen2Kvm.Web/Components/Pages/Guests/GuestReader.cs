using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Planning;
using Xen2Kvm.Engine.Preflight;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Web.Components.Pages.Guests;

/// <summary>
/// The table of all guests, for pages and for the API: what the inventories know, what the rules say of it, and how far each guest's move is.
/// What inventories and rules say is worked out once for each set of inventories, not for each reader.
/// </summary>
public sealed class GuestReader(InventoryService inventory, GuestConcerns concerns, RunService runs, PlanService plans)
{
    private volatile Known? _known;

    /// <summary>Every guest, by host and name, without how far its move is.</summary>
    public async Task<GuestRows> ListSeenAsync(CancellationToken cancellationToken)
    {
        var guests = await inventory.ListGuestsAsync(cancellationToken);
        var known = _known;
        if (known is null || !ReferenceEquals(known.Guests, guests))
        {
            var findings = concerns.Of(guests);
            GuestRows rows = new([.. guests.Select(seen => new GuestRow { Seen = seen, Concerns = ConcernCounts.Of(findings.Of(seen)) })], findings);
            _known = known = new Known(guests, rows);
        }

        return known.Rows;
    }

    /// <summary>Every guest, by host and name.</summary>
    public async Task<GuestRows> ListAsync(CancellationToken cancellationToken)
    {
        var seen = await ListSeenAsync(cancellationToken);
        var latestRuns = (await runs.ListLatestAsync(cancellationToken)).ToDictionary(run => (run.SourceHost, run.GuestName));
        var latestPlans = (await plans.ListLatestAsync(cancellationToken)).ToDictionary(plan => (plan.SourceHostId, plan.GuestName));
        return seen with
        {
            Rows = [.. seen.Rows.Select(row =>
            {
                var run = latestRuns.GetValueOrDefault((row.Host, row.Name));
                var plan = latestPlans.GetValueOrDefault((row.Seen.Host.Id, row.Name));
                return run is null && plan is null ? row : row with { Run = run, Plan = plan };
            })],
        };
    }

    private sealed record Known(IReadOnlyList<GuestOnHost> Guests, GuestRows Rows);
}

/// <summary>The table of guests at one time.</summary>
/// <param name="Rows">A row for each guest, by host and name.</param>
/// <param name="Findings">What the rules say of each.</param>
public sealed record GuestRows(IReadOnlyList<GuestRow> Rows, GuestFindings Findings);
