using System.Text;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Web.Components.Controls;
using Xen2Kvm.Web.Components.Pages.Runs;
using Xen2Kvm.Web.Components.Text;

namespace Xen2Kvm.Web.Tests.Components;

public sealed class RunWordsTests
{
    private static readonly Domain.Planning.Plan _plan = Sample.Plan();

    [Fact]
    public void Every_state_has_a_word_a_known_tone_and_an_icon_of_its_own()
    {
        ShownState[] shown =
        [
            .. Enum.GetValues<RunState>().Select(StateWords.Of), .. Enum.GetValues<StepState>().Select(StateWords.Of),
            .. Enum.GetValues<PowerState>().Select(StateWords.Of), .. Enum.GetValues<Severity>().Select(StateWords.Of),
        ];
        shown.ShouldAllBe(state => state.Word.Length > 0 && state.Icon.Length > 0);
        shown.Select(state => state.Tone).Distinct().ShouldBeSubsetOf(["grey", "blue", "amber", "green", "red", "violet"]);
        Enum.GetValues<RunState>().Select(state => StateWords.Of(state).Word).ShouldBeUnique();
    }

    [Fact]
    public async Task A_chip_shows_icon_word_and_colour()
    {
        await using var test = new Drawing();
        var markup = await test.ChipAsync(StateWords.Of(RunState.Failed), "copy");
        markup.ShouldContain("tone-red");
        markup.ShouldContain("<svg");
        markup.ShouldContain("Failed");
        markup.ShouldContain("· copy");
    }

    [Fact]
    public void A_roll_back_before_the_cutover_loses_nothing_and_says_so() =>
        string.Join(' ', RunConsequences.OfRollBack(Sample.Copying(_plan), null)).ShouldContain("Nothing is lost");

    [Fact]
    public void A_roll_back_after_the_cutover_says_since_when_data_is_lost()
    {
        var says = string.Join(' ', RunConsequences.OfRollBack(Sample.Done(_plan), "10:31:05"));
        says.ShouldContain("What it has written on kvm1 since the cutover (10:31:05) is lost");
        says.ShouldNotContain("Nothing is lost");
    }

    [Fact]
    public void The_consent_to_delete_names_size_and_paths() =>
        RunConsequences.DeleteOption(Sample.Copying(_plan), _plan)!.ShouldContain("/dev/vg_kvm/files-vda");

    [Fact]
    public void A_stop_after_the_shutdown_says_that_the_guest_stays_down() =>
        string.Join(' ', RunConsequences.OfStop(Sample.Copying(_plan))).ShouldContain("files stays down meanwhile");

    [Fact]
    public void Acts_follow_the_state()
    {
        RunConsequences.CanStop(Sample.Copying(_plan)).ShouldBeTrue();
        RunConsequences.CanStop(Sample.Copying(_plan) with { Intent = RunIntent.Stop }).ShouldBeFalse();
        RunConsequences.CanResume(Sample.Failed(_plan)).ShouldBeTrue();
        RunConsequences.CanRollBack(Sample.Done(_plan)).ShouldBeTrue();
        RunConsequences.CanRollBack(Sample.RolledBack(_plan)).ShouldBeFalse();
    }

    [Fact]
    public void The_top_bar_counts_runs_needs_and_rate() =>
        RunText.Summary([Sample.Copying(_plan), Sample.Asking(_plan)]).ShouldBe("1 running · 1 needs you · 194 MB/s");

    [Fact]
    public void Outputs_of_another_version_do_not_break_the_result()
    {
        var run = Sample.Done(_plan);
        run = run.With(run.Steps.First(step => step.Id == "prove") with { Output = "not json" });
        run = run.With(run.Steps.First(step => step.Id == "verify") with { Output = "[1,2]" });
        var result = RunResult.Of(run);
        result.Ping.ShouldBeNull();
        result.Verified.ShouldBeEmpty();
    }

    [Fact]
    public void The_log_keeps_its_filter_as_lines_arrive_and_splits_lines()
    {
        var log = new LogBuffer();
        log.Begin(LogBuffer.ToQuery("copy", "info", " gib "), 0);
        log.Add([Line(1, "copy", RunLogLevel.Info, "1 GiB\n2 GiB"), Line(2, "copy", RunLogLevel.Debug, "3 GiB"), Line(3, "stop", RunLogLevel.Info, "4 GiB")]).ShouldBe(2);
        log.Rows.Select(row => (row.Text, row.First)).ShouldBe([("1 GiB", true), ("2 GiB", false)]);
        log.Last.ShouldBe(3);
        log.Add([Line(3, "copy", RunLogLevel.Info, "3 GiB, read twice")]).ShouldBe(0);
        LogBuffer.ToQuery(null, "no level", "  ").ShouldBe(LogBuffer.ToQuery(null, null, null));
    }

