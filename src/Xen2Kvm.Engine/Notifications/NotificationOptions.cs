using System.Net;

namespace Xen2Kvm.Engine.Notifications;

/// <summary>How notifications leave the dashboard, section <c>Notifications</c>.</summary>
public sealed class NotificationOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Notifications";

    /// <summary>
    /// Addresses and networks of this site that webhooks may go to (<c>10.20.0.0/16</c>, <c>127.0.0.1</c>). Everything that is not reachable
    /// from the internet is refused otherwise, so that nobody reaches through the dashboard what they cannot reach themselves.
    /// </summary>
    public IList<string> AllowedNetworks { get; } = [];

    /// <summary>How often the outbox is looked at.</summary>
    public TimeSpan PollEvery { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a webhook may take for its answer.</summary>
    public TimeSpan WebhookTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a mail server may take.</summary>
    public TimeSpan MailTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long after a failure it is tried again; each further failure waits four times as long.</summary>
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long notifications are kept.</summary>
    public TimeSpan KeepFor { get; set; } = TimeSpan.FromDays(90);

    /// <summary>Address under which people open the dashboard (setting <c>Dashboard:PublicUrl</c>), for links; null gives paths only.</summary>
    public string? PublicUrl { get; set; }

    /// <summary>Reads <see cref="AllowedNetworks"/>; a single address is a network of one.</summary>
    /// <returns>False when one of them cannot be read.</returns>
    public bool TryReadNetworks(out IReadOnlyList<IPNetwork> networks)
    {
        var read = new List<IPNetwork>();
        networks = read;
        foreach (var text in AllowedNetworks)
        {
            if (IPAddress.TryParse(text, out var address))
            {
                read.Add(new IPNetwork(address, address.GetAddressBytes().Length * 8));
            }
            else if (IPNetwork.TryParse(text, out var network))
            {
                read.Add(network);
            }
            else
            {
                return false;
            }
        }

        return true;
    }
}
