using System.Text.Json;
using Xen2Kvm.Domain.Limits;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Runs;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Jobs;

namespace Xen2Kvm.Engine.Routes.BlockCopy;

/// <summary>What a run's copy may send by the clock: told to its agent, and read from it.</summary>
internal static class CopyLimit
{
    // What an agent answers that does not know a verb.
    private const int WrongUsage = 2;

    private static readonly TimeSpan SameClock = TimeSpan.FromSeconds(10);

    /// <summary>Tells the agent of a run what it may send by the clock; it keeps to that from within a second on.</summary>
    /// <exception cref="RemoteException">It could not be told; it goes on by what it was told before.</exception>
    public static Task TellAsync(IRemoteShell source, Run run, IReadOnlyList<RateChange> timetable, DateTimeOffset now, CancellationToken cancellationToken) =>
        source.CheckAsync(Command(run, timetable, now), cancellationToken);

    /// <summary>Tells the agent what a copy may send that is about to begin: not a second without its limit.</summary>
    /// <exception cref="RemoteException">It did not take it.</exception>
    public static async Task BeginAsync(StepContext context, CancellationToken cancellationToken)
    {
        if (context.Bandwidth is null || await context.Bandwidth.BeginAsync(context.Run, context.Plan, cancellationToken).ConfigureAwait(false) is not { } timetable)
        {
            return;
        }

        var command = Command(context.Run, timetable, context.Time.GetUtcNow());
        var result = await context.Source.RunAsync(command, cancellationToken).ConfigureAwait(false);
        if (result.ExitCode == WrongUsage)
        {
            context.Log($"The agent on {context.SourceHost.Name} was put there by an earlier version of this program and takes no limit by the clock: this copy goes as fast as its plan allows.", RunLogLevel.Warning);
        }
        else if (!result.Ok)
        {
            throw new RemoteException(RemoteFailure.CommandFailed, context.SourceHost.Name, $"The agent on {context.SourceHost.Name} did not take the copy's limit: {result.StandardError.Trim()}");
        }
    }

    /// <summary>What the agent says that it may send.</summary>
    /// <remarks>Its times are those of the source host's clock, which may be off. Limits change at full minutes.</remarks>
    public static CopyPace PaceOf(TransferStatus status, DateTimeOffset now)
    {
        var off = now - DateTimeOffset.FromUnixTimeMilliseconds(status.UpdatedAt);
        DateTimeOffset? until = status.RateLimitUntil == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(status.RateLimitUntil) + (off.Duration() > SameClock ? off : TimeSpan.Zero);
        return new(
            status.RateLimitBytesPerSecond > 0 ? status.RateLimitBytesPerSecond : null,
            until is { } at ? new DateTimeOffset((at.UtcTicks + (TimeSpan.TicksPerMinute / 2)) / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute, TimeSpan.Zero) : null);
    }

    private static RemoteCommand Command(Run run, IReadOnlyList<RateChange> timetable, DateTimeOffset now)
    {
        var told = new RateTimetable
        {
            Now = now.ToUnixTimeMilliseconds(),
            Entries = [.. timetable.Take(RateTimetable.MaxEntries).Select(change => new RateEntry(change.From.ToUnixTimeMilliseconds(), change.BytesPerSecond ?? 0))],
        };
        return new RemoteCommand(CopyJob.AgentPath(run), "limit", RunPaths.Run(run.Id))
        {
            StandardInput = JsonSerializer.SerializeToUtf8Bytes(told, TransferJson.Default.RateTimetable), Quiet = true,
        };
    }
}
