using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence.Tests.Support;

namespace Xen2Kvm.Persistence.Tests;

public sealed class RunIntentTests(Store store) : IClassFixture<Store>
{
    private static readonly TimeSpan _lease = TimeSpan.FromMinutes(1);

    private static readonly RunQuestion _question = new("q-1", "copy", "Wait?", [new("wait", "Wait"), new("force", "Force")]);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<RunIntent, RunState, RunState?> Rules => new()
    {
        { RunIntent.Forward, RunState.Queued, null },
        { RunIntent.Forward, RunState.Running, null },
        { RunIntent.Forward, RunState.NeedsAnswer, null },
        { RunIntent.Forward, RunState.Succeeded, null },
        { RunIntent.Forward, RunState.Failed, RunState.Queued },
        { RunIntent.Forward, RunState.Stopped, RunState.Queued },
        { RunIntent.Forward, RunState.RollingBack, null },
        { RunIntent.Forward, RunState.RolledBack, null },
        { RunIntent.Stop, RunState.Queued, RunState.Stopped },
        { RunIntent.Stop, RunState.Running, RunState.Running },
        { RunIntent.Stop, RunState.NeedsAnswer, RunState.Stopped },
        { RunIntent.Stop, RunState.Succeeded, null },
        { RunIntent.Stop, RunState.Failed, null },
        { RunIntent.Stop, RunState.Stopped, null },
        { RunIntent.Stop, RunState.RollingBack, null },
        { RunIntent.Stop, RunState.RolledBack, null },
        { RunIntent.RollBack, RunState.Queued, null },
        { RunIntent.RollBack, RunState.Running, RunState.Running },
        { RunIntent.RollBack, RunState.NeedsAnswer, RunState.RollingBack },
        { RunIntent.RollBack, RunState.Succeeded, RunState.RollingBack },
        { RunIntent.RollBack, RunState.Failed, RunState.RollingBack },
        { RunIntent.RollBack, RunState.Stopped, RunState.RollingBack },
        { RunIntent.RollBack, RunState.RollingBack, RunState.RollingBack },
        { RunIntent.RollBack, RunState.RolledBack, null },
    };

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task What_a_person_may_want_depends_on_the_state(RunIntent intent, RunState before, RunState? after)
    {
        var run = await AddAsync(Some.Run(before));
        var changed = await store.Runs.SetIntentAsync(run.Id, intent, "ann", deleteTarget: true, Token);
        (changed?.State).ShouldBe(after);
        var stored = (await store.Runs.FindAsync(run.Id, Token))!;
        var log = await store.Runs.ReadLogAsync(run.Id, 0, 10, Token);
        if (after is null)
        {
            stored.ShouldHoldTheSameAs(run);
            log.ShouldBeEmpty();
            return;
        }

        stored.ShouldHoldTheSameAs(changed);
        (stored.Intent, stored.IntentBy, stored.DeleteTargetOnRollBack).ShouldBe((intent, "ann", intent == RunIntent.RollBack));
        log.ShouldHaveSingleItem().Text.ShouldStartWith("ann asked to");
    }

    [Fact]
    public async Task Going_on_clears_the_error_and_does_failed_and_undone_steps_again()
    {
        var run = await AddAsync(Some.Run(RunState.Failed) with
        {
            Error = "disk full",
            FinishedAt = Some.Time,
            Steps =
            [
                new() { Id = "check", Title = "Check", State = StepState.Done, Output = "{}" },
                new() { Id = "copy", Title = "Copy", State = StepState.Failed, Attempts = 1, Handle = "job", Error = "disk full", StartedAt = Some.Time, FinishedAt = Some.Time },
                new() { Id = "start", Title = "Start", State = StepState.Undone, IsCutover = true, Attempts = 2, Handle = "old", Output = "old" },
            ],
        });
        var changed = (await store.Runs.SetIntentAsync(run.Id, RunIntent.Forward, "ann", false, Token))!;
        (changed.Error, changed.FinishedAt).ShouldBe((null, null));
        changed.Steps.ShouldBe([
            run.Steps[0],
            run.Steps[1] with { State = StepState.Pending, Error = null, FinishedAt = null },
            new RunStep { Id = "start", Title = "Start", IsCutover = true, Attempts = 2 },
        ]);
        (await store.Runs.FindAsync(run.Id, Token))!.Steps.ShouldBe(changed.Steps, ignoreOrder: false);
    }

