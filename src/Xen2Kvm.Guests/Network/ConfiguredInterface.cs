namespace Xen2Kvm.Guests.Network;

/// <summary>An Ethernet interface that the guest's configuration names.</summary>
/// <param name="Name">Its name; empty when the configuration knows it by MAC only.</param>
/// <param name="Mac">MAC that the configuration ties it to, lower case; null when it goes by name.</param>
/// <param name="Addresses">Static addresses, with prefix length where given.</param>
/// <param name="Manner">ifupdown, networkd, netplan, ifcfg, networkmanager.</param>
/// <param name="Source">The file it was read from.</param>
public sealed record ConfiguredInterface(string Name, string? Mac, IReadOnlyList<string> Addresses, string Manner, string Source);
