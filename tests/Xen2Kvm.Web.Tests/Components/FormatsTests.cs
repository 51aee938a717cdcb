using Xen2Kvm.Web.Components.Text;

namespace Xen2Kvm.Web.Tests.Components;

public sealed class FormatsTests
{
    private static readonly DateTimeOffset _now = new(2026, 11, 21, 9, 3, 11, TimeSpan.Zero);
    private static readonly TimeZoneInfo _berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    [Theory]
    [InlineData(null, "—")]
    [InlineData(0L, "0 B")]
    [InlineData(1023L, "1023 B")]
    [InlineData(4096L, "4 KiB")]
    [InlineData(50L * 1024 * 1024, "50 MiB")]
    [InlineData(512L * 1024 * 1024, "0.5 GiB")]
    [InlineData(8L * 1024 * 1024 * 1024, "8.0 GiB")]
    [InlineData(3600L * 1024 * 1024 * 1024, "3,600 GiB")]
    public void A_size_is_in_GiB_unless_it_is_small(long? bytes, string text) => Formats.Size(bytes).ShouldBe(text);

    [Theory]
    [InlineData(320, "320 MiB")]
    [InlineData(1792, "1.75 GiB")]
    [InlineData(131072, "128 GiB")]
    [InlineData(0, "—")]
    public void Memory_is_in_GiB_or_below_one_in_MiB(long mebibytes, string text) => Formats.Memory(mebibytes).ShouldBe(text);

    [Theory]
    [InlineData(null, "—")]
    [InlineData(0d, "0.0 MB/s")]
    [InlineData(3_420_000d, "3.4 MB/s")]
    [InlineData(9_960_000d, "10 MB/s")]
    [InlineData(38_000_000d, "38 MB/s")]
    [InlineData(1_250_000_000d, "1,250 MB/s")]
    public void A_rate_is_in_MB_per_second(double? rate, string text) => Formats.Rate(rate).ShouldBe(text);

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0, 100, 0)]
    [InlineData(1, 100_000, 1)]
    [InlineData(99_999, 100_000, 99)]
    [InlineData(100, 100, 100)]
    [InlineData(120, 100, 100)]
    public void A_share_is_0_only_for_nothing_and_100_only_for_all(long done, long total, int percent) =>
        Formats.Percent(done, total).ShouldBe(percent);

    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(59, "59 s")]
    [InlineData(252, "4 min 12 s")]
    [InlineData(7500, "2 h 5 min")]
    [InlineData(273_600, "3 d 4 h")]
    [InlineData(-5, "0 s")]
    public void A_duration_has_its_two_greatest_units(int seconds, string text) => Formats.Duration(TimeSpan.FromSeconds(seconds)).ShouldBe(text);

    [Theory]
    [InlineData(40, 50, "40–50 s")]
    [InlineData(360, 480, "6–8 min")]
    [InlineData(362, 478, "6–8 min")]
    [InlineData(480, 360, "6–8 min")]
    [InlineData(4200, 9000, "1 h 10 min – 2 h 30 min")]
    [InlineData(30, 30, "30 s")]
    public void A_range_has_one_unit_and_its_ends_in_order(int low, int high, string text) =>
        Formats.Range(TimeSpan.FromSeconds(low), TimeSpan.FromSeconds(high)).ShouldBe(text);

    [Theory]
    [InlineData(45, "45 s")]
    [InlineData(300, "5 min")]
    [InlineData(330, "5 min 30 s")]
    [InlineData(7200, "2 h")]
    public void A_limit_leaves_out_zeroes(int seconds, string text) => Formats.Limit(seconds).ShouldBe(text);

    [Fact]
    public void A_time_of_today_is_a_clock_in_the_viewers_zone() => Formats.Time(_now, _now, _berlin).ShouldBe("10:03:11");

    [Fact]
    public void A_time_of_another_day_says_which() => Formats.Time(_now.AddDays(-2), _now, _berlin).ShouldBe("19 Nov 10:03");

    [Fact]
    public void A_full_time_names_its_zone()
    {
        Formats.FullTime(_now, _berlin).ShouldBe("2026-11-21 10:03:11 UTC+01:00 (Europe/Berlin)");
        Formats.FullTime(_now, TimeZoneInfo.Utc).ShouldBe("2026-11-21 09:03:11 UTC");
    }

    [Fact]
    public void Ago_uses_the_greatest_unit()
    {
        Formats.Ago(_now.AddSeconds(-3), _now).ShouldBe("just now");
        Formats.Ago(_now.AddSeconds(-12), _now).ShouldBe("12 s ago");
        Formats.Ago(_now.AddHours(-30), _now).ShouldBe("1 d ago");
    }

    [Fact]
    public void A_csv_cell_cannot_be_a_formula_and_is_quoted_where_needed()
    {
        var text = new System.Text.StringBuilder();
        Csv.Line(text, "=cmd|' /C calc'!A0", "a,b", "say \"hi\"", 4, null);
        text.ToString().ShouldBe("'=cmd|' /C calc'!A0,\"a,b\",\"say \"\"hi\"\"\",4,\r\n");
    }

    [Fact]
    public void Ids_in_the_audit_log_become_links()
    {
        const string id = "01a1fd71-854c-796c-a774-28d0a3ec5b53";
        IdLinks.Split($"old files ({id})").ShouldBe([("old files", $"/runs/{id}")]);
        IdLinks.Split($"plan {id} again").ShouldBe([("plan", $"/plans/{id}"), (" again", null)]);
        IdLinks.Split($"wave Friday (night) ({id})").ShouldBe([("wave Friday (night)", $"/waves/{id}")]);
        IdLinks.Split($"cleanup of old files, web ({id})").ShouldBe([("cleanup of old files, web", $"/cleanup/{id}")]);
        IdLinks.Split("xen1").ShouldBe([("xen1", null)]);
    }
}
