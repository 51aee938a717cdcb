using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Preflight;

/// <summary>Collects facts and runs the rules over them.</summary>
public sealed class PreflightService(
    IHostStore hosts, HostService hostService, InventoryService inventory, IHostConnector connector, IEnumerable<IPreflightRule> rules,
    IEnumerable<IGuestRule> guestRules)
{
    /// <summary>Collects fresh facts and returns every concern, blockers first.</summary>
    public async Task<IReadOnlyList<Concern>> CheckAsync(Plan plan, CancellationToken cancellationToken)
    {
        var unreachable = new List<Concern>();
        var source = await RefreshAsync(plan.SourceHostId, unreachable, cancellationToken).ConfigureAwait(false);
        var target = await RefreshAsync(plan.TargetHostId, unreachable, cancellationToken).ConfigureAwait(false);
        if (source is not { } from || target is not { } to)
        {
            return unreachable;
        }

        var facts = await CollectAsync(plan, from, to, cancellationToken).ConfigureAwait(false);
        return Evaluate(facts);
    }

    /// <summary>Runs every rule over given facts, those of the source side and those of the plan, blockers first.</summary>
    public IReadOnlyList<Concern> Evaluate(PreflightFacts facts) => Concern.InOrder(
        (facts.ToGuestFacts() is { } guest ? guestRules.SelectMany(rule => rule.Evaluate(guest)) : [])
        .Concat(rules.SelectMany(rule => rule.Evaluate(facts))));

    /// <summary>What stops a start: blockers, and warnings that nobody accepted.</summary>
    public static IReadOnlyList<Concern> Stopping(Plan plan, IEnumerable<Concern> concerns) =>
        [.. concerns.Where(concern => concern.Severity == Severity.Blocker
            || (concern.Severity == Severity.Warning && plan.Acknowledged.All(known => known.ConcernKey != concern.Key)))];

    private async Task<(Host Host, HostSnapshot Snapshot)?> RefreshAsync(
        Guid id, List<Concern> unreachable, CancellationToken cancellationToken)
    {
        var snapshot = await hostService.RefreshAsync(id, cancellationToken).ConfigureAwait(false);
        var host = await hosts.FindAsync(id, cancellationToken).ConfigureAwait(false) ?? throw new RefusedException("This host is not known any more.");
        if (snapshot is not null)
        {
            return (host, snapshot);
        }

        unreachable.Add(new Concern("X23", Severity.Blocker, host.Name, $"{host.Name} cannot be inventoried.", host.LastError ?? "",
            "Open the host's page, test the connection and mend what it names."));
        return null;
    }

    private async Task<PreflightFacts> CollectAsync(
        Plan plan, (Host Host, HostSnapshot Snapshot) source, (Host Host, HostSnapshot Snapshot) target, CancellationToken cancellationToken)
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
        var all = await inventory.ListGuestsAsync(cancellationToken).ConfigureAwait(false);
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
