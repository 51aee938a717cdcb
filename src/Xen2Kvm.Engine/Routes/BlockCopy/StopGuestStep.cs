using System.Globalization;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Engine.Routes.BlockCopy;

/// <summary>
/// Shuts the guest down cleanly and locks it on its source. When it does not go down in time a person is asked; force is never used unasked.
/// </summary>
internal sealed class StopGuestStep : StepBase
{
    private const string Wait = "wait";
    private const string Force = "force";
    private const string GiveUp = "roll-back";
    private const int StartAttempts = 3;
    private static readonly TimeSpan BackOnSource = TimeSpan.FromMinutes(5);

    public override string Id => "stop";

    public override string Title(Plan plan) => $"Shut {plan.Source.Name} down and lock it on its source";

    public override async Task<StepOutcome> ProbeAsync(StepContext context, CancellationToken cancellationToken)
    {
        var state = await context.Xen.GetStateAsync(context.Plan.Source.Name, cancellationToken).ConfigureAwait(false);
        if (state.Power == PowerState.Off)
        {
            var locked = await context.Xen.LockAsync(
                context.Plan.Source.Name, context.Plan.Source.ConfigPath, context.Run.Id, cancellationToken).ConfigureAwait(false);
            context.Log($"{context.Plan.Source.Name} is off and locked on {context.SourceHost.Name}.");
            return new StepOutcome.Done(locked);
        }

        return context.Handle is { } handle ? await WaitAsync(context, handle, cancellationToken).ConfigureAwait(false) : new StepOutcome.NotStarted();
    }

    public override async Task<StepOutcome> StartAsync(StepContext context, CancellationToken cancellationToken)
    {
        context.DownSince = context.Run.DownSince ?? context.Time.GetUtcNow();
        await context.Xen.RequestShutdownAsync(context.Plan.Source.Name, cancellationToken).ConfigureAwait(false);
        context.Log($"{context.Plan.Source.Name} was asked to shut down; it has {context.Plan.ShutdownTimeoutSeconds} s.");
        return Waiting(context, context.Time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture));
    }

    public override async Task UndoAsync(StepContext context, CancellationToken cancellationToken)
    {
        var name = context.Plan.Source.Name;
        if (await context.Kvm.GetStateAsync(context.Plan.Target.Name, cancellationToken).ConfigureAwait(false) is PowerState.Running or PowerState.Paused
            && await context.Kvm.GetOwnerAsync(context.Plan.Target.Name, cancellationToken).ConfigureAwait(false) == context.Run.Id)
        {
            throw new RemoteException(RemoteFailure.CommandFailed, context.TargetHost.Name,
                $"{context.Plan.Target.Name} still runs on {context.TargetHost.Name}; the guest is not started on {context.SourceHost.Name} while it does.");
        }

        if (await context.Xen.GetLockAsync(name, cancellationToken).ConfigureAwait(false) is { } held && held.RunId == context.Run.Id)
        {
            await context.Xen.UnlockAsync(held, cancellationToken).ConfigureAwait(false);
            context.Log($"{name} is unlocked on {context.SourceHost.Name}.");
        }

        var state = await context.Xen.GetStateAsync(name, cancellationToken).ConfigureAwait(false);
        if (state.Power != PowerState.Off || context.Output<CheckOutput>("check") is not { WasRunning: true })
        {
            return;
        }

        if (context.Plan.Source.ConfigPath is not { } config)
        {
            throw new RemoteException(RemoteFailure.CommandFailed, context.SourceHost.Name,
                $"{name} had no config file on {context.SourceHost.Name}, so it cannot be started again from one. Create it by hand; its disks are untouched.");
        }

        await StartOnSourceAsync(context, name, config, cancellationToken).ConfigureAwait(false);
        context.Log($"{name} was started on {context.SourceHost.Name} again.");
        await WaitUntilReachableAsync(context, cancellationToken).ConfigureAwait(false);
    }

    // A busy dom0 runs into the toolstack's own time limits (10 s for a hotplug script); the guest is worth a second try.
    private static async Task StartOnSourceAsync(StepContext context, string name, string config, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await context.Xen.StartAsync(name, config, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (RemoteException failure) when (failure.Failure == RemoteFailure.CommandFailed && attempt < StartAttempts)
            {
                context.Log($"{failure.Message} Trying again.", RunLogLevel.Warning);
                await Task.Delay(TimeSpan.FromSeconds(5), context.Time, cancellationToken).ConfigureAwait(false);
                if ((await context.Xen.GetStateAsync(name, cancellationToken).ConfigureAwait(false)).Power != PowerState.Off)
                {
                    return;
                }
            }
        }
    }

    private static async Task<StepOutcome> WaitAsync(StepContext context, string handle, CancellationToken cancellationToken)
    {
        // Each time-out asks a question of its own; answers so far say how often the wait was extended.
        var waits = context.Run.Answers.Count(answer => answer.Key.StartsWith("shutdown-", StringComparison.Ordinal) && answer.Value == Wait);
        var asked = context.Answer($"shutdown-{waits + 1}");
        if (asked == Force)
        {
            context.Log($"{context.Plan.Source.Name} is destroyed on {context.SourceHost.Name}, as a person decided. Its file systems will need their journals.", RunLogLevel.Warning);
            await context.Xen.DestroyAsync(context.Plan.Source.Name, cancellationToken).ConfigureAwait(false);
            return Waiting(context, handle);
        }

        if (asked == GiveUp)
        {
            return new StepOutcome.Failed($"{context.Plan.Source.Name} did not shut down; a person chose to roll back.", RollBack: true);
        }

        var since = DateTimeOffset.Parse(handle, CultureInfo.InvariantCulture);
        var limit = TimeSpan.FromSeconds(context.Plan.ShutdownTimeoutSeconds * (waits + 1L));
        if (context.Time.GetUtcNow() - since <= limit)
        {
            return Waiting(context, handle);
        }

        return new StepOutcome.Asks(new RunQuestion(
            $"shutdown-{waits + 1}", "stop",
            $"{context.Plan.Source.Name} has not shut down on {context.SourceHost.Name} within {limit.TotalSeconds:0} s. What now?",
            [
                new RunQuestionOption(Wait, $"Wait another {context.Plan.ShutdownTimeoutSeconds} s"),
                new RunQuestionOption(Force, "Switch it off: what it has not written is lost"),
                new RunQuestionOption(GiveUp, "Give up: leave it running on Xen"),
            ]));
    }

    private static StepOutcome.Running Waiting(StepContext context, string handle) => new(
        handle, new StepProgress { Text = $"Waiting for {context.Plan.Source.Name} to shut down", At = context.Time.GetUtcNow() });

    private static async Task WaitUntilReachableAsync(StepContext context, CancellationToken cancellationToken)
    {
        var until = context.Time.GetUtcNow() + BackOnSource;
        while (context.Plan.Proof.PingAddress is { } address && context.Time.GetUtcNow() < until)
        {
            if (await context.Kvm.PingAsync(address, cancellationToken).ConfigureAwait(false))
            {
                context.UpAgainAt = context.Time.GetUtcNow();
                context.Log($"{context.Plan.Source.Name} answers at {address} again.");
                return;
            }

            await Task.Delay(TimeSpan.FromSeconds(2), context.Time, cancellationToken).ConfigureAwait(false);
        }
    }
}
