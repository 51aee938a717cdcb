using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Cli.Commands;

/// <summary>x2k host trust: confirms the key that a known host shows now, for one that was reinstalled.</summary>
internal static class HostTrust
{
    /// <summary>Builds the command.</summary>
    public static Command Build(CommonOptions common)
    {
        var name = HostCommands.HostArgument();
        var accept = HostKeyConsent.Option();
        var acceptJump = HostKeyConsent.JumpOption();
        var command = new Command("trust", "Confirm the key that a host shows now, after it was reinstalled") { name, accept, acceptJump };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var path = $"hosts/{HostCommands.Escape(parsed.GetRequiredValue(name))}";
            var endpoint = (await client.GetAsync(path, token).ConfigureAwait(false))["ssh"].Deserialize<SshEndpoint>(RunJson.Options)!;
            var offer = await client.PostAsync<HostKeyOffer>($"{path}/scan-key", null, token).ConfigureAwait(false);
            HostKeyConsent.Ask(offer, endpoint, parsed.GetValue(accept), parsed.GetValue(acceptJump), print);
            var host = await client.PostAsync<JsonNode>($"{path}/trust", offer, token).ConfigureAwait(false);
            print.Result(host, () => print.Line($"From now on only this key of {host["name"]} is accepted: {offer.Fingerprint}. Next: x2k host test {host["name"]}."));
            return CliExit.Done;
        });
        return command;
    }
}
