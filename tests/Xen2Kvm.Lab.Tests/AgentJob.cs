using System.Security.Cryptography;
using System.Text.Json;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Jobs;

namespace Xen2Kvm.Lab.Tests;

/// <summary>One job of the real agent on a host of the lab, with the receiver on the same host.</summary>
internal sealed class AgentJob(IRemoteShell shell, string name) : IAsyncDisposable
{
    private string Agent => $"{Directory}/x2k-agent";

    public string Directory { get; } = $"/var/lib/x2k-test/{name}";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Puts the agent there with a job of these disks.</summary>
    public async Task PrepareAsync(params TransferDisk[] disks)
    {
        await using (var agent = File.OpenRead(Programs.Agent))
        {
            await shell.UploadAsync(agent, Agent, "0755", Cancel);
        }

        var job = new TransferJob
        {
            Id = name, Transport = [Agent, "receive", $"{Directory}/receive"], HashSeed = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)), Disks = disks,
        };
        using var json = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(job, TransferJson.Default.TransferJob));
        await shell.CheckAsync(new RemoteCommand("mkdir", "-p", $"{Directory}/receive"), Cancel);
        await shell.UploadAsync(json, $"{Directory}/job/job.json", "0600", Cancel);
    }

    /// <summary>Starts it and waits for its end.</summary>
    public async Task<TransferStatus> RunAsync()
    {
        await shell.CheckAsync(new RemoteCommand(Agent, "start", $"{Directory}/job"), Cancel);
        var status = default(TransferStatus)!;
        await Wait.UntilAsync($"the agent's job {name} ends", TimeSpan.FromMinutes(3), async () =>
        {
            var text = await shell.CheckAsync(new RemoteCommand(Agent, "status", $"{Directory}/job"), Cancel);
            status = JsonSerializer.Deserialize(text, TransferJson.Default.TransferStatus)!;
            return status.State != "running";
        });
        return status;
    }

    public async ValueTask DisposeAsync()
    {
        await shell.RunAsync(new RemoteCommand(Agent, "cancel", $"{Directory}/job"), CancellationToken.None);
        await shell.RunAsync(new RemoteCommand("rm", "-rf", Directory), CancellationToken.None);
    }
}
