using System.Globalization;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence.Stores;
using Xen2Kvm.Persistence.Tests.Support;

namespace Xen2Kvm.Persistence.Tests;

public sealed class RunStoreTests(Store store) : IClassFixture<Store>
{
    private static readonly TimeSpan _lease = TimeSpan.FromMinutes(1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_comes_back_whole()
    {
        var run = Some.FullRun();
        (await store.Runs.CreateAsync(run, Guid.NewGuid(), Token)).ShouldBeTrue();
        (await store.Runs.FindAsync(run.Id, Token)).ShouldHoldTheSameAs(run);
        (await store.Runs.FindAsync(Guid.NewGuid(), Token)).ShouldBeNull();
    }

    [Fact]
    public async Task Runs_are_listed_newest_first_up_to_a_number()
    {
        var (old, young) = (Some.Run() with { CreatedAt = Some.Time.AddYears(1) }, Some.Run() with { CreatedAt = Some.Time.AddYears(2) });
        await store.Runs.CreateAsync(young, Guid.NewGuid(), Token);
        await store.Runs.CreateAsync(old, Guid.NewGuid(), Token);
        (await store.Runs.ListAsync(2, Token)).Select(run => run.Id).ShouldBe([young.Id, old.Id]);
        (await store.Runs.ListAsync(1, Token)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Ends_are_listed_of_runs_that_came_to_rest_after_a_time()
    {
        var since = Some.Time.AddYears(3);
        foreach (var (guest, at) in new (string, DateTimeOffset?)[] { ("before", since), ("after", since.AddSeconds(1)), ("at work", null) })
        {
            await store.Runs.CreateAsync(Some.Run(guest: guest) with { SourceHost = $"host of {guest}", TargetHost = "kvm1", FinishedAt = at }, Guid.NewGuid(), Token);
        }

        (await store.Runs.ListEndsAsync(since, Token)).ShouldBe([new RunEnd("host of after", "kvm1", since.AddSeconds(1))]);
    }

    [Theory]
    [InlineData(RunState.Queued, false)]
    [InlineData(RunState.Running, false)]
    [InlineData(RunState.NeedsAnswer, false)]
    [InlineData(RunState.Failed, false)]
    [InlineData(RunState.Stopped, false)]
    [InlineData(RunState.RollingBack, false)]
    [InlineData(RunState.Succeeded, true)]
    [InlineData(RunState.RolledBack, true)]
    public async Task A_guest_is_free_for_a_new_run_only_when_the_last_one_is_over_for_good(RunState state, bool free)
    {
        var (host, run) = (Guid.NewGuid(), Some.Run(state));
        await store.Runs.CreateAsync(run, host, Token);
        (await store.Runs.CreateAsync(Some.Run(guest: run.GuestName), host, Token)).ShouldBe(free);
        (await store.Runs.CreateAsync(Some.Run(guest: run.GuestName), Guid.NewGuid(), Token)).ShouldBeTrue("another host's guest of that name is another guest");
    }

    [Fact]
    public async Task Of_many_that_start_the_same_guest_at_once_one_wins()
    {
        var host = Guid.NewGuid();
        var made = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => store.Runs.CreateAsync(Some.Run(guest: "contended"), host, Token)));
        made.Count(won => won).ShouldBe(1);
    }

    [Fact]
    public async Task Adding_the_same_run_twice_is_a_fault_and_not_a_refusal()
    {
        var run = Some.Run();
        await store.Runs.CreateAsync(run, Guid.NewGuid(), Token);
        await Should.ThrowAsync<Microsoft.EntityFrameworkCore.DbUpdateException>(() => store.Runs.CreateAsync(run, Guid.NewGuid(), Token));
    }

    [Fact]
    public async Task Saving_stores_what_the_worker_decides_and_keeps_what_people_decide()
    {
        var claim = await ClaimNewAsync();
        await store.Runs.SaveAsync(claim, (await store.Runs.FindAsync(claim.RunId, Token))! with { State = RunState.Running }, [], Token);
        (await store.Runs.SetIntentAsync(claim.RunId, RunIntent.RollBack, "bob", deleteTarget: true, Token)).ShouldNotBeNull();
        await store.SqlAsync($$"""UPDATE runs SET answers = '{"q":"yes"}' WHERE id = '{{claim.RunId}}'""");
        var full = Some.FullRun() with { State = RunState.Running, Intent = RunIntent.Forward, IntentBy = null, DeleteTargetOnRollBack = false, Id = claim.RunId };
        await store.Runs.SaveAsync(claim, full, [], Token);

        var stored = (await store.Runs.FindAsync(claim.RunId, Token))!;
        (stored.State, stored.StartedAt, stored.FinishedAt, stored.DownSince, stored.UpAgainAt, stored.Error)
            .ShouldBe((full.State, full.StartedAt, full.FinishedAt, full.DownSince, full.UpAgainAt, full.Error));
        stored.Steps.ShouldHoldTheSameAs(full.Steps);
        stored.Question.ShouldHoldTheSameAs(full.Question);
        (stored.Intent, stored.IntentBy, stored.DeleteTargetOnRollBack).ShouldBe((RunIntent.RollBack, "bob", true));
        stored.Answers.ShouldBe(new Dictionary<string, string> { ["q"] = "yes" });
    }

    [Fact]
    public async Task Log_lines_are_numbered_without_gaps_whoever_writes_them()
    {
        var claim = await ClaimNewAsync();
        var run = (await store.Runs.FindAsync(claim.RunId, Token))!;
        await Task.WhenAll(Enumerable.Range(0, 20).Select(at => at % 2 == 0
            ? store.Runs.AppendLogAsync(claim.RunId, [Some.Line($"a{at}"), Some.Line($"b{at}")], Token)
            : store.Runs.SaveAsync(claim, run, [Some.Line($"a{at}"), Some.Line($"b{at}")], Token)));
        var lines = await store.Runs.ReadLogAsync(claim.RunId, 0, 100, Token);
        lines.Select(line => line.Sequence).ShouldBe(Enumerable.Range(1, 40).Select(number => (long)number));
        lines.Chunk(2).ShouldAllBe(pair => pair[0].Text.Substring(1) == pair[1].Text.Substring(1));
        (await store.Runs.ReadLogAsync(claim.RunId, 38, 100, Token)).Select(line => line.Sequence).ShouldBe([39, 40]);
        (await store.Runs.ReadLogAsync(claim.RunId, 0, 3, Token)).Count.ShouldBe(3);
    }

    [Fact]
    public async Task The_end_of_a_log_is_read_by_step_level_and_any_text()
    {
        var run = Some.Run();
        await store.Runs.CreateAsync(run, Guid.NewGuid(), Token);
        RunLogEntry Line(string text, string? step = "copy", RunLogLevel level = RunLogLevel.Info) => new(Some.Time, step, level, text);
        await store.Runs.AppendLogAsync(
            run.Id,
            [Line("100 % of xvda"), Line("1000 of xvdb"), Line(@"C:\temp_1", "stop", RunLogLevel.Warning), Line("C:xtemp-1", null, RunLogLevel.Error), Line("'; DROP TABLE run_log; --", level: RunLogLevel.Debug)],
            Token);
        async Task<IEnumerable<long>> FindAsync(RunLogQuery query) => (await store.Runs.ReadLogBackAsync(run.Id, query, Token)).Select(line => line.Sequence);

        (await FindAsync(new())).ShouldBe([1, 2, 3, 4, 5]);
        (await FindAsync(new() { Most = 2 })).ShouldBe([4, 5]);
        (await FindAsync(new() { Most = 2, Before = 4 })).ShouldBe([2, 3]);
        (await FindAsync(new() { Level = RunLogLevel.Warning })).ShouldBe([3, 4]);
        (await FindAsync(new() { StepId = "copy" })).ShouldBe([1, 2, 5]);
        (await FindAsync(new() { Text = "OF XVD" })).ShouldBe([1, 2]);
        (await FindAsync(new() { Text = "0 %" })).ShouldBe([1], "the sign stands for itself, not for any text");
        (await FindAsync(new() { Text = @"C:\TEMP_1" })).ShouldBe([3]);
        (await FindAsync(new() { Text = "'; drop" })).ShouldBe([5]);
        (await FindAsync(new() { Text = "nowhere" })).ShouldBeEmpty();
        (await store.Runs.ReadLogBackAsync(Guid.NewGuid(), new(), Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Warnings_are_found_without_reading_what_lies_between_them()
    {
        var run = Some.Run();
        await store.Runs.CreateAsync(run, Guid.NewGuid(), Token);
        await store.Runs.AppendLogAsync(run.Id, [new(Some.Time, "copy", RunLogLevel.Warning, "slow")], Token);
        await store.SqlAsync($"INSERT INTO run_log (run_id, sequence, at, step_id, level, text) SELECT '{run.Id}', n, now(), 'copy', 1, 'a block' FROM generate_series(2, 20000) AS n; ANALYZE run_log");
        async Task<string> PlanOfAsync(RunLogLevel level) => (string)(await store.SqlAsync(
            "EXPLAIN (FORMAT JSON) " + string.Format(CultureInfo.InvariantCulture, LogSql.OfRun(new() { Level = level }), long.MaxValue, "NULL", "NULL", 1000, $"'{run.Id}'")))!;

        (await PlanOfAsync(RunLogLevel.Warning)).ShouldContain("ix_run_log_run_id_sequence");
        (await PlanOfAsync(RunLogLevel.Error)).ShouldContain("ix_run_log_run_id_sequence");
        (await PlanOfAsync(RunLogLevel.Info)).ShouldContain("pk_run_log");
        (await store.Runs.ReadLogBackAsync(run.Id, new() { Level = RunLogLevel.Warning }, Token)).ShouldHaveSingleItem().Text.ShouldBe("slow");
    }

    [Fact]
    public async Task Some_runs_are_read_by_their_ids_and_the_latest_of_each_guest_without_steps()
    {
        var host = $"xen-{Guid.NewGuid():N}";
        var old = Some.Run() with { SourceHost = host, State = RunState.RolledBack, CreatedAt = Some.Time };
        var young = old with { Id = Guid.NewGuid(), State = RunState.Running, CreatedAt = Some.Time.AddDays(1) };
        var source = Guid.NewGuid();
        (await store.Runs.CreateAsync(old, source, Token)).ShouldBeTrue();
        (await store.Runs.CreateAsync(young, source, Token)).ShouldBeTrue();
        (await store.Runs.ListAsync([old.Id, young.Id, Guid.NewGuid()], Token)).Select(run => run.Id).ShouldBe([old.Id, young.Id], ignoreOrder: true);
        (await store.Runs.ListLatestAsync(Token)).Where(run => run.SourceHost == host).ShouldHaveSingleItem().ShouldBe(new(young.Id, host, young.GuestName, RunState.Running));
    }

    [Fact]
    public async Task A_log_line_comes_back_as_it_was_but_for_NUL()
    {
        var run = Some.Run();
        await store.Runs.CreateAsync(run, Guid.NewGuid(), Token);
        await store.Runs.AppendLogAsync(run.Id, [new(Some.Time, null, RunLogLevel.Error, "x\0y")], Token);
        await store.Runs.AppendLogAsync(run.Id, [], Token);
        (await store.Runs.ReadLogAsync(run.Id, 0, 10, Token)).ShouldBe([new RunLogLine(1, Some.Time, null, RunLogLevel.Error, "x␀y")]);
        await Should.ThrowAsync<InvalidOperationException>(() => store.Runs.AppendLogAsync(Guid.NewGuid(), [Some.Line("x")], Token));
    }

    [Fact]
    public async Task Samples_are_read_in_order_since_a_time()
    {
        var run = Some.Run();
        await store.Runs.CreateAsync(run, Guid.NewGuid(), Token);
        RunSample[] samples = [new(Some.Time.AddSeconds(2), 3, 2, 1, true), new(Some.Time, 1, 2, 3), new(Some.Time.AddSeconds(1), 1.5, 0, 0, false)];
        await store.Runs.AppendSamplesAsync(run.Id, samples, Token);
        await store.Runs.AppendSamplesAsync(run.Id, [], Token);
        (await store.Runs.ReadSamplesAsync(run.Id, Some.Time.AddSeconds(1), Token)).ShouldBe([samples[2], samples[0]]);
    }

    [Fact]
    public async Task Evidence_is_replaced_by_name_and_listed_with_or_without_content()
    {
        var run = Some.Run();
        await store.Runs.CreateAsync(run, Guid.NewGuid(), Token);
        await store.Runs.SaveEvidenceAsync(run.Id, new("console.txt", "text/plain", "old"u8.ToArray(), Some.Time), Token);
        await store.Runs.SaveEvidenceAsync(run.Id, new("console.txt", "text/x", new byte[] { 0, 255, 1 }, Some.Time), Token);
        await store.Runs.SaveEvidenceAsync(run.Id, new("screen.png", "image/png", new byte[] { 1 }, Some.Time.AddSeconds(1)), Token);

        var without = await store.Runs.ListEvidenceAsync(run.Id, withContent: false, Token);
        without.Select(file => (file.Name, file.MediaType, file.Content.Length)).ShouldBe([("console.txt", "text/x", 0), ("screen.png", "image/png", 0)]);
        var with = await store.Runs.ListEvidenceAsync(run.Id, withContent: true, Token);
        with[0].Content.ToArray().ShouldBe([0, 255, 1]);
        (await store.Runs.FindEvidenceAsync(run.Id, "screen.png", Token))!.Content.Length.ShouldBe(1);
        (await store.Runs.FindEvidenceAsync(run.Id, "none", Token)).ShouldBeNull();
    }

    private async Task<RunClaim> ClaimNewAsync()
    {
        var run = Some.Run() with { CreatedAt = Some.Time.AddYears(-5) };
        await store.Runs.CreateAsync(run, Guid.NewGuid(), Token);
        var claimed = (await store.Runs.ClaimNextAsync("w", _lease, Token))!.Value;
        claimed.Run.Id.ShouldBe(run.Id);
        return claimed.Claim;
    }
}
