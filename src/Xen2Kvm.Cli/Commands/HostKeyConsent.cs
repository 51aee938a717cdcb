using System.CommandLine;
using Xen2Kvm.Cli.Output;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Cli.Commands;

/// <summary>Has a person compare the keys that a host and its jump host show, before anything is pinned.</summary>
internal static class HostKeyConsent
{
    /// <summary>The option that answers for the host.</summary>
    public static Option<string?> Option() =>
        new("--accept-fingerprint") { Description = "Accept the host key of this fingerprint (SHA256:…) without asking" };

    /// <summary>The option that answers for the jump host.</summary>
    public static Option<string?> JumpOption() =>
        new("--accept-jump-fingerprint") { Description = "Accept the jump host's key of this fingerprint (SHA256:…) without asking" };

    /// <summary>Asks for what was not answered by an option.</summary>
    /// <exception cref="CliException">A key was not accepted.</exception>
    public static void Ask(HostKeyOffer offer, SshEndpoint endpoint, string? accepted, string? acceptedJump, Printer print)
    {
        if (offer.Jump is { } jump)
        {
            AskOne(jump, $"the jump host {endpoint.JumpHost}", acceptedJump, "--accept-jump-fingerprint", print);
        }

        AskOne(offer, $"{endpoint.Address}:{endpoint.Port}", accepted, "--accept-fingerprint", print);
    }

    private static void AskOne(HostKeyOffer offer, string who, string? accepted, string option, Printer print)
    {
        if (accepted is not null)
        {
            if (accepted != offer.Fingerprint)
            {
                throw new CliException(
                    $"{who} offers the key {offer.Fingerprint}, not {accepted}. If nobody changed its key, someone else answers under this address.");
            }

            return;
        }

        print.Note($"{who} offers the key {offer.Key.Split(' ')[0]} {offer.Fingerprint}");
        print.Note("Compare it on its own console: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub");
        if (!print.Confirm("Is it the same?", option))
        {
            throw new CliException($"The key of {who} was not accepted; nothing was changed.");
        }
    }
}
