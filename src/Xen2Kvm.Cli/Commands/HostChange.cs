using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Cli.Commands;

/// <summary>x2k host change: another address, account, secret or host key of a host that is known. What is not given stays.</summary>
internal static class HostChange
{
    /// <summary>Builds the command.</summary>
    public static Command Build(CommonOptions common)
    {
        var name = HostCommands.HostArgument();
        var address = new Option<string?>("--address") { Description = "Name or IP address" };
        var port = new Option<int?>("--port") { Description = "SSH port" };
        var user = new Option<string?>("--user") { Description = "Account" };
        var key = new Option<FileInfo?>("--key") { Description = "File with the new private key; the dashboard keeps it encrypted" };
        var password = new Option<bool>("--password-stdin") { Description = "Read the account's new password from standard input" };
        var ambient = new Option<bool>("--own-identity") { Description = "Use the dashboard's own SSH identity (agent, ~/.ssh) from now on" };
        var sudo = new Option<bool?>("--sudo") { Description = "Use sudo -n for what needs root: true or false" };
        var jump = new Option<string?>("--jump") { Description = "Jump host, as [user@]host[:port]; empty for none" };
        var legacy = new Option<bool?>("--legacy") { Description = "Allow the algorithms of very old dom0s: true or false" };
        var data = new Option<string?>("--data-address") { Description = "Address by which other hosts reach this one; empty for the same" };
        var accept = HostKeyConsent.Option();
        var acceptJump = HostKeyConsent.JumpOption();
        var command = new Command("change", "Change how a host is reached; what is not given stays")
        {
            name, address, port, user, key, password, ambient, sudo, jump, legacy, data, accept, acceptJump,
        };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var path = $"hosts/{HostCommands.Escape(parsed.GetRequiredValue(name))}";
            var known = await client.GetAsync(path, token).ConfigureAwait(false);
            var before = known["ssh"].Deserialize<SshEndpoint>(RunJson.Options)!;
            var secret = await HostAdd.SecretAsync(parsed.GetValue(key), parsed.GetValue(password), common.Terminal, token).ConfigureAwait(false);
            var after = before with
            {
                Address = parsed.GetValue(address) ?? before.Address,
                Port = parsed.GetValue(port) ?? before.Port,
                User = parsed.GetValue(user) ?? before.User,
                Authentication = parsed.GetValue(ambient) ? SshAuthentication.Ambient
                    : parsed.GetValue(key) is not null ? SshAuthentication.Key
                    : secret is not null ? SshAuthentication.Password : before.Authentication,
                UseSudo = parsed.GetValue(sudo) ?? before.UseSudo,
                JumpHost = Given(parsed.GetValue(jump), before.JumpHost),
                AllowLegacyAlgorithms = parsed.GetValue(legacy) ?? before.AllowLegacyAlgorithms,
            };
            var offer = await client.PostAsync<HostKeyOffer>($"{path}/scan-key", new { ssh = after, secret }, token).ConfigureAwait(false);
            if (offer.Key != before.HostKey || offer.Jump?.Key != before.JumpHostKey)
            {
                HostKeyConsent.Ask(offer, after, parsed.GetValue(accept), parsed.GetValue(acceptJump), print);
            }

            var changed = await client.PutAsync<JsonNode>(
                path, new ChangedHost(after with { HostKey = offer.Key, JumpHostKey = offer.Jump?.Key }, secret, Given(parsed.GetValue(data), (string?)known["dataAddress"])), token).ConfigureAwait(false);
            print.Result(changed, () => print.Line($"Changed {changed["name"]}. Next: x2k host test {changed["name"]}."));
            return CliExit.Done;
        });
        return command;
    }

    private static string? Given(string? given, string? before) => given is null ? before : given.Length == 0 ? null : given;
}
