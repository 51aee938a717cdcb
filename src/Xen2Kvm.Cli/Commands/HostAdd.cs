using System.CommandLine;
using System.Text.Json.Nodes;
using Xen2Kvm.Cli.Output;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Cli.Commands;

/// <summary>x2k host add: asks the host for its key, has a person confirm it, and adds the host.</summary>
internal static class HostAdd
{
    /// <summary>Builds the command.</summary>
    public static Command Build(CommonOptions common)
    {
        var name = new Argument<string>("name") { Description = "What to call it" };
        var kind = Choice.Option<HostKind>("--kind", "Which side it is on", required: true);
        var address = new Option<string>("--address") { Description = "Name or IP address", Required = true };
        var port = new Option<int>("--port") { Description = "SSH port", DefaultValueFactory = _ => 22 };
        var user = new Option<string>("--user") { Description = "Account", DefaultValueFactory = _ => "root" };
        var key = new Option<FileInfo?>("--key") { Description = "File with the private key; the dashboard keeps it encrypted" };
        var password = new Option<bool>("--password-stdin") { Description = "Read the account's password from standard input" };
        var sudo = new Option<bool>("--sudo") { Description = "Use sudo -n for what needs root" };
        var jump = new Option<string?>("--jump") { Description = "Jump host, as [user@]host[:port]" };
        var legacy = new Option<bool>("--legacy") { Description = "Allow the algorithms of very old dom0s (SHA-1, ssh-rsa)" };
        var data = new Option<string?>("--data-address") { Description = "Address by which other hosts reach this one" };
        var accept = HostKeyConsent.Option();
        var acceptJump = HostKeyConsent.JumpOption();
        var command = new Command(
            "add", "Add a host. Without --key and --password-stdin the dashboard uses its own account's SSH identity (agent, ~/.ssh).")
        {
            name, kind, address, port, user, key, password, sudo, jump, legacy, data, accept, acceptJump,
        };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var secret = await SecretAsync(parsed.GetValue(key), parsed.GetValue(password), common.Terminal, token).ConfigureAwait(false);
            var endpoint = new SshEndpoint
            {
                Address = parsed.GetRequiredValue(address),
                Port = parsed.GetValue(port),
                User = parsed.GetRequiredValue(user),
                Authentication = parsed.GetValue(key) is not null ? SshAuthentication.Key
                    : secret is not null ? SshAuthentication.Password : SshAuthentication.Ambient,
                UseSudo = parsed.GetValue(sudo),
                JumpHost = parsed.GetValue(jump),
                AllowLegacyAlgorithms = parsed.GetValue(legacy),
            };
            var keyText = endpoint is { JumpHost: not null, Authentication: SshAuthentication.Key } ? secret : null;
            var offer = await client.PostAsync<HostKeyOffer>("hosts/scan-key", new { ssh = endpoint, secret = keyText }, token).ConfigureAwait(false);
            HostKeyConsent.Ask(offer, endpoint, parsed.GetValue(accept), parsed.GetValue(acceptJump), print);
            var added = await client.PostAsync<JsonNode>(
                "hosts", new NewHost(parsed.GetRequiredValue(name), parsed.GetValue(kind), endpoint with { HostKey = offer.Key, JumpHostKey = offer.Jump?.Key }, secret, parsed.GetValue(data)),
                token).ConfigureAwait(false);
            print.Result(added, () => print.Line($"Added {added["name"]}. Next: x2k host test {added["name"]}, then x2k host refresh {added["name"]}."));
            return CliExit.Done;
        });
        return command;
    }

    /// <summary>The private key of a file, or a password from standard input; null when neither was given.</summary>
    public static async Task<string?> SecretAsync(FileInfo? key, bool password, Terminal terminal, CancellationToken cancellationToken)
    {
        if (key is not null && password)
        {
            throw CliException.Usage("Give --key or --password-stdin, not both.");
        }

        if (password)
        {
            return await terminal.In.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { Length: > 0 } line
                ? line
                : throw CliException.Usage("--password-stdin found no password on standard input.");
        }

        try
        {
            return key is null ? null : await File.ReadAllTextAsync(key.FullName, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw CliException.Usage($"The key file cannot be read: {failure.Message}");
        }
    }
}
