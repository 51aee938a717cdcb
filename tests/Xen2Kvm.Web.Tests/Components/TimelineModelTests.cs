using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Web.Components.Pages.Waves;
using Xen2Kvm.Web.Components.Text;

namespace Xen2Kvm.Web.Tests.Components;

public sealed class TimelineModelTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 27, 22, 30, 0, TimeSpan.Zero);

    private static readonly WaveEntry Entry = new()
    {
        PlanId = Guid.NewGuid(), GuestName = "db", SourceHostId = Guid.NewGuid(), SourceHost = "xen1", TargetHostId = Guid.NewGuid(), TargetHost = "kvm1",
    };

    [Fact]
    public void Runs_downtime_and_windows_lie_within_the_drawing()
    {
        var view = View(Run(RunState.Succeeded) with { FinishedAt = Now.AddMinutes(-5), DownSince = Now.AddMinutes(-18), UpAgainAt = Now.AddMinutes(-8) });
        var model = TimelineModel.Of(view, new Dictionary<Guid, DowntimeForecast?>(), Now);
        var row = model.Rows.ShouldHaveSingleItem();
        (row.DownTo - row.DownFrom).ShouldBe(TimeSpan.FromMinutes(10));
        new[] { model.X(row.Begin!.Value), model.X(row.DownFrom!.Value), model.X(row.DownTo!.Value), model.X(row.End!.Value), model.X(Now) }.ShouldBeInOrder();
        model.Windows.ShouldHaveSingleItem().Begin.ShouldBe(Now.AddMinutes(-30));
        model.To.ShouldBeGreaterThan(Now.AddHours(3), "the window's end is in it");
        model.Ticks.Count.ShouldBeInRange(2, 9);
        model.X(Now.AddYears(1)).ShouldBe(100);
    }

    [Fact]
    public void A_run_in_flight_goes_until_now_and_one_that_has_not_begun_says_what_it_waits_for()
    {
        TimelineModel.Of(View(Run(RunState.Running)), new Dictionary<Guid, DowntimeForecast?>(), Now).Rows[0].End.ShouldBe(Now);
        var waiting = TimelineModel.Of(View(null), new Dictionary<Guid, DowntimeForecast?>(), Now).Rows[0];
        waiting.Begin.ShouldBeNull();
        waiting.Status.Reason.ShouldBe("starts now");
    }

    [Fact]
    public void A_wave_is_told_in_words_that_fit()
    {
        WaveText.Tally(View(Run(RunState.NeedsAnswer))).ShouldBe("1 needs you");
        WaveText.Window(View(null), Now, TimeZoneInfo.Utc).ShouldBe("open until Sat 28 Nov 02:00");
        WaveText.Approval(View(null).Wave with { State = WaveState.Draft }, Now, TimeZoneInfo.Utc).ShouldBe("not submitted");
    }

    private static WaveView View(Run? run) => WaveView.Of(
        new Wave
        {
            Id = Guid.NewGuid(), Name = "Friday", State = WaveState.Running, Entries = [Entry], CreatedAt = Now.AddDays(-1), CreatedBy = "olga",
            Calendar = new WaveCalendar { Windows = [new MaintenanceWindow { Zone = "UTC", On = new DateOnly(2026, 11, 27), Start = new TimeOnly(22, 0), Minutes = 240 }] },
        },
        run is null ? [] : [run], [], Now);

    private static Run Run(RunState state) => new()
    {
        Id = Guid.NewGuid(), PlanId = Entry.PlanId, GuestName = "db", SourceHost = "xen1", TargetHost = "kvm1", State = state, Steps = [], StartedBy = "wave", CreatedAt = Now.AddMinutes(-20),
    };
}
