using System.Collections.Concurrent;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Tests;

/// <summary>The ledger's rules in memory, for tests of the runner; the real one is tested on PostgreSQL.</summary>
internal sealed class InMemoryRunStore : IRunStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, (Run Run, long Epoch, bool Claimed)> _runs = [];

    public ConcurrentQueue<RunLogEntry> Log { get; } = new();

    public ConcurrentDictionary<string, RunEvidence> Evidence { get; } = new();

    public List<RunState> States { get; } = [];

    public ConcurrentQueue<RunSample> Samples { get; } = new();

    public Run Only => _runs.Values.Single().Run;

    /// <summary>Changes a run as its worker would.</summary>
    public void Replace(Guid id, Func<Run, Run> change)
    {
        lock (_lock)
        {
            _runs[id] = (change(_runs[id].Run), _runs[id].Epoch, _runs[id].Claimed);
        }
    }

    public Task<bool> CreateAsync(Run run, Guid sourceHostId, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _runs.Add(run.Id, (run, 0, false));
            return Task.FromResult(true);
        }
    }

    public Task<Run?> FindAsync(Guid id, CancellationToken cancellationToken) => Task.FromResult<Run?>(_runs[id].Run);

    public Task<IReadOnlyList<Run>> ListAsync(int most, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Run>>([.. _runs.Values.Select(entry => entry.Run)]);

    public Task<IReadOnlyList<Run>> ListAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult<IReadOnlyList<Run>>([.. _runs.Values.Select(entry => entry.Run).Where(run => ids.Contains(run.Id))]);
        }
    }

    public Task<IReadOnlyList<LatestRun>> ListLatestAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult<IReadOnlyList<LatestRun>>([.. _runs.Values.Select(entry => entry.Run).GroupBy(run => (run.SourceHost, run.GuestName))
                .Select(group => group.MaxBy(run => run.CreatedAt)!).Select(run => new LatestRun(run.Id, run.SourceHost, run.GuestName, run.State))]);
        }
    }

    public Task<IReadOnlyList<NewestRun>> ListNewestAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<RunEnd>> ListEndsAsync(DateTimeOffset since, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<Run>> ListOfAsync(Guid sourceHostId, string guestName, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<Run>> ListInFlightAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Run>>([.. _runs.Values.Select(entry => entry.Run).Where(run => run.IsActive || run.State == RunState.NeedsAnswer)]);

    public Task<(Run Run, RunClaim Claim)?> ClaimNextAsync(string worker, TimeSpan lease, RunGate gate, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<(Run Run, RunClaim Claim)?> ClaimNextAsync(string worker, TimeSpan lease, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            foreach (var (id, entry) in _runs)
            {
                if (entry.Run.IsActive)
                {
                    _runs[id] = (entry.Run, entry.Epoch + 1, true);
                    return Task.FromResult<(Run, RunClaim)?>((entry.Run, new RunClaim(id, entry.Epoch + 1)));
                }
            }

            return Task.FromResult<(Run, RunClaim)?>(null);
        }
    }

    public Task<Run> RenewAsync(RunClaim claim, TimeSpan lease, CancellationToken cancellationToken) => Task.FromResult(Held(claim));

    public Task SaveAsync(RunClaim claim, Run run, IReadOnlyList<RunLogEntry> log, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var stored = Held(claim);
            _runs[claim.RunId] = (run with
            {
                Intent = stored.Intent,
                IntentBy = stored.IntentBy,
                DeleteTargetOnRollBack = stored.DeleteTargetOnRollBack,
                Answers = stored.Answers,
            }, claim.Epoch, true);
            States.Add(run.State);
            foreach (var entry in log)
            {
                Log.Enqueue(entry);
            }
        }

        return Task.CompletedTask;
    }

    public Task ReleaseAsync(RunClaim claim, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<Run?> SetIntentAsync(Guid id, RunIntent intent, string by, bool deleteTarget, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var entry = _runs[id];
            var state = (intent, entry.Run.State) switch
            {
                (RunIntent.Forward, RunState.Failed or RunState.Stopped) => RunState.Queued,
                (RunIntent.RollBack, RunState.Running or RunState.Queued) => entry.Run.State,
                (RunIntent.RollBack, _) => RunState.RollingBack,
                _ => entry.Run.State,
            };
            var steps = entry.Run.Steps.Select(step => step.State == StepState.Failed ? step with { State = StepState.Pending } : step).ToList();
            var run = entry.Run with { Intent = intent, IntentBy = by, DeleteTargetOnRollBack = deleteTarget, State = state, Steps = steps };
            _runs[id] = (run, entry.Epoch, entry.Claimed);
            return Task.FromResult<Run?>(run);
        }
    }

    public Task<bool> AnswerAsync(Guid id, string questionId, string value, string by, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var entry = _runs[id];
            var answers = new Dictionary<string, string>(entry.Run.Answers) { [questionId] = value };
            _runs[id] = (entry.Run with { Answers = answers, Question = null, State = RunState.Queued }, entry.Epoch, entry.Claimed);
            return Task.FromResult(true);
        }
    }

    public Task AppendLogAsync(Guid id, IReadOnlyList<RunLogEntry> log, CancellationToken cancellationToken)
    {
        foreach (var entry in log)
        {
            Log.Enqueue(entry);
        }

        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<RunLogLine>> ReadLogAsync(Guid id, long after, int most, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<RunLogLine>>([]);

    public Task<IReadOnlyList<RunLogLine>> ReadLogBackAsync(Guid id, RunLogQuery query, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<RunLogLine>>([]);

    public Task AppendSamplesAsync(Guid id, IReadOnlyList<RunSample> samples, CancellationToken cancellationToken)
    {
        foreach (var sample in samples)
        {
            Samples.Enqueue(sample);
        }

        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<RunSample>> ReadSamplesAsync(Guid id, DateTimeOffset since, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<RunSample>>([]);

    public Task SaveEvidenceAsync(Guid id, RunEvidence evidence, CancellationToken cancellationToken)
    {
        Evidence[evidence.Name] = evidence;
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<RunEvidence>> ListEvidenceAsync(Guid id, bool withContent, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<RunEvidence>>([.. Evidence.Values]);

    public Task<RunEvidence?> FindEvidenceAsync(Guid id, string name, CancellationToken cancellationToken) => Task.FromResult(Evidence.GetValueOrDefault(name));

    private Run Held(RunClaim claim)
    {
        lock (_lock)
        {
            var entry = _runs[claim.RunId];
            return entry.Epoch == claim.Epoch ? entry.Run : throw new ClaimLostException(claim.RunId);
        }
    }
}
