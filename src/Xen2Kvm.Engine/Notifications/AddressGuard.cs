using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace Xen2Kvm.Engine.Notifications;

/// <summary>A webhook may not go to this address; the message is for the admin.</summary>
public sealed class AddressRefusedException(string message) : IOException(message);

/// <summary>
/// Keeps webhooks from addresses that only this machine or its site reaches. It is asked when a channel is saved and again with each
/// connection, which then goes to the very address that was looked at: a name that resolves differently the next time gains nothing.
/// </summary>
public sealed class AddressGuard
{
    // What IANA's special-purpose registries do not call globally reachable, multicast, and IPv6 that carries an IPv4 address inside.
    private static readonly IPNetwork[] Special =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        }.Select(network => IPNetwork.Parse(network)),
    ];

    // Of IPv6 only this is the public internet; the exceptions lie within it.
    private static readonly IPNetwork Public6 = IPNetwork.Parse("2000::/3");
    private static readonly IPNetwork[] Special6 =
        [.. new[] { "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20" }.Select(network => IPNetwork.Parse(network))];

    private readonly IReadOnlyList<IPNetwork> _allowed;

    /// <summary>A guard with the exceptions of the configuration.</summary>
    public AddressGuard(IOptions<NotificationOptions> options) => options.Value.TryReadNetworks(out _allowed);

    /// <summary>Whether a webhook may go there.</summary>
    public bool Allows(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return _allowed.Any(network => network.Contains(plain)) || (plain.AddressFamily == AddressFamily.InterNetwork
            ? !Special.Any(network => network.Contains(plain))
            : Public6.Contains(plain) && !Special6.Any(network => network.Contains(plain)));
    }

    /// <summary>The addresses of a host, all of which a webhook may go to.</summary>
    /// <exception cref="AddressRefusedException">It has none, or one that is not allowed.</exception>
    public async Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        IPAddress[] addresses;
        try
        {
            addresses = await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException)
        {
            addresses = [];
        }

        if (addresses.Length == 0)
        {
            throw new AddressRefusedException($"The name {host} has no address. Look for a slip in it, or at the name server of this machine.");
        }

        if (addresses.FirstOrDefault(address => !Allows(address)) is { } refused)
        {
            throw new AddressRefusedException(
                $"{host} is {refused}, which is not on the public internet. If it is meant, whoever runs the dashboard names it under "
                + $"{NotificationOptions.Section}:{nameof(NotificationOptions.AllowedNetworks)} in its settings.");
        }

        return addresses;
    }

    /// <summary>Connects to a host's allowed addresses, one after the other.</summary>
    /// <exception cref="AddressRefusedException">It may not be connected to.</exception>
    /// <exception cref="SocketException">None answers.</exception>
    public async Task<Stream> ConnectAsync(DnsEndPoint host, CancellationToken cancellationToken)
    {
        var addresses = await ResolveAsync(host.Host, cancellationToken).ConfigureAwait(false);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, host.Port, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
