using System.Collections.Concurrent;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Preflight;

/// <summary>What a preflight found.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Guest">The guest as it is on its host now; null when it is gone, or its host cannot be asked.</param>
/// <param name="Concerns">Every concern, blockers first.</param>
/// <param name="IsUnreachable">A host could not be asked: nothing is known of guest and rules.</param>
public sealed record PreflightReport(Plan Plan, Guest? Guest, IReadOnlyList<Concern> Concerns, bool IsUnreachable);

/// <summary>Collects facts and runs the rules over them.</summary>
public sealed class PreflightService(
    IHostStore hosts, HostService hostService, InventoryService inventory, IHostConnector connector, IEnumerable<IPreflightRule> rules,
    IEnumerable<IGuestRule> guestRules)
{
    private const int HostsAtOnce = 4;

    /// <summary>Collects fresh facts and returns every concern, blockers first.</summary>
    public async Task<IReadOnlyList<Concern>> CheckAsync(Plan plan, CancellationToken cancellationToken) =>
        (await CheckAsync([plan], cancellationToken).ConfigureAwait(false))[0].Concerns;

    /// <summary>Checks plans together, in their order: each host is inventoried once for all of them.</summary>
    public async Task<IReadOnlyList<PreflightReport>> CheckAsync(IReadOnlyList<Plan> plans, CancellationToken cancellationToken)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = HostsAtOnce, CancellationToken = cancellationToken };
        var seen = new ConcurrentDictionary<Guid, (Host Host, HostSnapshot? Snapshot)>();
        await Parallel.ForEachAsync(plans.SelectMany(plan => new[] { plan.SourceHostId, plan.TargetHostId }).Distinct(), parallel,
            async (id, token) => seen[id] = await RefreshAsync(id, token).ConfigureAwait(false)).ConfigureAwait(false);

        var all = await inventory.ListGuestsAsync(cancellationToken).ConfigureAwait(false);
        var reports = new PreflightReport[plans.Count];
        await Parallel.ForEachAsync(plans.Index(), parallel, async (item, token) =>
        {
            var (source, target) = (seen[item.Item.SourceHostId], seen[item.Item.TargetHostId]);
            if (source.Snapshot is not { } from || target.Snapshot is not { } to)
            {
                reports[item.Index] = new PreflightReport(
                    item.Item, null, [.. new[] { source, target }.Where(host => host.Snapshot is null).Select(host => Unreachable(host.Host))], true);
                return;
            }

            var facts = await CollectAsync(item.Item, (source.Host, from), (target.Host, to), all, token).ConfigureAwait(false);
            reports[item.Index] = new PreflightReport(item.Item, facts.Guest, Evaluate(facts), false);
        }).ConfigureAwait(false);
        return reports;
    }

    /// <summary>Runs every rule over given facts, those of the source side and those of the plan, blockers first.</summary>
    public IReadOnlyList<Concern> Evaluate(PreflightFacts facts) => Concern.InOrder(
        (facts.ToGuestFacts() is { } guest ? guestRules.SelectMany(rule => rule.Evaluate(guest)) : [])
        .Concat(rules.SelectMany(rule => rule.Evaluate(facts))));

    /// <summary>What stops a start: blockers, and warnings that nobody accepted, or not any longer.</summary>
    public static IReadOnlyList<Concern> Stopping(Plan plan, IEnumerable<Concern> concerns, DateTimeOffset now) =>
        [.. concerns.Where(concern => concern.Severity == Severity.Blocker
            || (concern.Severity == Severity.Warning && plan.Acknowledged.All(known => known.ConcernKey != concern.Key || !known.HoldsAt(now))))];

    private static Concern Unreachable(Host host) => new("X23", Severity.Blocker, host.Name, $"{host.Name} cannot be inventoried.", host.LastError ?? "",
        "Open the host's page, test the connection and mend what it names.");

    private async Task<(Host Host, HostSnapshot? Snapshot)> RefreshAsync(Guid id, CancellationToken cancellationToken)
    {
        var snapshot = await hostService.RefreshAsync(id, cancellationToken).ConfigureAwait(false);
        var host = await hosts.FindAsync(id, cancellationToken).ConfigureAwait(false) ?? throw new RefusedException("This host is not known any more.");
        return (host, snapshot);
    }

    private async Task<PreflightFacts> CollectAsync(
        Plan plan, (Host Host, HostSnapshot Snapshot) source, (Host Host, HostSnapshot Snapshot) target, IReadOnlyList<GuestOnHost> all,
        CancellationToken cancellationToken)
    {
        var sourceShell = connector.Shell(source.Host);
        var targetShell = connector.Shell(target.Host);
        var kvm = connector.Kvm(targetShell);
        var existing = new List<string>();
        foreach (var disk in plan.Target.Disks)
        {
            if (await kvm.ExistsAsync(disk.Path, cancellationToken).ConfigureAwait(false))
            {
                existing.Add(disk.Path);
            }
        }

        var kernel = plan.Source.Boot is { Method: BootMethod.HostKernel, Kernel: { } path } boot
            ? await connector.Xen(sourceShell).ReadKernelAsync(path, boot.Ramdisk, cancellationToken).ConfigureAwait(false)
            : null;
        return new PreflightFacts
        {
            Plan = plan,
            SourceHost = source.Host,
            TargetHost = target.Host,
            Source = source.Snapshot,
            Target = target.Snapshot,
            Elsewhere = [.. all.Where(other => other.Host.Id != source.Host.Id || other.Guest.Name != plan.Source.Name)
                .Select(other => (other.Host.Name, other.Guest))],
            ExistingTargetPaths = existing,
            SourceToTargetError = await TryReachAsync(sourceShell, target.Host, cancellationToken).ConfigureAwait(false),
            HostKernel = kernel,
        };
    }

    // Whether the source can open the target's SSH port; the copy goes that way and never through this program.
    private static async Task<string> TryReachAsync(IRemoteShell source, Host target, CancellationToken cancellationToken)
    {
        var address = target.DataAddress ?? target.Ssh.Address;
        var result = await source.RunAsync(
            new RemoteCommand("ssh-keyscan", "-T", "10", "-p", target.Ssh.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), address),
            cancellationToken).ConfigureAwait(false);
        return result.Output.Contains(" ssh-", StringComparison.Ordinal) || result.Output.Contains(" ecdsa-", StringComparison.Ordinal)
            ? ""
            : $"ssh-keyscan {address}: {(result.StandardError.Trim() is { Length: > 0 } text ? text : "no answer")}";
    }
}
