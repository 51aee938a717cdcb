using System.Security.Cryptography;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Engine.Routes.BlockCopy;

/// <summary>What the check found.</summary>
/// <param name="AgentPath">The agent on both hosts.</param>
/// <param name="WasRunning">The guest ran when the run began; a roll-back starts it again only then.</param>
internal sealed record CheckOutput(string AgentPath, bool WasRunning);

/// <summary>Looks at both hosts once more and puts the agent there. Changes nothing of any guest.</summary>
internal sealed class CheckStep(RunOptions options) : StepBase
{
    public override string Id => "check";

    public override string Title(Plan plan) => "Check both hosts";

    public override Task<StepOutcome> ProbeAsync(StepContext context, CancellationToken cancellationToken) =>
        Task.FromResult<StepOutcome>(new StepOutcome.NotStarted());

    public override async Task<StepOutcome> StartAsync(StepContext context, CancellationToken cancellationToken)
    {
        var name = context.Plan.Source.Name;
        var held = await context.Xen.GetLockAsync(name, cancellationToken).ConfigureAwait(false);
        if (held is not null && held.RunId != context.Run.Id)
        {
            return new StepOutcome.Failed(
                $"{name} on {context.SourceHost.Name} is locked by run {held.RunId}. Roll that run back, or let it end, before moving the guest again.");
        }

        if (await context.Kvm.GetStateAsync(context.Plan.Target.Name, cancellationToken).ConfigureAwait(false) is not null
            && !await TargetGuestState.IsOursAsync(context, cancellationToken).ConfigureAwait(false))
        {
            return new StepOutcome.Failed(
                $"{context.TargetHost.Name} already has a guest named {context.Plan.Target.Name}. Plan the move with another name, or remove that guest.");
        }

        var state = await context.Xen.GetStateAsync(name, cancellationToken).ConfigureAwait(false);
        context.Log($"{name} is {state.Power} on {context.SourceHost.Name}.");
        if (Unfit(state.Power) is { } todo)
        {
            return new StepOutcome.Failed($"{name} is {state.Power.ToString().ToLowerInvariant()} on {context.SourceHost.Name} and cannot shut down cleanly. {todo} Then resume; nothing was changed so far.");
        }

        if (SourceGuard.Resized(context, await SourceGuard.LookAsync(context, cancellationToken).ConfigureAwait(false)) is { } resized)
        {
            return new StepOutcome.Failed($"{resized} Nothing was changed so far.");
        }

        if (!File.Exists(options.AgentPath))
        {
            return new StepOutcome.Failed(
                $"The agent's binary is missing at {options.AgentPath}. Publish it (deploy/run.sh does) or set Runs:AgentPath.");
        }

        context.Report("Putting the agent on both hosts");
        var agent = await File.ReadAllBytesAsync(options.AgentPath, cancellationToken).ConfigureAwait(false);
        var path = $"{RunPaths.Base}/bin/x2k-agent-{Convert.ToHexStringLower(SHA256.HashData(agent))[..16]}";
        foreach (var shell in new[] { context.Source, context.Target })
        {
            if (await EnsureAgentAsync(shell, path, agent, cancellationToken).ConfigureAwait(false) is { } failure)
            {
                return new StepOutcome.Failed(failure);
            }
        }

        return new StepOutcome.Done(new CheckOutput(path, state.Power == PowerState.Running));
    }

    private static string? Unfit(PowerState power) => power switch
    {
        PowerState.Paused => "Let it run on (xl unpause), or switch it off.",
        PowerState.Crashed => "It is kept for a look at it: take it away (xl destroy) and start it again, or move it switched off.",
        _ => null,
    };

    private static async Task<string?> EnsureAgentAsync(IRemoteShell shell, string path, byte[] agent, CancellationToken cancellationToken)
    {
        var version = new RemoteCommand(path, "version");
        var there = await shell.RunAsync(
            new RemoteCommand("sha256sum", path) { Timeout = TimeSpan.FromSeconds(30), IsRead = true }, cancellationToken).ConfigureAwait(false);
        var wanted = Convert.ToHexStringLower(SHA256.HashData(agent));
        if (!there.Ok || !there.Output.StartsWith(wanted, StringComparison.Ordinal))
        {
            using var content = new MemoryStream(agent, writable: false);
            await shell.UploadAsync(content, path, "0755", cancellationToken).ConfigureAwait(false);
        }

        var answer = await shell.RunAsync(version, cancellationToken).ConfigureAwait(false);
        return answer.Ok
            ? null
            : $"The agent does not run on {shell.HostName}: {answer.StandardError.Trim()}. It needs Linux 3.2 or newer on x86-64, and {RunPaths.Base} on a file system that allows execution.";
    }
}
