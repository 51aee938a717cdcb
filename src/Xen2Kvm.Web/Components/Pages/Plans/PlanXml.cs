using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Planning;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Web.Components.Pages.Plans;

/// <summary>A target host with its last inventory.</summary>
/// <param name="Host">The host.</param>
/// <param name="Snapshot">Its inventory.</param>
public sealed record Target(Domain.Inventory.Host Host, Domain.Inventory.HostSnapshot Snapshot)
{
    /// <summary>Every KVM host that has an inventory, by name.</summary>
    public static async Task<IReadOnlyList<Target>> ListAsync(InventoryService inventory, CancellationToken cancellationToken) =>
        [.. (await inventory.ListHostsAsync(cancellationToken))
            .Where(known => known is { Host.Kind: Domain.Inventory.HostKind.Kvm, Snapshot: not null }).Select(known => new Target(known.Host, known.Snapshot!))];
}

/// <summary>Reads the XML of a plan; a plan without it is still worth showing.</summary>
internal static class PlanXml
{
    /// <summary>The XML, or why there is none.</summary>
    public static async Task<(string? Xml, string? Problem)> ReadAsync(PlanService plans, Plan plan, CancellationToken cancellationToken)
    {
        try
        {
            return (await plans.GetTargetXmlAsync(plan, cancellationToken), null);
        }
        catch (Exception failure) when (failure is RefusedException or RemoteException or PlanningException or NotSupportedException or ArgumentException)
        {
            return (null, failure.Message);
        }
    }
}
