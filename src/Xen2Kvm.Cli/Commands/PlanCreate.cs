using System.CommandLine;
using Xen2Kvm.Domain.Planning;

namespace Xen2Kvm.Cli.Commands;

/// <summary>x2k plan create.</summary>
internal static class PlanCreate
{
    /// <summary>Builds the command.</summary>
    public static Command Build(CommonOptions common)
    {
        var host = HostCommands.HostArgument("Xen host of the guest");
        var guest = new Argument<string>("guest") { Description = "Name of the guest" };
        var to = new Option<string>("--to") { Description = "KVM host to move it to", Required = true };
        var storage = new Option<string?>("--storage") { Description = "Volume group or pool there (default: the one with most room)" };
        var format = Choice.Option<DiskFormat>("--format", "Format in a directory pool (default: raw)");
        var bridges = Mapping.BridgeOption();
        var name = new Option<string?>("--name") { Description = "Name there (default: the same)" };
        var vcpus = new Option<int?>("--vcpus") { Description = "Virtual CPUs (default: the same)" };
        var memory = new Option<long?>("--memory") { Description = "Memory in MiB (default: the same)" };
        var ping = new Option<string?>("--ping") { Description = "Address that must answer a ping afterwards (default: the first known one)" };
        var tcp = new Option<int?>("--tcp") { Description = "TCP port of it that must accept a connection" };
        var prove = new Option<int>("--prove-within") { Description = "Seconds within which the guest must be proven", DefaultValueFactory = _ => 300 };
        var shutdown = new Option<int?>("--shutdown-timeout") { Description = "Seconds to wait for a clean shutdown before asking (default: 300)" };
        var rate = new Option<long>("--rate-limit") { Description = "Cap of the copy in bytes per second; 0 for none" };
        var dry = new Option<bool>("--dry-run") { Description = "Show the plan without storing it" };
        var command = new Command("create", "Plan the move of a guest; nothing is changed on any host")
        {
            host, guest, to, storage, format, bridges, name, vcpus, memory, ping, tcp, prove, shutdown, rate, dry,
        };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var proof = parsed.GetValue(ping) is null && parsed.GetValue(tcp) is null && parsed.GetResult(prove) is null or { Implicit: true }
                ? null
                : new ProofSettings { PingAddress = parsed.GetValue(ping), TcpPort = parsed.GetValue(tcp), TimeoutSeconds = parsed.GetValue(prove) };
            if (proof is { PingAddress: null })
            {
                proof = proof with { PingAddress = await FirstAddressAsync(client, parsed.GetRequiredValue(host), parsed.GetRequiredValue(guest), token).ConfigureAwait(false) };
            }

            var choices = new PlanChoices
            {
                Storage = parsed.GetValue(storage), Format = parsed.GetValue(format), Bridges = Mapping.Bridges(parsed.GetValue(bridges)),
                Name = parsed.GetValue(name), Vcpus = parsed.GetValue(vcpus), MemoryMiB = parsed.GetValue(memory), Proof = proof,
                ShutdownTimeoutSeconds = parsed.GetValue(shutdown), RateLimitBytesPerSecond = parsed.GetValue(rate),
            };
            var request = new
            {
                sourceHost = parsed.GetRequiredValue(host), guest = parsed.GetRequiredValue(guest), targetHost = parsed.GetRequiredValue(to), choices,
            };
            var plan = await client.PostAsync<Plan>(parsed.GetValue(dry) ? "plans/propose" : "plans", request, token).ConfigureAwait(false);
            print.Result(plan, () =>
            {
                PlanCommands.Show(print, plan);
                print.Line();
                print.Line(parsed.GetValue(dry) ? "Not stored." : $"Next: x2k preflight {plan.Id}, then x2k run start {plan.Id} --watch.");
            });
            return CliExit.Done;
        });
        return command;
    }

    // Choosing a port or a time must not lose the ping that would have been proposed.
    private static async Task<string?> FirstAddressAsync(Client.ApiClient client, string host, string guest, CancellationToken cancellationToken)
    {
        var seen = await client.GetAsync(HostCommands.GuestPath(host, guest), cancellationToken).ConfigureAwait(false);
        return seen["guest"]!["nics"]!.AsArray().SelectMany(nic => nic!["addresses"]!.AsArray()).Select(address => (string?)address).FirstOrDefault();
    }
}
