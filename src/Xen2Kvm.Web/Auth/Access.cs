using System.Security.Claims;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Waves;

namespace Xen2Kvm.Web.Auth;

/// <summary>Somebody asked for what they may not do there; the message says what they lack, and where.</summary>
public sealed class ForbiddenException(string why) : Exception(why);

/// <summary>
/// Tells in which <see cref="Place"/> an act takes place, by the groups that its hosts are in at this moment, and refuses it to those who may
/// not act there. Endpoints and pages both ask here. A host that is gone is in no group.
/// </summary>
public sealed class Access(IHostGroupStore groups, IPlanStore plans, IWaveStore waves)
{
    /// <summary>Refuses an act.</summary>
    /// <exception cref="ForbiddenException">The role is not held in that place.</exception>
    public static void Require(ClaimsPrincipal user, string role, Place place)
    {
        if (Standing.Of(user).WhyNot(role, place) is { } why)
        {
            throw new ForbiddenException(why);
        }
    }

    /// <summary>Some hosts.</summary>
    public async Task<Place> OfHostsAsync(IEnumerable<Guid> hosts, CancellationToken cancellationToken) => Of(await ReadAsync(cancellationToken).ConfigureAwait(false), hosts, null);

    /// <summary>The hosts that a sheet names; what is no host is left out, since nothing can be planned there.</summary>
    public async Task<Place> OfSheetAsync(WaveSheet sheet, CancellationToken cancellationToken)
    {
        var named = sheet.Rows.SelectMany(row => new[] { row.SourceHost, row.TargetHost }).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return new Place([.. (await groups.ListHostsAsync(cancellationToken).ConfigureAwait(false)).Where(host => named.Contains(host.Name))]);
    }

    /// <summary>The hosts of some plans, whichever wave they may be in; what is no plan is left out.</summary>
    public async Task<Place> OfPlansAsync(IEnumerable<Guid> ids, CancellationToken cancellationToken)
    {
        var hosts = new HashSet<Guid>();
        foreach (var id in ids.Distinct())
        {
            if (await plans.FindAsync(id, cancellationToken).ConfigureAwait(false) is { } plan)
            {
                hosts.UnionWith([plan.SourceHostId, plan.TargetHostId]);
            }
        }

        return await OfHostsAsync(hosts, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A plan: its hosts, and the open wave that it is in.</summary>
    public async Task<Place> OfPlanAsync(Plan plan, CancellationToken cancellationToken)
    {
        var wave = await waves.FindOpenOfAsync(plan.SourceHostId, plan.Source.Name, cancellationToken).ConfigureAwait(false);
        var mine = wave is not null && wave.Entries.Any(entry => entry.PlanId == plan.Id) ? wave.Id : (Guid?)null;
        return Of(await ReadAsync(cancellationToken).ConfigureAwait(false), [plan.SourceHostId, plan.TargetHostId], mine);
    }

    /// <summary>A run: the hosts of its plan, and the wave that started it.</summary>
    public async Task<Place> OfRunAsync(Run run, CancellationToken cancellationToken) =>
        await OfPlansAsync([run.PlanId], cancellationToken).ConfigureAwait(false) with { Wave = run.WaveId };

    /// <summary>A wave: every host that its plans touch, and itself.</summary>
    public async Task<Place> OfWaveAsync(Wave wave, CancellationToken cancellationToken) =>
        (await OfWavesAsync([wave], cancellationToken).ConfigureAwait(false))[wave.Id];

    /// <summary>Several waves by id, of the same moment.</summary>
    public async Task<IReadOnlyDictionary<Guid, Place>> OfWavesAsync(IReadOnlyList<Wave> some, CancellationToken cancellationToken)
    {
        var known = await ReadAsync(cancellationToken).ConfigureAwait(false);
        return some.ToDictionary(wave => wave.Id, wave => Of(known, wave.Entries.SelectMany(entry => new[] { entry.SourceHostId, entry.TargetHostId }), wave.Id));
    }

    /// <summary>
    /// What a changed draft takes up besides what it holds already: these hosts must be the person's own, since a role on the wave alone would
    /// otherwise reach every guest that is put into it. Null when nothing is added.
    /// </summary>
    public async Task<Place?> OfAddedAsync(Wave wave, IEnumerable<Guid> plans, CancellationToken cancellationToken)
    {
        var added = await OfPlansAsync(plans.Except(wave.Entries.Select(entry => entry.PlanId)), cancellationToken).ConfigureAwait(false);
        return added.Hosts.Count > 0 ? added : null;
    }

    /// <summary>The same place, by the groups of now.</summary>
    public async Task<Place> AnewAsync(Place place, CancellationToken cancellationToken) => place.Hosts.Count == 0 ? place
        : Of(await ReadAsync(cancellationToken).ConfigureAwait(false), place.Hosts.Select(host => host.Id), place.Wave);

    private async Task<Dictionary<Guid, GroupedHost>> ReadAsync(CancellationToken cancellationToken) =>
        (await groups.ListHostsAsync(cancellationToken).ConfigureAwait(false)).ToDictionary(host => host.Id);

    private static Place Of(Dictionary<Guid, GroupedHost> known, IEnumerable<Guid> hosts, Guid? wave) =>
        new([.. hosts.Distinct().Select(id => known.GetValueOrDefault(id) ?? new GroupedHost(id, "a host that was removed", null))], wave);
}
