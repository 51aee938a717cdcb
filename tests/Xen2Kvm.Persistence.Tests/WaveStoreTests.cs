using Microsoft.Extensions.DependencyInjection;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence.Tests.Support;

namespace Xen2Kvm.Persistence.Tests;

public sealed class WaveStoreTests(Store store) : IClassFixture<Store>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_wave_comes_back_whole_with_what_was_submitted()
    {
        var wave = Wave("whole", "a", "b");
        var dossier = new WaveDossier([new("whole", "order", "a, b")], [new(wave.Entries[0].PlanId, "a", [new("a", "memory", "1 MiB")], [new Concern("X1", Severity.Warning, "a", "t", "e", "f")])]);
        (await store.Waves.SaveAsync(wave, dossier, Token)).ShouldBe(WaveSave.Saved);
        (await store.Waves.FindAsync(wave.Id, Token)).ShouldHoldTheSameAs(wave with { Version = 1 });
        (await store.Waves.FindDossierAsync(wave.Id, Token)).ShouldHoldTheSameAs(dossier);
        (await store.Waves.SaveAsync(wave with { Version = 1, State = WaveState.Approved }, null, Token)).ShouldBe(WaveSave.Saved);
        (await store.Waves.FindDossierAsync(wave.Id, Token)).ShouldNotBeNull("what was submitted stays");
    }

    [Fact]
    public async Task Of_two_who_change_the_same_version_one_is_told()
    {
        var wave = Wave("race", "c");
        await store.Waves.SaveAsync(wave, null, Token);
        var seen = wave with { Version = 1 };
        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => store.Waves.SaveAsync(seen with { Note = $"{i}" }, null, Token)));
        results.Count(result => result == WaveSave.Saved).ShouldBe(1);
        results.Count(result => result == WaveSave.Stale).ShouldBe(7);
        (await store.Waves.SaveAsync(wave, null, Token)).ShouldBe(WaveSave.Stale, "it exists already");
    }

    [Fact]
    public async Task A_guest_is_in_one_open_wave_only_and_free_again_when_that_ends()
    {
        var (first, second) = (Wave("first", "d", "e"), Wave("second", "f", "e"));
        await store.Waves.SaveAsync(first, null, Token);
        (await store.Waves.SaveAsync(second, null, Token)).ShouldBe(WaveSave.GuestTaken);
        (await store.Waves.FindAsync(second.Id, Token)).ShouldBeNull("nothing of it was stored");
        (await store.Waves.FindOpenOfAsync(first.Entries[1].SourceHostId, "e", Token))!.Name.ShouldBe("first");
        await store.Waves.SaveAsync(first with { Version = 1, State = WaveState.Cancelled }, null, Token);
        (await store.Waves.SaveAsync(second, null, Token)).ShouldBe(WaveSave.Saved);
        (await store.Waves.ListOpenAsync(Token)).ShouldNotContain(wave => wave.Id == first.Id);
        (await store.Waves.ListAsync(Token)).ShouldContain(wave => wave.Id == first.Id);
    }

    [Fact]
    public async Task A_guest_that_is_taken_out_of_a_wave_is_free_and_the_others_stay_its_own()
    {
        var wave = Wave("changing", "stays", "goes");
        await store.Waves.SaveAsync(wave, null, Token);
        var changed = wave with { Version = 1, Entries = [wave.Entries[0], Wave("", "comes").Entries[0]] };
        (await store.Waves.SaveAsync(changed, null, Token)).ShouldBe(WaveSave.Saved);
        (await store.Waves.SaveAsync(changed with { Version = 2, Note = "nothing else" }, null, Token)).ShouldBe(WaveSave.Saved);
        (await store.Waves.FindOpenOfAsync(wave.Entries[0].SourceHostId, "stays", Token))!.Id.ShouldBe(wave.Id);
        (await store.Waves.FindOpenOfAsync(changed.Entries[1].SourceHostId, "comes", Token))!.Id.ShouldBe(wave.Id);
        (await store.Waves.FindOpenOfAsync(wave.Entries[1].SourceHostId, "goes", Token)).ShouldBeNull();
        (await store.Waves.SaveAsync(Wave("other", "stays"), null, Token)).ShouldBe(WaveSave.GuestTaken);
        (await store.Waves.SaveAsync(Wave("taker", "goes"), null, Token)).ShouldBe(WaveSave.Saved);
    }

    [Fact]
    public async Task Two_open_waves_have_two_names()
    {
        await store.Waves.SaveAsync(Wave("Friday", "g"), null, Token);
        (await store.Waves.SaveAsync(Wave("Friday", "h"), null, Token)).ShouldBe(WaveSave.NameTaken);
    }

    [Fact]
    public async Task A_hostile_name_is_stored_as_it_is_but_for_what_the_database_cannot_hold()
    {
        var wave = Wave("'; DROP TABLE waves; --\0<script>", "x\0\ud800'\"");
        (await store.Waves.SaveAsync(wave, null, Token)).ShouldBe(WaveSave.Saved);
        (await store.Waves.FindAsync(wave.Id, Token))!.Name.ShouldContain("<script>");
        (await store.Waves.FindOpenOfAsync(wave.Entries[0].SourceHostId, wave.Entries[0].GuestName, Token))!.Id.ShouldBe(wave.Id);
    }

    [Fact]
    public async Task Runs_are_listed_by_their_wave()
    {
        var wave = Wave("runs", "i");
        var run = Some.Run() with { WaveId = wave.Id };
        await store.Runs.CreateAsync(run, Guid.NewGuid(), Token);
        await store.Runs.CreateAsync(Some.Run(), Guid.NewGuid(), Token);
        (await store.Waves.ListRunsAsync(wave.Id, Token)).Select(found => found.Id).ShouldBe([run.Id]);
    }

    [Fact]
    public async Task The_logs_of_its_runs_are_read_from_their_end_in_the_order_of_time()
    {
        var wave = Wave("logs", "l", "m");
        Run[] runs = [Some.Run(guest: "l") with { WaveId = wave.Id }, Some.Run(guest: "m") with { WaveId = wave.Id }, Some.Run(guest: "other")];
        foreach (var run in runs)
        {
            await store.Runs.CreateAsync(run, Guid.NewGuid(), Token);
        }

        async Task SayAsync(Run run, int second, RunLogLevel level, string text) =>
            await store.Runs.AppendLogAsync(run.Id, [new(Some.Time.AddSeconds(second), "copy", level, text)], Token);
        async Task<IEnumerable<string>> ReadAsync(RunLogQuery query) => (await store.Waves.ReadLogAsync(wave.Id, query, Token)).Select(line => $"{line.GuestName} {line.Line.Text}");
        await SayAsync(runs[0], 1, RunLogLevel.Info, "one");
        await SayAsync(runs[0], 4, RunLogLevel.Warning, "four 100%");
        await SayAsync(runs[1], 2, RunLogLevel.Error, "two");
        await SayAsync(runs[1], 3, RunLogLevel.Info, "three");
        await SayAsync(runs[2], 3, RunLogLevel.Error, "not of this wave");
        (await ReadAsync(new())).ShouldBe(["l one", "m two", "m three", "l four 100%"]);
        (await ReadAsync(new() { Most = 2 })).ShouldBe(["m three", "l four 100%"]);
        (await ReadAsync(new() { Level = RunLogLevel.Warning })).ShouldBe(["m two", "l four 100%"]);
        (await ReadAsync(new() { Text = "R 100%" })).ShouldBe(["l four 100%"]);
        (await ReadAsync(new() { StepId = "stop" })).ShouldBeEmpty();
        (await store.Waves.ReadLogAsync(wave.Id, new() { Most = 1 }, Token)).ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            line => line.RunId.ShouldBe(runs[0].Id), line => line.Line.At.ShouldBe(Some.Time.AddSeconds(4)), line => line.Line.StepId.ShouldBe("copy"));
    }

    [Fact]
    public async Task One_node_at_a_time_drives_waves()
    {
        await using var node = Store.NewNode(store.ConnectionString, store.Time);
        await node.InitialiseXen2KvmDatabaseAsync(Token);
        var other = node.GetRequiredService<IWaveStore>();
        var did = await store.Waves.AloneAsync(async token => (await other.AloneAsync(_ => Task.CompletedTask, token)).ShouldBeFalse(), Token);
        did.ShouldBeTrue();
        await Should.ThrowAsync<InvalidOperationException>(() => store.Waves.AloneAsync(_ => throw new InvalidOperationException(), Token));
        (await other.AloneAsync(_ => Task.CompletedTask, Token)).ShouldBeTrue("a failure lets go of it");
    }

    [Fact]
    public async Task A_change_is_heard_on_every_node()
    {
        var wave = Wave("heard", "j");
        await store.ShouldBeHeardAsync(ChangeKind.Wave, wave.Id, () => store.Waves.SaveAsync(wave, null, Token));
    }

    private static Wave Wave(string name, params string[] guests) => new()
    {
        Id = Guid.CreateVersion7(), Name = name, CreatedAt = Some.Time, CreatedBy = "olga", SubmittedBy = "olga", SubmittedAt = Some.Time, Fingerprint = "f",
        Decisions = [new("petra", Some.Time, true, "fine", "f")], Note = "n", Drift = [new("a", "memory", "1", "2")], StartedAt = Some.Time, StartedBy = "olga",
        FinishedAt = Some.Time, FailuresAccepted = 2,
        Policy = new WavePolicy { MaxConcurrent = 3, MaxPerSourceHost = 4, MaxPerTargetHost = 5, StopAfterFailures = 6, OnFailure = FailurePolicy.RollBack, Overrun = OverrunPolicy.GoOn, ApproversNeeded = 2, ApprovalHours = 7 },
        Calendar = new WaveCalendar
        {
            Windows = [new MaintenanceWindow { Zone = "UTC", On = new DateOnly(2026, 3, 4), Days = [DayOfWeek.Friday], Start = new TimeOnly(22, 30), Minutes = 90, Capacity = 8 }],
            LockOutDays = [new DateOnly(2026, 12, 24)],
        },
        Entries = [.. guests.Select(guest => new WaveEntry
        {
            PlanId = Guid.NewGuid(), GuestName = guest, SourceHostId = Source, SourceHost = "xen1", TargetHostId = Guid.NewGuid(), TargetHost = "kvm1",
            DependsOn = [Guid.NewGuid()], Group = "db", IsCanary = true, IsHeld = true,
        })],
    };

    private static readonly Guid Source = Guid.NewGuid();
}
