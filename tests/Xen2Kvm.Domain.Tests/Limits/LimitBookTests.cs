using Xen2Kvm.Domain.Limits;
using static Xen2Kvm.Domain.Tests.Limits.Rules;

namespace Xen2Kvm.Domain.Tests.Limits;

public sealed class LimitBookTests
{
    private static readonly LimitScope Everywhere = LimitScope.Everywhere;

    private static long? Value(LimitBook book, string at, LimitScope? scope = null) => book.At(LimitKind.BytesPerSecond, scope ?? Everywhere, Utc(at))?.Value / MB;

    [Fact]
    public void A_rule_without_times_counts_always_and_nothing_changes()
    {
        var book = Book(Rate(40));
        Value(book, "2026-03-29 00:30").ShouldBe(40);
        book.NextChange(LimitKind.BytesPerSecond, Everywhere, Utc("2026-03-29 00:30")).ShouldBeNull();
    }

    [Fact]
    public void Of_several_rules_at_one_time_the_narrowest_counts()
    {
        // Thursday; Berlin is an hour before UTC.
        var book = Book(Rate(40), Rate(10).At("08:00", "18:00"), Rate(20).At("17:00", "19:00"), Rate(5, "kvm1"));
        Value(book, "2026-11-26 06:59:59").ShouldBe(40);
        Value(book, "2026-11-26 07:00").ShouldBe(10);
        Value(book, "2026-11-26 16:30").ShouldBe(10);
        Value(book, "2026-11-26 17:00").ShouldBe(20);
        Value(book, "2026-11-26 18:00").ShouldBe(40);
        Value(book, "2026-11-26 12:00", new("kvm1")).ShouldBe(5);
        Value(book, "2026-11-26 12:00", new("kvm2")).ShouldBeNull();
        book.NextChange(LimitKind.BytesPerSecond, Everywhere, Utc("2026-11-26 07:00")).ShouldBe(Utc("2026-11-26 17:00"), "a narrower rule still counts at 16:00");
        book.NextChange(LimitKind.BytesPerSecond, Everywhere, Utc("2026-11-26 18:00")).ShouldBe(Utc("2026-11-27 07:00"));
        book.NextChange(LimitKind.Runs, Everywhere, Utc("2026-11-26 18:00")).ShouldBeNull();
    }

    [Fact]
    public void A_time_over_midnight_belongs_to_the_day_on_which_it_begins()
    {
        var book = Book(Rate(80).At("22:00", "06:00", DayOfWeek.Friday));
        Value(book, "2026-11-27 20:59").ShouldBeNull();
        Value(book, "2026-11-27 21:00").ShouldBe(80);
        Value(book, "2026-11-28 04:59").ShouldBe(80, "Saturday morning, of Friday");
        Value(book, "2026-11-28 05:00").ShouldBeNull();
        Value(book, "2026-11-28 22:00").ShouldBeNull("Saturday night");
        book.NextChange(LimitKind.BytesPerSecond, Everywhere, Utc("2026-11-28 05:00")).ShouldBe(Utc("2026-12-04 21:00"));
    }

    [Fact]
    public void Days_without_times_are_whole_ones_and_equal_times_a_whole_day()
    {
        var weekend = Book(Rate(80) with { Days = [DayOfWeek.Saturday, DayOfWeek.Sunday], Zone = "Europe/Berlin" });
        Value(weekend, "2026-11-27 22:59").ShouldBeNull();
        Value(weekend, "2026-11-27 23:00").ShouldBe(80);
        weekend.NextChange(LimitKind.BytesPerSecond, Everywhere, Utc("2026-11-28 12:00")).ShouldBe(Utc("2026-11-29 23:00"), "midnight between the two days changes nothing");
        var daily = Book(Rate(80).At("08:00", "08:00"));
        daily.NextChange(LimitKind.BytesPerSecond, Everywhere, Utc("2026-11-28 12:00")).ShouldBeNull();
    }

    [Fact]
    public void Both_ends_keep_to_the_local_clock_when_it_changes()
    {
        // Berlin puts the clock forward on 2026-03-29 at 01:00 UTC and back on 2026-10-25 at 01:00 UTC.
        var night = Book(Rate(80).At("22:00", "06:00"));
        night.NextChange(LimitKind.BytesPerSecond, Everywhere, Utc("2026-03-28 21:30")).ShouldBe(Utc("2026-03-29 04:00"), "an hour less");
        night.NextChange(LimitKind.BytesPerSecond, Everywhere, Utc("2026-10-24 21:30")).ShouldBe(Utc("2026-10-25 05:00"), "an hour more");
        var gap = Book(Rate(80).At("02:10", "02:50"));
        gap.NextChange(LimitKind.BytesPerSecond, Everywhere, Utc("2026-03-28 12:00")).ShouldBe(Utc("2026-03-30 00:10"), "the hour does not exist on that day");
    }

    [Theory]
    [InlineData("everywhere: 40 MB/s, always", 0)]
    [InlineData("pool x of kvm1: no run starts, Mon, Tue 08:00–18:00 (Europe/Berlin)", 1)]
    [InlineData("kvm1: 1 run at once, every day 22:00–06:00 (Europe/Berlin)", 2)]
    public void A_rule_is_said_in_words(string words, int index) => new[]
    {
        Rate(40), AtOnce(0, "kvm1", "x").At("08:00", "18:00", DayOfWeek.Tuesday, DayOfWeek.Monday), AtOnce(1, "kvm1").At("22:00", "06:00"),
    }[index].Describe().ShouldBe(words);

    [Fact]
    public void What_makes_no_sense_is_said_with_what_to_give_instead()
    {
        Rate(40).Problems().ShouldBeEmpty();
        AtOnce(0).Problems().ShouldBeEmpty("nothing may begin at some hours");
        (Rate(40) with { Value = 99_999 }).Problems().Single().ShouldContain("0.1 MB/s or more");
        AtOnce(-1).Problems().Single().ShouldContain("0 to 500");
        AtOnce(1, null, "default").Problems().Single().ShouldContain("Name the host");
        (Rate(1) with { Scope = new("kvm1", "default") }).Problems().Single().ShouldContain("not for a pool");
        (Rate(1) with { From = new TimeOnly(8, 0) }).Problems().Single().ShouldContain("both from and to");
        (Rate(1).At("08:00", "09:00") with { Zone = "Mars/Olympus" }).Problems().Single().ShouldContain("Mars/Olympus is no time zone");
        (Rate(1) with { Days = [(DayOfWeek)9], Zone = "UTC" }).Problems().Single().ShouldContain("Monday to Sunday");
        (Rate(1).At("08:00", "09:00") with { Zone = "Mars/Olympus" }).CountsAt(Utc("2026-11-26 08:30")).ShouldBeFalse();
    }
}
