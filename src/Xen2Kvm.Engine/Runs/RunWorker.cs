using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Xen2Kvm.Engine.Limits;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Runs;

/// <summary>
/// Claims active runs and carries them out. Any number of processes may do so on one database: a claim has a lease, and whoever takes over
/// an expired one begins by probing, so that nothing is done twice. Runs above a limit of the installation are left until it allows them.
/// </summary>
public sealed partial class RunWorker(
    IRunStore runs, RunExecutor executor, LimitService limits, IOptions<RunOptions> options, TimeProvider time, ILogger<RunWorker> logger) : BackgroundService
{
    private readonly string _name = $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid().ToString("N")[..8]}";

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var active = new List<Task>();
        while (!stoppingToken.IsCancellationRequested)
        {
            active.RemoveAll(task => task.IsCompleted);
            try
            {
                if (active.Count < options.Value.MaxConcurrentRuns && await ClaimAsync(stoppingToken).ConfigureAwait(false) is { } claimed)
                {
                    LogClaimed(claimed.Run.Id, claimed.Run.GuestName, claimed.Claim.Epoch);
                    active.Add(CarryOutAsync(claimed.Run, claimed.Claim, stoppingToken));
                    continue;
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                LogClaimFailed(failure);
            }

            try
            {
                await Task.Delay(options.Value.ObserveEvery, time, stoppingToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        await Task.WhenAll(active).ConfigureAwait(false);
    }

    private async Task<(Domain.Runs.Run Run, RunClaim Claim)?> ClaimAsync(CancellationToken cancellationToken)
    {
        var gate = await limits.GateAsync(cancellationToken).ConfigureAwait(false);
        return gate is null
            ? await runs.ClaimNextAsync(_name, options.Value.Lease, cancellationToken).ConfigureAwait(false)
            : await runs.ClaimNextAsync(_name, options.Value.Lease, gate, cancellationToken).ConfigureAwait(false);
    }

    private async Task CarryOutAsync(Domain.Runs.Run run, RunClaim claim, CancellationToken cancellationToken)
    {
        try
        {
            await executor.CarryOutAsync(run, claim, cancellationToken).ConfigureAwait(false);
        }
        catch (ClaimLostException)
        {
            LogLost(run.Id);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            LogHandedOver(run.Id);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // The claim runs out by itself; the next worker probes and goes on.
            LogBroken(failure, run.Id);
        }
    }

    [LoggerMessage(3001, LogLevel.Information, "Run {RunId} of {Guest} claimed, epoch {Epoch}")]
    private partial void LogClaimed(Guid runId, string guest, long epoch);

    [LoggerMessage(3002, LogLevel.Warning, "The run ledger could not be asked for work")]
    private partial void LogClaimFailed(Exception failure);

    [LoggerMessage(3003, LogLevel.Warning, "Run {RunId} was taken over by another worker")]
    private partial void LogLost(Guid runId);

    [LoggerMessage(3004, LogLevel.Information, "Run {RunId} is left to the next worker")]
    private partial void LogHandedOver(Guid runId);

    [LoggerMessage(3005, LogLevel.Error, "Run {RunId} stopped being carried out by a fault of the program; its claim runs out and it is taken up again")]
    private partial void LogBroken(Exception failure, Guid runId);
}
