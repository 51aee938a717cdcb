using System.Globalization;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Engine.Routes.BlockCopy;

/// <summary>The guest is off and locked.</summary>
/// <param name="Lock">What was changed on the source host for it.</param>
/// <param name="Marks">What had been written to its disks by then.</param>
internal sealed record StopOutput(SourceLock Lock, IReadOnlyList<DiskMark> Marks);

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
            if (context.Run.DownSince is null && context.Output<CheckOutput>("check") is { WasRunning: true })
            {
                // The program died between asking and recording it, or the guest went down by itself meanwhile.
                context.DownSince = context.Time.GetUtcNow();
            }

            var marks = await SourceGuard.MarkAsync(context, cancellationToken).ConfigureAwait(false);
            return SourceGuard.Resized(context, marks) is { } resized
                ? new StepOutcome.Failed($"{resized} The guest goes back to {context.SourceHost.Name}.", RollBack: true)
                : new StepOutcome.Done(new StopOutput(locked, marks));
        }

        // Who chose to wait on has perhaps mended what kept the guest up: it is asked once more, and has the whole time again.
        return context.Handle is { } handle && ShutdownRequest.Parse(handle) is var request && request.Number > Waits(context)
            ? await WaitAsync(context, request, state.Power, cancellationToken).ConfigureAwait(false)
            : new StepOutcome.NotStarted();
    }

    public override async Task<StepOutcome> StartAsync(StepContext context, CancellationToken cancellationToken)
    {
        context.DownSince = context.Time.GetUtcNow();
        await context.Xen.RequestShutdownAsync(context.Plan.Source.Name, cancellationToken).ConfigureAwait(false);
        context.Log($"{context.Plan.Source.Name} was asked to shut down; it has {context.Plan.ShutdownTimeoutSeconds} s.");
        return Waiting(context, new ShutdownRequest(Waits(context) + 1, context.Time.GetUtcNow()));
    }

    public override async Task<StepRehearsal> RehearseAsync(StepContext context, CancellationToken cancellationToken)
    {
        var (name, host) = (context.Plan.Source.Name, context.SourceHost.Name);
        var runs = (await context.Xen.GetStateAsync(name, cancellationToken).ConfigureAwait(false)).Power != PowerState.Off;
        if (runs)
        {
            await context.Xen.RequestShutdownAsync(name, cancellationToken).ConfigureAwait(false);
        }

        var locked = await context.Xen.LockAsync(name, context.Plan.Source.ConfigPath, context.Run.Id, cancellationToken).ConfigureAwait(false);
        var marks = await SourceGuard.LookAsync(context, cancellationToken).ConfigureAwait(false);
        return new(new StopOutput(locked, marks), runs
            ? $"Between the shutdown and the lock {name} has {context.Plan.ShutdownTimeoutSeconds} s to be off; then a person is asked."
            : $"{name} is off on {host}: it is only locked.");
    }

    public override async Task UndoAsync(StepContext context, CancellationToken cancellationToken)
    {
        var name = context.Plan.Source.Name;
        if (await TargetGuestState.IsOursAsync(context, cancellationToken).ConfigureAwait(false)
            && await context.Kvm.GetStateAsync(context.Plan.Target.Name, cancellationToken).ConfigureAwait(false) is PowerState.Running or PowerState.Paused)
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
        if (state.Power != PowerState.Off)
        {
            // Somebody started it. When it answered there nobody saw; from now on it does not count as down.
            if (context.Run is { DownSince: not null, UpAgainAt: null })
            {
                context.UpAgainAt = context.Time.GetUtcNow();
            }

            return;
        }

        if (context.Output<CheckOutput>("check") is not { WasRunning: true })
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

    private static async Task<StepOutcome> WaitAsync(StepContext context, ShutdownRequest request, PowerState power, CancellationToken cancellationToken)
    {
        // Each time-out asks a question of its own.
        var question = $"shutdown-{request.Number}";
        switch (context.Answer(question))
        {
            case Force:
                context.Log($"{context.Plan.Source.Name} is destroyed on {context.SourceHost.Name}, as a person decided. Its file systems will need their journals.", RunLogLevel.Warning);
                context.DownSince = context.Time.GetUtcNow();
                await context.Xen.DestroyAsync(context.Plan.Source.Name, cancellationToken).ConfigureAwait(false);
                return Waiting(context, request);
            case GiveUp:
                return new StepOutcome.Failed($"{context.Plan.Source.Name} did not shut down; a person chose to roll back.", RollBack: true);
        }

        var limit = TimeSpan.FromSeconds(context.Plan.ShutdownTimeoutSeconds);
        if (context.Time.GetUtcNow() - request.At <= limit)
        {
            return Waiting(context, request);
        }

        context.IsStillUp = true;
        return new StepOutcome.Asks(new RunQuestion(
            question, "stop",
            $"{context.Plan.Source.Name} has not shut down on {context.SourceHost.Name} within {limit.TotalSeconds:0} s; it is {power.ToString().ToLowerInvariant()} there. What now?",
            [
                new RunQuestionOption(Wait, $"Ask it again and wait another {limit.TotalSeconds:0} s"),
                new RunQuestionOption(Force, "Switch it off: what it has not written is lost"),
                new RunQuestionOption(GiveUp, "Give up: leave it running on Xen"),
            ]));
    }

    private static int Waits(StepContext context) =>
        context.Run.Answers.Count(answer => answer.Key.StartsWith("shutdown-", StringComparison.Ordinal) && answer.Value == Wait);

    private static StepOutcome.Running Waiting(StepContext context, ShutdownRequest request) => new(
        request.ToString(), new StepProgress { Text = $"Waiting for {context.Plan.Source.Name} to shut down", At = context.Time.GetUtcNow() });

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

    /// <summary>The step's durable handle: the guest was asked for the n-th time at this moment.</summary>
    private sealed record ShutdownRequest(int Number, DateTimeOffset At)
    {
        public static ShutdownRequest Parse(string handle)
        {
            var words = handle.Split(' ', 2);
            return new(int.Parse(words[0], CultureInfo.InvariantCulture), DateTimeOffset.Parse(words[1], CultureInfo.InvariantCulture));
        }

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Number} {At:O}");
    }
}
