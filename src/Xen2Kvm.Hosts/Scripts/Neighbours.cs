using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Hosts.Scripts;

/// <summary>Finds addresses of guests: the host sees on its bridges which address belongs to which MAC.</summary>
internal static class Neighbours
{
    /// <summary>
    /// What the host has seen, and, where a running guest is not among it, what it finds by asking its own small networks.
    /// An address is a help, not a need: a host where this fails has none.
    /// </summary>
    /// <param name="shell">The host.</param>
    /// <param name="known">Lines of <c>ip neigh</c> as they were.</param>
    /// <param name="running">MACs of running guests whose configuration tells no address.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public static async Task<ILookup<string, string>> FindAsync(
        IRemoteShell shell, IReadOnlyList<string> known, IReadOnlyList<string> running, CancellationToken cancellationToken)
    {
        var neighbours = LinuxFacts.Neighbours(known);
        if (running.All(neighbours.Contains))
        {
            return neighbours;
        }

        try
        {
            var result = await shell.RunAsync(
                HostScripts.Command("neighbours.sh", [.. running.Order(StringComparer.Ordinal).Take(2000)]) with { Timeout = TimeSpan.FromSeconds(40), Quiet = true }, cancellationToken).ConfigureAwait(false);
            return LinuxFacts.Neighbours(known.Concat(result.Output.Split('\n')).Distinct(StringComparer.Ordinal));
        }
        catch (RemoteException)
        {
            return neighbours;
        }
    }
}