    [Fact]
    public async Task Stopping_a_run_that_waits_for_an_answer_closes_the_question()
    {
        var run = await AddAsync(Some.Run(RunState.NeedsAnswer) with { Question = _question });
        var changed = (await store.Runs.SetIntentAsync(run.Id, RunIntent.Stop, "ann", false, Token))!;
        (changed.Question, changed.FinishedAt).ShouldBe((null, store.Time.GetUtcNow()));
        (await store.Runs.AnswerAsync(run.Id, "q-1", "wait", "ann", Token)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_run_that_nobody_knows_accepts_nothing()
    {
        (await store.Runs.SetIntentAsync(Guid.NewGuid(), RunIntent.Stop, "ann", false, Token)).ShouldBeNull();
        (await store.Runs.AnswerAsync(Guid.NewGuid(), "q", "v", "ann", Token)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_finished_run_is_not_rolled_back_under_another_run_of_its_guest()
    {
        var host = Guid.NewGuid();
        var done = Some.Run(RunState.Succeeded);
        await store.Runs.CreateAsync(done, host, Token);
        await store.Runs.CreateAsync(Some.Run(guest: done.GuestName), host, Token);
        (await store.Runs.SetIntentAsync(done.Id, RunIntent.RollBack, "ann", false, Token)).ShouldBeNull();
        (await store.Runs.FindAsync(done.Id, Token)).ShouldHoldTheSameAs(done);
    }

    [Fact]
    public async Task A_persons_act_takes_the_run_from_a_worker_that_had_not_let_go()
    {
        var claim = await ClaimAsync();
        var run = (await store.Runs.FindAsync(claim.RunId, Token))!;
        await store.Runs.SaveAsync(claim, run with { State = RunState.Failed }, [], Token);
        (await store.Runs.SetIntentAsync(claim.RunId, RunIntent.Forward, "ann", false, Token)).ShouldNotBeNull();
        await Should.ThrowAsync<ClaimLostException>(() => store.Runs.SaveAsync(claim, run with { State = RunState.Failed }, [], Token));
        (await store.Runs.FindAsync(claim.RunId, Token))!.State.ShouldBe(RunState.Queued);
    }

    [Fact]
    public async Task A_wish_while_the_worker_runs_leaves_it_its_claim()
    {
        var claim = await ClaimAsync();
        var run = (await store.Runs.FindAsync(claim.RunId, Token))! with { State = RunState.Running };
        await store.Runs.SaveAsync(claim, run, [], Token);
        await store.Runs.SetIntentAsync(claim.RunId, RunIntent.RollBack, "ann", false, Token);
        await store.Runs.SaveAsync(claim, run with { State = RunState.RollingBack }, [], Token);
        (await store.Runs.FindAsync(claim.RunId, Token))!.State.ShouldBe(RunState.RollingBack);
    }

    [Theory]
    [InlineData(RunIntent.RollBack, RunState.Succeeded, RunState.RollingBack)]
    [InlineData(RunIntent.RollBack, RunState.Stopped, RunState.RollingBack)]
    [InlineData(RunIntent.RollBack, RunState.NeedsAnswer, RunState.RollingBack)]
    [InlineData(RunIntent.RollBack, RunState.Failed, RunState.Failed)]
    [InlineData(RunIntent.RollBack, RunState.RolledBack, RunState.RolledBack)]
    [InlineData(RunIntent.Stop, RunState.NeedsAnswer, RunState.Stopped)]
    [InlineData(RunIntent.Stop, RunState.Succeeded, RunState.Succeeded)]
    public async Task A_wish_that_came_too_late_for_the_worker_takes_effect_when_it_lets_go(RunIntent intent, RunState saved, RunState after)
    {
        var claim = await ClaimAsync();
        var run = (await store.Runs.FindAsync(claim.RunId, Token))! with { State = RunState.Running };
        await store.Runs.SaveAsync(claim, run, [], Token);
        (await store.Runs.SetIntentAsync(claim.RunId, intent, "ann", false, Token)).ShouldNotBeNull();
        await store.Runs.SaveAsync(claim, run with { State = saved }, [], Token);
        await store.Runs.ReleaseAsync(claim, Token);
        (await store.Runs.FindAsync(claim.RunId, Token))!.State.ShouldBe(after);
    }

    [Fact]
    public async Task An_answer_is_taken_only_for_the_open_question_and_makes_the_run_active()
    {
        var run = await AddAsync(Some.Run(RunState.NeedsAnswer) with { Question = _question, Answers = new Dictionary<string, string> { ["q-0"] = "x" } });
        (await store.Runs.AnswerAsync(run.Id, "q-0", "wait", "ann", Token)).ShouldBeFalse();
        (await Should.ThrowAsync<ArgumentException>(() => store.Runs.AnswerAsync(run.Id, "q-1", "maybe", "ann", Token))).Message.ShouldContain("wait, force");
        (await store.Runs.AnswerAsync(run.Id, "q-1", "force", "ann", Token)).ShouldBeTrue();

        var stored = (await store.Runs.FindAsync(run.Id, Token))!;
        (stored.State, stored.Question).ShouldBe((RunState.Queued, null));
        stored.Answers.OrderBy(answer => answer.Key).Select(answer => (answer.Key, answer.Value)).ShouldBe([("q-0", "x"), ("q-1", "force")]);
        (await store.Runs.ReadLogAsync(run.Id, 0, 10, Token)).ShouldHaveSingleItem().Text.ShouldBe("ann answered q-1 with force.");
        (await store.Runs.AnswerAsync(run.Id, "q-1", "wait", "ann", Token)).ShouldBeFalse("it is answered");
    }

    [Fact]
    public async Task Of_two_answers_at_once_one_counts()
    {
        var run = await AddAsync(Some.Run(RunState.NeedsAnswer) with { Question = _question });
        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => store.Runs.AnswerAsync(run.Id, "q-1", "wait", "ann", Token)));
        taken.Count(one => one).ShouldBe(1);
    }

    private async Task<Run> AddAsync(Run run)
    {
        (await store.Runs.CreateAsync(run, Guid.NewGuid(), Token)).ShouldBeTrue();
        return run;
    }

    /// <summary>Claims a run in an otherwise empty ledger.</summary>
    private async Task<RunClaim> ClaimAsync()
    {
        await store.SqlAsync("DELETE FROM runs");
        var run = await AddAsync(Some.Run());
        var claimed = (await store.Runs.ClaimNextAsync("w", _lease, Token))!.Value;
        claimed.Run.Id.ShouldBe(run.Id);
        return claimed.Claim;
    }
}
