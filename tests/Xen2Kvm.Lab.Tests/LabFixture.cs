using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Hosts;
using Xen2Kvm.Hosts.Ssh;

namespace Xen2Kvm.Lab.Tests;

/// <summary>Classes that use the lab run one after the other and share it: it is one, and a start of everything takes its time.</summary>
[CollectionDefinition(Name)]
public sealed class LabCollection : ICollectionFixture<LabFixture>
{
    public const string Name = "lab";
}

/// <summary>The lab as new, a dashboard of its own, and both hosts added to it by the command line client.</summary>
public sealed class LabFixture : IAsyncLifetime
{
    private SshRuntimeDirectory? _runtime;
    private HostConnector? _connector;

    internal Dashboard Dashboard { get; } = new();

    /// <summary>The program's own way to hosts, inside the test.</summary>
    internal IHostConnector Connector => _connector!;

    /// <summary>What the lab says of its hosts, by name.</summary>
    internal IReadOnlyDictionary<string, LabHost> Hosts { get; private set; } = new Dictionary<string, LabHost>();

    public async ValueTask InitializeAsync()
    {
        (await LabAsync("up")).Ok();
        (await LabAsync("reset", "--force")).Ok();
        await Dashboard.StartAsync();
        using var environment = JsonDocument.Parse((await LabAsync("env")).Ok().Output);
        Hosts = environment.RootElement.GetProperty("hosts").EnumerateArray().Select(LabHost.Read).ToDictionary(host => host.Name);
        foreach (var host in Hosts.Values)
        {
            (await Dashboard.X2kAsync(
                "host", "add", host.Name, "--kind", host.Kind, "--address", host.Address, "--key", host.PrivateKey, "--accept-fingerprint", host.Fingerprint)).Ok();
            (await Dashboard.X2kAsync("host", "refresh", host.Name)).Ok();
        }

        var options = Options.Create(new SshOptions());
        _runtime = new SshRuntimeDirectory(options);
        LabSecrets.Key = await File.ReadAllTextAsync(Hosts["xen1"].PrivateKey);
        _connector = new HostConnector(
            DispatchProxy.Create<IHostStore, LabSecrets>(), options, _runtime, TimeProvider.System, NullLogger<HostConnector>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await Dashboard.DisposeAsync();
        _connector?.Dispose();
        _runtime?.Dispose();
    }

    /// <summary>A shell on a host as the program has it, without a dashboard.</summary>
    internal IRemoteShell Shell(string name)
    {
        var host = Hosts[name];
        return Connector.Shell(new Host
        {
            Id = host.Id, Name = name, Kind = name == "xen1" ? HostKind.Xen : HostKind.Kvm, Ssh = new SshEndpoint { Address = host.Address, HostKey = host.HostKey },
        });
    }

    /// <summary>Calls the lab's tool.</summary>
    internal static Task<Ended> LabAsync(params string[] arguments) => Programs.RunAsync(Programs.Lab, arguments, TimeSpan.FromMinutes(25));

    /// <summary>Runs a command on a machine of the lab.</summary>
    internal static Task<Ended> OnAsync(string machine, string command) => LabAsync("ssh", machine, command);

    /// <summary>Takes a host of the lab off the network for a while, as a broken switch would.</summary>
    internal static async Task CutOffAsync(string networkNamespace, TimeSpan time)
    {
        (await Programs.RunAsync("ip", ["netns", "exec", networkNamespace, "ip", "link", "set", "eth0", "down"])).Ok();
        await Task.Delay(time);
        (await Programs.RunAsync("ip", ["netns", "exec", networkNamespace, "ip", "link", "set", "eth0", "up"])).Ok();
    }

    /// <summary>Plans the move of a guest, accepts that the lab has no KVM, and starts it.</summary>
    internal async Task StartMoveAsync(string guest, string address, params string[] options)
    {
        (await Dashboard.X2kAsync(["plan", "create", "xen1", guest, "--to", "kvm1", "--ping", address, "--tcp", "80", "--prove-within", "600", .. options,
            .. options.Contains("--shutdown-timeout") ? Array.Empty<string>() : ["--shutdown-timeout", "900"]])).Ok();
        await Dashboard.X2kAsync("preflight", guest, "--accept", "X19:kvm");
        (await Dashboard.X2kAsync("run", "start", guest)).Ok();
    }

    /// <summary>What the command line client prints as JSON.</summary>
    internal async Task<JsonElement> JsonAsync(params string[] arguments) =>
        JsonDocument.Parse((await Dashboard.X2kAsync([.. arguments, "--json"])).Output).RootElement;

    /// <summary>The newest run of a guest.</summary>
    internal async Task<JsonElement> RunOfAsync(string guest) =>
        (await Dashboard.GetAsync("runs?most=20")).EnumerateArray().First(run => run.GetProperty("guestName").GetString() == guest);

    /// <summary>Waits until a wave is done; more than two of its runs are never in flight meanwhile.</summary>
    internal Task EndOfWaveAsync(Guid wave) => Wait.UntilAsync("the wave is done", TimeSpan.FromMinutes(30), async () =>
    {
        var now = await Dashboard.GetAsync($"waves/{wave}");
        now.GetProperty("running").GetInt32().ShouldBeLessThanOrEqualTo(2);
        var state = now.GetProperty("wave").GetProperty("state").GetString();
        state.ShouldBeOneOf("Approved", "Running", "Done");
        now.GetProperty("plans").EnumerateArray().ShouldAllBe(plan => plan.GetProperty("guest").GetString() == "files" || plan.GetProperty("state").GetString() != "NeedsYou", now.ToString());
        return state == "Done";
    });

    /// <summary>Waits for the end of a run and wants it in this state; its log is in the failure's text.</summary>
    internal async Task<JsonElement> EndOfRunAsync(string guest, string state)
    {
        var run = default(JsonElement);
        await Wait.UntilAsync($"the run of {guest} ends", TimeSpan.FromMinutes(20), async () =>
        {
            run = await RunOfAsync(guest);
            return run.GetProperty("state").GetString() is "Succeeded" or "Failed" or "Stopped" or "RolledBack" or "NeedsAnswer";
        });
        if (run.GetProperty("state").GetString() != state)
        {
            var log = await Dashboard.X2kAsync("run", "log", guest);
            Assert.Fail($"The run of {guest} is {run.GetProperty("state")}, not {state}: {run}\n{log.Output}");
        }

        return run;
    }
}
