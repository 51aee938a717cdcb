using System.Globalization;
using Xen2Kvm.Domain.Waves;

namespace Xen2Kvm.Domain.Tests.Waves;

public sealed class WaveCalendarTests
{
    private const string Berlin = "Europe/Berlin";

    [Fact]
    public void A_calendar_without_windows_is_always_open_and_never_opens()
    {
        var calendar = new WaveCalendar();
        calendar.IsAlways.ShouldBeTrue();
        calendar.OpenAt(At("2026-03-01 12:00")).ShouldBeNull();
        calendar.NextAfter(At("2026-03-01 12:00")).ShouldBeNull();
        calendar.Describe().ShouldBe("any time");
    }

    [Fact]
    public void A_weekly_window_is_open_from_its_start_until_before_its_end()
    {
        var calendar = Weekly(DayOfWeek.Friday, "22:00", 240);
        calendar.OpenAt(At("2026-11-27 20:59:59")).ShouldBeNull();
        calendar.NextAfter(At("2026-11-27 20:59:59"))!.Value.Begin.ShouldBe(At("2026-11-27 21:00"));
        calendar.OpenAt(At("2026-11-27 21:00"))!.Value.End.ShouldBe(At("2026-11-28 01:00"));
        calendar.OpenAt(At("2026-11-28 00:59:59")).ShouldNotBeNull();
        calendar.OpenAt(At("2026-11-28 01:00")).ShouldBeNull();
        calendar.NextAfter(At("2026-11-28 01:00"))!.Value.Begin.ShouldBe(At("2026-12-04 21:00"));
    }

    [Fact]
    public void A_start_in_the_hour_that_is_left_out_opens_right_after_the_gap()
    {
        // On 2026-03-29 clocks in Berlin go from 02:00 to 03:00, which is 01:00 UTC.
        var opening = Weekly(DayOfWeek.Sunday, "02:30", 60).OpeningsAfter(At("2026-03-28 12:00"))[0];
        opening.Begin.ShouldBe(At("2026-03-29 01:00"));
        opening.End.ShouldBe(At("2026-03-29 02:00"));
    }

    [Fact]
    public void A_start_in_the_hour_that_comes_twice_opens_the_first_time_only()
    {
        // On 2026-10-25 clocks in Berlin go from 03:00 back to 02:00; 02:30 is 00:30 UTC and again 01:30 UTC.
        var openings = Weekly(DayOfWeek.Sunday, "02:30", 30).OpeningsAfter(At("2026-10-24 12:00"));
        openings[0].ShouldBe(new Opening(At("2026-10-25 00:30"), At("2026-10-25 01:00"), 0));
        openings[1].Begin.ShouldBe(At("2026-11-01 01:30"));
    }

    [Fact]
    public void A_window_over_the_change_of_clocks_is_as_long_as_was_said()
    {
        var night = Weekly(DayOfWeek.Saturday, "22:00", 360);
        foreach (var day in new[] { "2026-03-28 12:00", "2026-10-24 12:00", "2026-06-06 12:00" })
        {
            var opening = night.OpeningsAfter(At(day))[0];
            (opening.End - opening.Begin).ShouldBe(TimeSpan.FromHours(6));
        }
    }

    [Fact]
    public void Nothing_is_open_on_a_lock_out_day_from_midnight_to_midnight_of_the_zone()
    {
        var calendar = Weekly(DayOfWeek.Thursday, "22:00", 600) with { LockOutDays = [new DateOnly(2026, 12, 25), new DateOnly(2026, 12, 31)] };
        // Thursday the 24th is cut at midnight in Berlin; the 31st does not open until its own midnight.
        calendar.OpeningsAfter(At("2026-12-24 12:00")).Take(3).ShouldBe(
        [
            new(At("2026-12-24 21:00"), At("2026-12-24 23:00"), 0),
            new(At("2026-12-31 23:00"), At("2027-01-01 07:00"), 0),
            new(At("2027-01-07 21:00"), At("2027-01-08 07:00"), 0),
        ]);
        calendar.Describe().ShouldBe("Thu 22:00, 10 h (Europe/Berlin); not on 2026-12-25, 2026-12-31");
    }

    [Fact]
    public void Windows_that_touch_are_one_and_their_capacities_add_up()
    {
        var calendar = new WaveCalendar
        {
            Windows = [Window(DayOfWeek.Friday, "20:00", 60) with { Capacity = 3 }, Window(DayOfWeek.Friday, "21:00", 60) with { Capacity = 4 }],
        };
        calendar.OpeningsAfter(At("2026-11-27 12:00"))[0].ShouldBe(new Opening(At("2026-11-27 19:00"), At("2026-11-27 21:00"), 7));
    }

    [Fact]
    public void A_window_of_one_day_opens_once()
    {
        var calendar = new WaveCalendar { Windows = [new MaintenanceWindow { Zone = "Asia/Kathmandu", On = new DateOnly(2026, 11, 28), Start = new TimeOnly(1, 15), Minutes = 90 }] };
        calendar.OpeningsAfter(At("2026-11-26 12:00")).ShouldBe([new(At("2026-11-27 19:30"), At("2026-11-27 21:00"), 0)]);
        calendar.NextAfter(At("2026-11-27 21:00")).ShouldBeNull();
    }

    [Theory]
    [InlineData("Mars/Olympus", "2026-12-01", 60, "no time zone known")]
    [InlineData("", "2026-12-01", 60, "No time zone is given")]
    [InlineData(Berlin, "2026-12-01", 0, "1 to 10080 minutes")]
    [InlineData(Berlin, "2026-11-25", 60, "has passed")]
    [InlineData(Berlin, null, 60, "days of the week")]
    public void A_window_that_makes_no_sense_is_refused_in_words(string zone, string? day, int minutes, string word)
    {
        var window = new MaintenanceWindow { Zone = zone, On = day is null ? null : DateOnly.Parse(day, CultureInfo.InvariantCulture), Start = new TimeOnly(22, 0), Minutes = minutes };
        new WaveCalendar { Windows = [window] }.Problems(At("2026-11-26 12:00")).ShouldHaveSingleItem().ShouldContain(word);
    }

    [Fact]
    public void A_calendar_that_never_opens_is_refused()
    {
        var day = new DateOnly(2026, 12, 24);
        var calendar = new WaveCalendar { Windows = [new MaintenanceWindow { Zone = Berlin, On = day, Start = new TimeOnly(10, 0), Minutes = 60 }], LockOutDays = [day] };
        calendar.Problems(At("2026-11-26 12:00")).ShouldHaveSingleItem().ShouldContain("lock-out day");
    }

    private static WaveCalendar Weekly(DayOfWeek day, string start, int minutes) => new() { Windows = [Window(day, start, minutes)] };

    private static MaintenanceWindow Window(DayOfWeek day, string start, int minutes) =>
        new() { Zone = Berlin, Days = [day], Start = TimeOnly.Parse(start, CultureInfo.InvariantCulture), Minutes = minutes };

    private static DateTimeOffset At(string utc) => DateTimeOffset.Parse(utc + "Z", CultureInfo.InvariantCulture);
}
