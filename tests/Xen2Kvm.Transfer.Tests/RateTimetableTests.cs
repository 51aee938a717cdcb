using System.Text.Json;
using Xen2Kvm.Transfer.Jobs;

namespace Xen2Kvm.Transfer.Tests;

public sealed class RateTimetableTests
{
    private static readonly RateTimetable Table = new() { Now = 100_000, Entries = [new(100_000, 40), new(200_000, 10), new(300_000, 10), new(400_000, 0)] };

    [Theory]
    [InlineData(0, 40, 200_000)]
    [InlineData(199_999, 40, 200_000)]
    [InlineData(200_000, 10, 400_000)]
    [InlineData(300_000, 10, 400_000)]
    [InlineData(400_000, 0, 0)]
    [InlineData(9_000_000, 0, 0)]
    public void What_counts_goes_by_the_clock_and_the_last_entry_stays(long time, long rate, long until) => Table.At(time, 0).ShouldBe((rate, until));

    [Theory]
    [InlineData(100_000, 20, 200_000)]
    [InlineData(200_000, 10, 400_000)]
    [InlineData(400_000, 20, 0)]
    public void A_jobs_own_limit_counts_where_it_is_narrower(long time, long rate, long until) => Table.At(time, 20).ShouldBe((rate, until));

    [Fact]
    public void A_clock_that_is_off_moves_the_times_along_and_one_that_is_a_little_off_does_not()
    {
        Table.ByClock(104_000).ShouldBeSameAs(Table);
        Table.ByClock(3_700_000).At(3_799_999, 0).ShouldBe((40, 3_800_000));
        Table.ByClock(0).At(100_000, 0).ShouldBe((10, 300_000));
    }

    [Fact]
    public void What_cannot_be_obeyed_is_said()
    {
        Table.Problems().ShouldBeEmpty();
        (Table with { Entries = [] }).Problems().Single().ShouldContain("missing");
        (Table with { Entries = null! }).Problems().Single().ShouldContain("missing");
        (Table with { Entries = [new(1, -1), new(1, 2)] }).Problems().ShouldBe(["a rate is negative", "entries are not in order of time"]);
        (Table with { Entries = [.. Enumerable.Range(0, RateTimetable.MaxEntries + 1).Select(i => new RateEntry(i, 1))] }).Problems().Single().ShouldContain("more than");
    }

    [Fact]
    public void It_is_written_as_json_and_read_again()
    {
        string json = JsonSerializer.Serialize(Table, TransferJson.Default.RateTimetable);
        json.ShouldStartWith("""{"now":100000,"entries":[{"from":100000,"bytesPerSecond":40},""");
        JsonSerializer.Deserialize(json, TransferJson.Default.RateTimetable)!.Entries.ShouldBe(Table.Entries);
    }
}
