using NSubstitute;
using Xen2Kvm.Domain.Limits;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Limits;
using Xen2Kvm.Web.Components.Pages.Limits;
using Xen2Kvm.Web.Components.Pages.Runs;
using Xen2Kvm.Web.Components.Text;

namespace Xen2Kvm.Web.Tests.Components;

public sealed class LimitPagesTests : PageTest
{
    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    private static LimitRule Rule(LimitKind kind, long value, string? host = null) => new()
    {
        Id = Guid.NewGuid(), Kind = kind, Value = value, Scope = new(host), CreatedAt = Sample.Now, CreatedBy = "anna", Zone = "Europe/Berlin",
    };

    [Fact]
    public void A_week_shows_for_each_hour_the_narrowest_limit_in_it_by_the_viewers_clock()
    {
        var now = new DateTimeOffset(2026, 11, 27, 20, 10, 0, TimeSpan.Zero);
        var book = new LimitBook([Rule(LimitKind.Runs, 4), Rule(LimitKind.Runs, 1) with { Days = [DayOfWeek.Friday], From = new TimeOnly(21, 30), To = new TimeOnly(2, 0) }]);
        var week = LimitWeek.Of(book, LimitKind.Runs, LimitScope.Everywhere, now, Berlin);
        week.Days.Select(day => day.Word).Take(2).ShouldBe(["Fri 27 Nov", "Sat 28 Nov"]);
        week.Days[0].Hours[20].ShouldBe(new LimitWeek.Hour(4, false, false));
        week.Days[0].Hours[21].ShouldBe(new LimitWeek.Hour(1, true, true));
        week.Days[1].Hours[1].Value.ShouldBe(1);
        week.Days[1].Hours[2].Value.ShouldBe(4);
        week.Days.SelectMany(day => day.Hours).Count(hour => hour.IsNow).ShouldBe(1);
        LimitWeek.Of(book, LimitKind.Runs, LimitScope.Everywhere, now, TimeZoneInfo.Utc).Days[0].Hours[20].Value.ShouldBe(1);
    }

    [Fact]
    public void The_hour_that_does_not_exist_shows_as_the_one_after_it()
    {
        var book = new LimitBook([Rule(LimitKind.Runs, 1) with { From = new TimeOnly(3, 0), To = new TimeOnly(4, 0) }]);
        var day = LimitWeek.Of(book, LimitKind.Runs, LimitScope.Everywhere, new DateTimeOffset(2026, 3, 29, 0, 0, 0, TimeSpan.Zero), Berlin).Days[0];
        day.Hours[2].Value.ShouldBe(1);
        day.Hours[3].Value.ShouldBe(1);
        day.Hours[4].Value.ShouldBeNull();
    }

    [Fact]
    public async Task The_page_shows_what_counts_now_and_hostile_names_as_text()
    {
        Limits.ListAsync(Arg.Any<CancellationToken>()).Returns([Rule(LimitKind.Runs, 2), Rule(LimitKind.BytesPerSecond, 40_000_000, "<script>alert(1)</script>")]);
        Runs.ListAsync(Arg.Any<int>(), Arg.Any<CancellationToken>()).Returns([]);
        Viewer.Identify("vera", false, false);
        var markup = await DrawAsync<LimitsPage>();
        markup.ShouldNotContain("<script>alert");
        var words = Words(markup);
        words.ShouldContain("everywhere runs at once 0 2");
        words.ShouldContain("everywhere 2 runs at once always");
        words.ShouldContain("<script>alert(1)</script> bandwidth 0.0 MB/s 40 MB/s");
        words.ShouldNotContain("Add a limit");
        markup.ShouldNotContain("Remove");
    }

    [Fact]
    public async Task Without_limits_the_page_says_so_and_an_admin_is_shown_the_way()
    {
        Runs.ListAsync(Arg.Any<int>(), Arg.Any<CancellationToken>()).Returns([]);
        Viewer.Identify("anna", true, true);
        var words = Words(await DrawAsync<LimitsPage>());
        words.ShouldContain("Nothing is limited");
        words.ShouldContain("Add a limit");
    }

    [Fact]
    public async Task A_run_says_what_bounds_its_copy_until_when_and_what_it_waits_for()
    {
        var run = Sample.Copying(Sample.Plan());
        var copy = run.Steps.First(step => step.Id == "copy");
        var limited = run.With(copy with { Progress = copy.Progress! with { Pace = new CopyPace(20_000_000, Sample.Now.AddHours(1)) } });
        RunText.Where(limited).ShouldContain("sending limited to 20 MB/s");
        RunText.Limited(new CopyPace(20_000_000, null), null, Sample.Now, Berlin).ShouldBe("limited to 20 MB/s");
        RunText.Limited(new CopyPace(20_000_000, Sample.Now.AddHours(30)), 18e6, Sample.Now, Berlin).ShouldBe("sends 18 MB/s, limited to 20 MB/s until Sun 22 Nov 16:00");
        RunText.Limited(new CopyPace(null, null), null, Sample.Now, Berlin).ShouldBeNull();
        RunText.Pace(new RunStep { Id = "verify", Title = "t", Progress = new StepProgress { Pace = new CopyPace(5, null) } }).ShouldBeNull("what is compared lies on the target");
        Viewer.Identify("vera", false, false);
        Words(await DrawAsync<RunNow>(("Run", limited))).ShouldMatch(@"limited to 20 MB/s until \d\d:\d\d");
        Words(await DrawAsync<RunNow>(("Run", run with { State = RunState.Queued }), ("Waits", "kvm1 runs 2 of 2 at this hour"))).ShouldContain("It waits: kvm1 runs 2 of 2 at this hour.");
    }

    [Fact]
    public async Task The_list_of_runs_and_what_runs_now_say_which_limit_a_run_waits_for()
    {
        var copying = Sample.Copying(Sample.Plan());
        var waiting = copying with { Id = Guid.NewGuid(), GuestName = "next", State = RunState.Queued, StartedAt = null, CreatedAt = copying.CreatedAt.AddSeconds(1) };
        Limits.ListAsync(Arg.Any<CancellationToken>()).Returns([Rule(LimitKind.Runs, 1)]);
        Runs.ListAsync(Arg.Any<int>(), Arg.Any<CancellationToken>()).Returns([waiting, copying]);
        Viewer.Identify("vera", false, false);
        Words(await DrawAsync<RunList>()).ShouldContain("waits: there are 1 of 1 runs");
        RunText.Where(waiting).ShouldBe("waits for a worker");
    }

    [Fact]
    public void A_form_gives_what_it_was_made_of()
    {
        var rule = Rule(LimitKind.BytesPerSecond, 12_500_000, "kvm1") with { Days = [DayOfWeek.Friday], From = new TimeOnly(22, 0), To = new TimeOnly(6, 0) };
        var draft = new LimitForm(rule).ToDraft();
        (draft.Kind, draft.Value, draft.Scope, draft.From, draft.To, draft.Zone).ShouldBe((rule.Kind, rule.Value, rule.Scope, rule.From, rule.To, rule.Zone));
        draft.Days.ShouldBe(rule.Days);
        new LimitForm("UTC") { Kind = LimitKind.Runs, Runs = null }.ToDraft().Value.ShouldBe(-1, "an empty field is refused by the rules");
    }
}
