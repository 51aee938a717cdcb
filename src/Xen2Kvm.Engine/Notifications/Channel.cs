using System.Net.Mail;
using Xen2Kvm.Engine.Inventory;

namespace Xen2Kvm.Engine.Notifications;

/// <summary>A way out of the dashboard for notifications. Its secret (signing key or password) is kept encrypted beside it.</summary>
public sealed record Channel
{
    /// <summary>Shortest secret that signs webhooks.</summary>
    public const int ShortestSigningSecret = 16;

    /// <summary>Stable id.</summary>
    public required Guid Id { get; init; }

    /// <summary>What its admin calls it; unique.</summary>
    public required string Name { get; init; }

    /// <summary>Whether events go there.</summary>
    public bool IsEnabled { get; init; } = true;

    /// <summary>Which events go there.</summary>
    public IReadOnlyList<NotificationKind> Kinds { get; init; } = [];

    /// <summary>It is a webhook; else null.</summary>
    public WebhookTarget? Webhook { get; init; }

    /// <summary>It is an e-mail; else null.</summary>
    public EmailTarget? Email { get; init; }

    /// <summary>A secret is stored.</summary>
    public bool HasSecret { get; init; }

    /// <summary>Refuses a channel that could never deliver, or would give a secret away, with every fault at once.</summary>
    /// <param name="stored">The channel as it is stored; null for a new one.</param>
    /// <param name="secret">A new secret; null keeps the stored one.</param>
    /// <exception cref="RefusedException">Something is wrong.</exception>
    public void Check(Channel? stored, string? secret)
    {
        var faults = new List<string>();
        if (Name.Trim().Length is 0 or > 100)
        {
            faults.Add("Give the channel a name of 1 to 100 characters.");
        }

        if (Webhook is not null)
        {
            faults.AddRange(Webhook.Faults());
            if (secret is { Length: < ShortestSigningSecret } || (secret is null && stored?.HasSecret != true))
            {
                faults.Add($"Give a secret of at least {ShortestSigningSecret} characters: the receiver checks the signature with it.");
            }
        }

        if (Email is { } email)
        {
            faults.AddRange(email.Faults());
            if (email.User is not null && secret is null && (stored?.HasSecret != true || !email.IsSameServer(stored.Email)))
            {
                faults.Add("Enter the password: one that is stored is only sent to the server and user that it was entered for.");
            }
        }

        if (faults.Count > 0)
        {
            throw new RefusedException(string.Join(" ", faults));
        }
    }
}

/// <summary>An address that takes notifications as JSON.</summary>
/// <param name="Url">http or https.</param>
public sealed record WebhookTarget(string Url)
{
    /// <summary>What is wrong with it.</summary>
    public IEnumerable<string> Faults()
    {
        if (!Uri.TryCreate(Url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0)
        {
            yield return "Give an address like https://hooks.example.org/x2k, without a name or password in it.";
        }
    }
}

/// <summary>A mail server and the people who get a mail through it.</summary>
public sealed record EmailTarget
{
    /// <summary>Name or address of the server.</summary>
    public required string Host { get; init; }

    /// <summary>Its port.</summary>
    public int Port { get; init; } = 587;

    /// <summary>Encrypt with STARTTLS; the server's certificate must be valid.</summary>
    public bool StartTls { get; init; } = true;

    /// <summary>Who signs in; null for a server that wants no sign-in.</summary>
    public string? User { get; init; }

    /// <summary>Sender: <c>x2k@example.org</c>, with a name in front if wanted.</summary>
    public required string From { get; init; }

    /// <summary>Receivers, with commas between.</summary>
    public required string To { get; init; }

    /// <summary>A password that was entered for the one may be sent to the other.</summary>
    public bool IsSameServer(EmailTarget? other) =>
        other is not null && (Host, Port, StartTls, User) == (other.Host, other.Port, other.StartTls, other.User);

    /// <summary>What is wrong with it.</summary>
    public IEnumerable<string> Faults()
    {
        if (Uri.CheckHostName(Host) == UriHostNameType.Unknown)
        {
            yield return "Give the name of a mail server, like mail.example.org.";
        }

        if (Port is < 1 or > 65535)
        {
            yield return $"The port is {Port}; give 1 to 65535 (587 is usual).";
        }

        if (User is not null && !StartTls)
        {
            yield return "A password is only sent over an encrypted connection: turn STARTTLS on, or leave the user out.";
        }

        if (!MailAddress.TryCreate(From, out _))
        {
            yield return "Give a sender like x2k@example.org.";
        }

        var receivers = Receivers();
        if (receivers.Count == 0 || receivers.Any(receiver => !MailAddress.TryCreate(receiver, out _)))
        {
            yield return "Give the addresses of the receivers, with commas between.";
        }
    }

    /// <summary>The receivers one by one.</summary>
    public IReadOnlyList<string> Receivers() => To.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
