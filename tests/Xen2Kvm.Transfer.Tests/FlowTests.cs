using Xen2Kvm.Transfer.Flow;

namespace Xen2Kvm.Transfer.Tests;

public sealed class FlowTests
{
    /// <summary>A host pair in which a level compresses at a rate, the wire has a rate, and the text shrinks by a ratio.</summary>
    private static int MostUsedLevel(double wire, double store, double level1, double level3)
    {
        var governor = new CompressionGovernor();
        var used = new Dictionary<int, int>();
        for (int i = 0; i < 200; i++)
        {
            used[governor.Level] = used.GetValueOrDefault(governor.Level) + 1;
            (double cpu, double ratio) = governor.Level switch { 0 => (store, 1.0), 1 => (level1, 3.0), _ => (level3, 3.3) };
            double rate = Math.Min(cpu, wire * ratio), blocked = 1 - (rate / cpu);
            governor.Observe(i * 0.5, blocked, 0.8, rate);
        }
        KeyValuePair<int, int> most = used.MaxBy(u => u.Value);
        most.Value.ShouldBeGreaterThan(160, "trying others must stay rare");
        return most.Key;
    }

    [Fact]
    public void A_slow_network_is_answered_with_more_compression() => MostUsedLevel(wire: 10, store: 2000, level1: 400, level3: 150).ShouldBe(3);

    [Fact]
    public void A_gigabit_network_keeps_the_fast_level_when_the_strong_one_costs_more_than_it_gains() =>
        MostUsedLevel(wire: 117, store: 2000, level1: 400, level3: 150).ShouldBe(1);

    [Fact]
    public void A_fast_network_is_fed_without_compression() => MostUsedLevel(wire: 3000, store: 1500, level1: 400, level3: 150).ShouldBe(0);

    [Fact]
    public void A_busy_receiver_is_not_helped_by_compression()
    {
        var governor = new CompressionGovernor();
        Twice(governor, 0, 0.9, 0.0, 100);
        governor.Level.ShouldBe(0);
    }

    [Fact]
    public void A_level_that_was_slower_is_left_at_once_and_not_tried_again_soon()
    {
        var governor = new CompressionGovernor();
        Twice(governor, 0, 0.0, 0.9, 100);
        governor.Level.ShouldBe(0);
        Twice(governor, 0.5, 0.9, 0.9, 50);
        governor.Level.ShouldBe(1);
        Twice(governor, 1, 0.0, 0.9, 100);
        governor.Level.ShouldBe(3, "the other way was never tried");
        Twice(governor, 1.5, 0.0, 0.9, 60);
        governor.Level.ShouldBe(1);
        Twice(governor, 2, 0.0, 0.9, 100);
        governor.Level.ShouldBe(1);
        Twice(governor, 20, 0.0, 0.9, 100);
        governor.Level.ShouldBe(0, "after a while the network may be another");
    }

    /// <summary>The first period at a level is not counted.</summary>
    private static void Twice(CompressionGovernor governor, double now, double blocked, double starved, double rate)
    {
        governor.Observe(now - 0.1, blocked, starved, rate);
        governor.Observe(now, blocked, starved, rate);
    }

    [Fact]
    public void Periods_without_data_change_nothing()
    {
        var governor = new CompressionGovernor();
        governor.Observe(0, 0.0, 0.0, 0);
        governor.Level.ShouldBe(CompressionGovernor.StartLevel);
    }

    [Theory]
    [InlineData(4096, 3723, true)]
    [InlineData(4096, 3724, false)]
    [InlineData(4096, 4096, false)]
    public void Compression_is_worth_it_from_a_ratio_of_one_point_one(int sample, int compressed, bool worth) =>
        CompressionGovernor.IsWorthIt(sample, compressed).ShouldBe(worth);

    [Fact]
    public void A_bucket_spreads_bytes_over_time()
    {
        var clock = new ManualClock();
        var bucket = new TokenBucket(1000, clock);
        bucket.Left(bucket.Take(100)).ShouldBe(TimeSpan.Zero);
        long ticket = bucket.Take(500);
        bucket.Left(ticket).ShouldBe(TimeSpan.FromSeconds(0.5));
        clock.Advance(TimeSpan.FromSeconds(0.5));
        bucket.Left(ticket).ShouldBe(TimeSpan.Zero);
        bucket.Left(bucket.Take(100)).ShouldBe(TimeSpan.FromSeconds(0.1));
        clock.Advance(TimeSpan.FromHours(1));
        bucket.Left(bucket.Take(100)).ShouldBe(TimeSpan.Zero, "it holds a tenth of a second, not an hour");
        bucket.Left(bucket.Take(1)).ShouldBeGreaterThan(TimeSpan.Zero);
    }

    [Fact]
    public void No_limit_means_no_wait()
    {
        var bucket = new TokenBucket(0, TimeProvider.System);
        bucket.Left(bucket.Take(int.MaxValue)).ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public void A_limit_that_changes_counts_at_once_for_those_who_wait_already()
    {
        var clock = new ManualClock();
        var bucket = new TokenBucket(1000, clock);
        long ticket = bucket.Take(1100);
        bucket.Left(ticket).ShouldBe(TimeSpan.FromSeconds(1));
        clock.Advance(TimeSpan.FromSeconds(0.5));
        bucket.BytesPerSecond = 100;
        bucket.Left(ticket).ShouldBe(TimeSpan.FromSeconds(5), "half of it was earned");
        bucket.BytesPerSecond = 5000;
        bucket.Left(ticket).ShouldBe(TimeSpan.FromSeconds(0.1));
        bucket.BytesPerSecond = 0;
        bucket.Left(ticket).ShouldBe(TimeSpan.Zero);
        bucket.Take(1_000_000);
        clock.Advance(TimeSpan.FromSeconds(60));
        bucket.BytesPerSecond = 1000;
        bucket.Left(bucket.Take(500)).ShouldBe(TimeSpan.FromSeconds(0.5), "nothing was saved up, and nothing is owed, for the time without a limit");
    }

    [Theory]
    [InlineData(5)]
    [InlineData(10)]
    public void No_stretch_of_some_seconds_holds_more_than_two_percent_too_much_however_the_takers_pause(int seconds)
    {
        const int Rate = 40_000_000, Chunk = 262_144;
        var (clock, random, bucket) = (new ManualClock(), new Random(4711), (TokenBucket?)null);
        bucket = new TokenBucket(Rate, clock);
        var sent = new List<(double At, int Bytes)>();
        double now = 0;
        while (now < 120)
        {
            if (random.Next(200) == 0)
                Wait(random.NextDouble() * 3);
            TimeSpan left;
            long ticket = bucket.Take(Chunk);
            while ((left = bucket.Left(ticket)) > TimeSpan.Zero)
                Wait(left.TotalSeconds + (random.NextDouble() * 0.02));
            sent.Add((now, Chunk));
        }
        foreach ((double from, _) in sent)
            sent.Where(s => s.At >= from && s.At < from + seconds).Sum(s => (double)s.Bytes).ShouldBeLessThan(Rate * seconds * 1.02 + Chunk);

        void Wait(double time)
        {
            clock.Advance(TimeSpan.FromSeconds(time));
            now += time;
        }
    }

    private sealed class ManualClock : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Advance(TimeSpan by) => _now += by.Ticks;

        public override long GetTimestamp() => _now;
    }
}
