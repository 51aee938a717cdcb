using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Bench;

/// <summary>Writes what 500 running copies write: for each run its progress every second and a sample every two, through the program's own ledger.</summary>
internal sealed class RunWriter(IServiceProvider services, IReadOnlyList<(Run Run, Plan Plan)> runs)
{
    private readonly IRunStore _store = services.GetRequiredService<IRunStore>();
    private readonly ConcurrentDictionary<(string Guest, int Rate), long> _written = new();

    // As many connections as a runner of 500 would have of the pool that it shares with the pages.
    private readonly SemaphoreSlim _connections = new(24);
    private long _events;

    /// <summary>Progress events written.</summary>
    public long Events => Interlocked.Read(ref _events);

    /// <summary>When the progress of a guest with a rate in MB/s began to be written, in milliseconds of the clock; null when it was not.</summary>
    public long? WrittenAt(string guest, int rate) => _written.TryGetValue((guest, rate), out var at) ? at : null;

    /// <summary>Writes until it is cancelled. A number rises with each event and is shown as the rate: 100 to 9,999 MB/s, again from 100.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(runs.Select((run, index) => RunAsync(run.Run, run.Plan, index, cancellationToken)));

    private async Task RunAsync(Run run, Plan plan, int index, CancellationToken cancellationToken)
    {
        var claim = new RunClaim(run.Id, 1);
        var copy = run.Steps.First(step => step.Id == "copy");
        try
        {
            await Task.Delay(index * 2, cancellationToken);
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
            for (var number = 0; await timer.WaitForNextTickAsync(cancellationToken); number++)
            {
                var rate = 100 + (number % 9900);
                await _connections.WaitAsync(cancellationToken);
                try
                {
                    var now = DateTimeOffset.UtcNow;
                    _written[(run.GuestName, rate)] = now.ToUnixTimeMilliseconds();
                    var next = run.With(copy with { Progress = Installation.Progress(plan, 0.1 + (number % 4000 / 5000.0), rate) });
                    await _store.SaveAsync(claim, next, number % 10 == 0 ? [new RunLogEntry(now, "copy", RunLogLevel.Info, $"{number} s")] : [], cancellationToken);
                    if (number % 2 == 0)
                    {
                        await _store.AppendSamplesAsync(run.Id, [new RunSample(now, rate * 1e6, rate * 2e5, rate * 9e5, true)], cancellationToken);
                    }
                }
                finally
                {
                    _connections.Release();
                }

                Interlocked.Increment(ref _events);
            }
        }
        catch (OperationCanceledException)
        {
            // The measurement is over.
        }
    }
}
