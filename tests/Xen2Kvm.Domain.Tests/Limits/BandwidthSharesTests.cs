using Xen2Kvm.Domain.Limits;
using static Xen2Kvm.Domain.Tests.Limits.Rules;

namespace Xen2Kvm.Domain.Tests.Limits;

public sealed class BandwidthSharesTests
{
    private static readonly DateTimeOffset Now = Utc("2026-11-26 12:00");

    private static CopyAtWork Copy(int number, string source = "xen1", string target = "kvm1") => new(new Guid(number, 0, 0, new byte[8]), source, target);

    private static long?[] Shares(LimitBook book, params CopyAtWork[] copies)
    {
        var shares = BandwidthShares.Of(copies, book, Now);
        return [.. copies.Select(copy => shares[copy.Run])];
    }

    [Fact]
    public void Without_a_rule_nothing_is_bounded() => Shares(Book(Rate(10, "kvm9")), Copy(1), Copy(2) with { Own = 5 }).ShouldBe([null, null]);

    [Fact]
    public void All_get_the_same_of_a_limit_that_they_share() => Shares(Book(Rate(40)), Copy(1), Copy(2), Copy(3), Copy(4)).ShouldBe([10 * MB, 10 * MB, 10 * MB, 10 * MB]);

    [Fact]
    public void What_one_may_not_or_cannot_use_goes_to_the_others()
    {
        Shares(Book(Rate(40)), Copy(1) with { Own = 4 * MB }, Copy(2), Copy(3)).ShouldBe([4 * MB, 18 * MB, 18 * MB]);
        Shares(Book(Rate(40), Rate(6, "kvm2")), Copy(1, target: "kvm2"), Copy(2, target: "kvm2"), Copy(3)).ShouldBe([3 * MB, 3 * MB, 34 * MB]);
        Shares(Book(Rate(40)), Copy(1) with { Wants = 2 * MB }, Copy(2)).ShouldBe([2 * MB, 38 * MB]);
    }

    [Fact]
    public void What_nobody_else_can_use_a_slow_copy_has_after_all() =>
        Shares(Book(Rate(40)), Copy(1) with { Wants = 2 * MB }, Copy(2) with { Own = 10 * MB }).ShouldBe([30 * MB, 10 * MB]);

    [Fact]
    public void A_copy_that_cannot_be_told_anything_is_left_what_it_takes()
    {
        Shares(Book(Rate(40)), Copy(1) with { Fixed = 25 * MB }, Copy(2), Copy(3)).ShouldBe([25 * MB, 7_500_000, 7_500_000]);
        Shares(Book(Rate(40)), Copy(1) with { Fixed = 60 * MB }, Copy(2)).ShouldBe([60 * MB, 0], "nothing is left; who asks must not starve it");
    }

    [Fact]
    public void A_timetable_goes_by_the_clock_and_leaves_out_what_changes_nothing_for_a_copy()
    {
        var book = Book(Rate(40), Rate(10).At("08:00", "18:00"), Rate(30, "kvm2").At("20:00", "22:00"));
        CopyAtWork[] copies = [Copy(1), Copy(2, target: "kvm2") with { Wants = 1 * MB }];
        var tables = BandwidthShares.Timetables(copies, book, Now);
        tables[copies[0].Run].Take(3).ShouldBe([new(Now, 9 * MB), new(Utc("2026-11-26 17:00"), 20 * MB), new(Utc("2026-11-27 07:00"), 5 * MB)]);
        tables[copies[0].Run].Count.ShouldBeInRange(15, 18, "two changes a day for eight days");
        BandwidthShares.Timetables(copies, Book(Rate(40)), Now)[copies[1].Run].ShouldBe([new(Now, 1 * MB)]);
    }

    [Fact]
    public void No_sum_is_ever_above_its_limit_nobody_starves_and_nothing_is_left_that_somebody_could_use()
    {
        var random = new Random(20261126);
        for (var round = 0; round < 2000; round++)
        {
            var (book, copies) = Some(random);
            var shares = BandwidthShares.Of(copies, book, Now);
            foreach (var rule in book.Rules)
            {
                copies.Where(copy => In(copy, rule.Scope)).Sum(copy => shares[copy.Run]!.Value).ShouldBeLessThanOrEqualTo(rule.Value);
            }

            foreach (var copy in copies.Where(copy => shares[copy.Run] is not null))
            {
                var share = shares[copy.Run]!.Value;
                share.ShouldBeGreaterThan(0);
                share.ShouldBeLessThanOrEqualTo(copy.Own ?? long.MaxValue);
                var isFull = book.Rules.Any(rule => In(copy, rule.Scope)
                    && rule.Value - copies.Where(other => In(other, rule.Scope)).Sum(other => shares[other.Run]!.Value) <= copies.Length);
                (isFull || share >= copy.Own - 1).ShouldBeTrue("it could have more");
            }
        }
    }

    [Fact]
    public void A_wider_limit_gives_the_least_no_less_and_one_more_copy_gives_nobody_more_of_a_single_limit()
    {
        var random = new Random(7);
        for (var round = 0; round < 1000; round++)
        {
            var (book, copies) = Some(random);
            copies = [.. copies.Select(copy => copy with { Wants = null })];
            var wider = new LimitBook([book.Rules[0] with { Value = book.Rules[0].Value * 2 }, .. book.Rules.Skip(1)]);
            Least(copies, wider).ShouldBeGreaterThanOrEqualTo(Least(copies, book) - 1);

            var single = Book(Rate(random.Next(1, 100)));
            var (before, after) = (BandwidthShares.Of(copies, single, Now), BandwidthShares.Of([.. copies, Copy(99)], single, Now));
            copies.ShouldAllBe(copy => after[copy.Run] <= before[copy.Run]);
        }

        static long Least(CopyAtWork[] copies, LimitBook book) => BandwidthShares.Of(copies, book, Now).Values.Min() ?? long.MaxValue;
    }

    private static bool In(CopyAtWork copy, LimitScope scope) => scope.Host is null || scope.Host == copy.SourceHost || scope.Host == copy.TargetHost;

    private static (LimitBook Book, CopyAtWork[] Copies) Some(Random random)
    {
        string[] sources = ["xen1", "xen2", "xen3"], targets = ["kvm1", "kvm2"];
        List<LimitRule> rules = [.. new string?[] { null, "xen1", "xen2", "kvm1", "kvm2" }.Where(_ => random.Next(2) == 0).Select(host => Rate(random.Next(1, 200), host))];
        CopyAtWork[] copies =
        [
            .. Enumerable.Range(1, random.Next(1, 12)).Select(number => Copy(number, sources[random.Next(3)], targets[random.Next(2)]) with
            {
                Own = random.Next(3) == 0 ? random.Next(1, 50) * MB : null, Wants = random.Next(3) == 0 ? random.Next(1, 50) * MB : null,
            }),
        ];
        return (new LimitBook(rules.Count > 0 ? rules : [Rate(random.Next(1, 200))]), copies);
    }
}