    [Fact]
    public void The_end_of_a_log_comes_first_and_earlier_lines_before_it_when_asked_for()
    {
        var log = new LogBuffer();
        log.Begin(LogBuffer.ToQuery(null, "debug", null), 1_000_000);
        log.AddEarlier([Line(999_999, "copy", RunLogLevel.Info, "x"), Line(1_000_000, "copy", RunLogLevel.Info, "y\nz")], hasMore: true).ShouldBe(3);
        log.HasEarlier.ShouldBeTrue();
        log.Last.ShouldBe(1_000_000);
        log.Earlier(2).ShouldBe(log.Query with { Before = 999_999, Most = 2 });
        log.AddEarlier([Line(999_998, "copy", RunLogLevel.Info, "w")], hasMore: false);
        log.Rows.Select(row => row.Text).ShouldBe(["w", "x", "y", "z"]);
        log.HasEarlier.ShouldBeFalse();
    }

    [Fact]
    public void A_log_that_nothing_passes_asks_for_no_line_twice()
    {
        var log = new LogBuffer();
        log.Begin(LogBuffer.ToQuery(null, null, "nowhere"), 17);
        log.AddEarlier([], hasMore: false).ShouldBe(0);
        log.Earlier(5).Before.ShouldBe(18);
        log.HasEarlier.ShouldBeFalse();
        log.Last.ShouldBe(17);
    }

    [Fact]
    public void A_very_long_log_stays_bounded_and_says_that_it_was_cut()
    {
        var log = new LogBuffer();
        for (var i = 0; i < 11; i++)
        {
            log.Add([.. Enumerable.Range((i * 5000) + 1, 5000).Select(number => Line(number, "copy", RunLogLevel.Info, "x"))]);
        }

        log.Rows.Count.ShouldBeLessThanOrEqualTo(LogBuffer.MostLines);
        log.HasEarlier.ShouldBeTrue();
        log.Last.ShouldBe(55_000);
    }

    [Fact]
    public void The_downloaded_log_is_plain_text_in_UTC()
    {
        var text = new StringBuilder();
        RunLogText.Line(text, Line(1, null, RunLogLevel.Warning, "hm"), times: true);
        RunLogText.Line(text, Line(2, "copy", RunLogLevel.Info, "hm"), times: false);
        text.ToString().ShouldBe("2026-11-21T09:00:00.000Z warning run       hm\nhm\n");
    }

    [Fact]
    public void Runs_go_into_a_spreadsheet_that_runs_nothing()
    {
        var run = Sample.Failed(Sample.Plan()) with { GuestName = "=cmd|' /C calc'!A0", Error = "No \"kernel\", so far" };
        var lines = Encoding.UTF8.GetString(RunCsv.Write([run], new Dictionary<Guid, string>(), Sample.Now)).TrimStart('\uFEFF').Split("\r\n");
        lines[0].ShouldStartWith("guest,from,to,state,");
        lines[1].ShouldStartWith("'=cmd|' /C calc'!A0,xen1,kvm1,Failed,");
        lines[1].ShouldContain("\"No \"\"kernel\"\", so far\"");
        lines[2].ShouldBeEmpty();
    }

    [Fact]
    public void A_long_copy_is_drawn_with_few_points_and_a_round_scale()
    {
        var samples = Enumerable.Range(0, 20_000).Select(i => new RunSample(Sample.Now.AddSeconds(i), 230e6, 60e6, 200e6, i < 100)).ToList();
        var chart = ChartModel.Of(samples, Sample.Now, Sample.Now.AddSeconds(20_000));
        chart.Buckets.Count.ShouldBeInRange(150, 201);
        chart.Max.ShouldBe(400);
        chart.Reach.Count.ShouldBe(2);
        chart.Times.Count.ShouldBeInRange(2, 6);
    }

    [Fact]
    public void A_chart_without_samples_is_empty_and_has_a_scale()
    {
        var chart = ChartModel.Of([], Sample.Now, Sample.Now.AddMinutes(10));
        chart.Lines(bucket => bucket.Read).ShouldBeEmpty();
        chart.Max.ShouldBe(1);
    }

    [Fact]
    public void Where_no_sample_was_taken_no_line_is_drawn()
    {
        RunSample At(int second, bool? reachable) => new(Sample.Now.AddSeconds(second), 100e6, 0, 0, reachable);
        RunSample[] samples = [.. Enumerable.Range(0, 10).Select(i => At(i * 2, false)), .. Enumerable.Range(30, 10).Select(i => At(i * 2, false)), At(120, true)];
        var chart = ChartModel.Of(samples, Sample.Now, Sample.Now.AddMinutes(5));
        var lines = chart.Lines(bucket => bucket.Read);
        lines.Count.ShouldBe(3);
        lines[0].Split(' ')[^1].ShouldStartWith("60,", customMessage: "18 s of 300 s");
        lines[1].ShouldStartWith("200,");
        lines[2].Split(' ').Length.ShouldBe(2, "a single sample is a dash");
        chart.Reach.Select(stretch => stretch.Reachable).ShouldBe([false, false, true]);
        (chart.Reach[0].X + chart.Reach[0].Width).ShouldBeLessThan(70);
    }

    private static RunLogLine Line(long number, string? step, RunLogLevel level, string text) => new(number, Sample.Now, step, level, text);

    private sealed class Drawing : PageTest
    {
        public Task<string> ChipAsync(ShownState state, string extra) => DrawAsync<StateChip>(("State", state), ("Extra", extra));
    }
}
