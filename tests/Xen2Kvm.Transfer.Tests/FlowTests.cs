using Xen2Kvm.Transfer.Flow;

namespace Xen2Kvm.Transfer.Tests;

public sealed class FlowTests
{
    [Fact]
    public void A_slow_network_is_answered_with_more_compression_up_to_a_limit()
    {
        CompressionGovernor.Next(0, 0.9, 0.9).ShouldBe(1);
        CompressionGovernor.Next(1, 0.9, 0.9).ShouldBe(3);
        CompressionGovernor.Next(3, 0.9, 0.9).ShouldBe(3);
    }

    [Fact]
    public void A_sender_that_never_waits_compresses_less() => CompressionGovernor.Next(3, 0.0, 0.9).ShouldBe(1);

    [Fact]
    public void A_busy_receiver_is_not_helped_by_compression() => CompressionGovernor.Next(1, 0.9, 0.0).ShouldBe(0);

    [Fact]
    public void In_between_nothing_changes() => CompressionGovernor.Next(1, 0.3, 0.3).ShouldBe(1);

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
        bucket.Take(250).ShouldBe(TimeSpan.Zero);
        bucket.Take(500).ShouldBe(TimeSpan.FromSeconds(0.5));
        clock.Advance(TimeSpan.FromSeconds(0.5));
        bucket.Take(100).ShouldBe(TimeSpan.FromSeconds(0.1));
        clock.Advance(TimeSpan.FromHours(1));
        bucket.Take(250).ShouldBe(TimeSpan.Zero, "it holds a quarter second, not an hour");
        bucket.Take(1).ShouldBeGreaterThan(TimeSpan.Zero);
    }

    [Fact]
    public void No_limit_means_no_wait() => new TokenBucket(0, TimeProvider.System).Take(int.MaxValue).ShouldBe(TimeSpan.Zero);

    private sealed class ManualClock : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Advance(TimeSpan by) => _now += by.Ticks;

        public override long GetTimestamp() => _now;
    }
}
