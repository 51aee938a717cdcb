using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Waves;
using static Xen2Kvm.Domain.Tests.Waves.Waves;

namespace Xen2Kvm.Domain.Tests.Waves;

public sealed class WaveForecastTests
{
    [Fact]
    public void Plans_are_put_into_slots_in_order_with_their_dependencies()
    {
        // Two slots: a (10) and b (10) side by side, c (20) after a, d (5) as soon as a slot is free.
        var wave = Of(WaveState.Draft, Entry("a"), Entry("b"), Entry("c", "a"), Entry("d")) with { Policy = new WavePolicy { MaxConcurrent = 2, MaxPerSourceHost = 9, MaxPerTargetHost = 9 } };
        var forecast = WaveForecast.Of(wave, Each(("a", 10), ("b", 10), ("c", 20), ("d", 5)))!;
        forecast.Low.ShouldBe(TimeSpan.FromMinutes(30));
        forecast.High.ShouldBe(TimeSpan.FromMinutes(60), "each takes twice as long at its high end");
        forecast.Basis.ShouldContain("4 plans in 2 slots");
    }

    [Fact]
    public void Canaries_go_alone_and_hosts_have_limits_of_their_own()
    {
        var wave = Of(WaveState.Draft, Entry("a"), Entry("b") with { IsCanary = true }, Entry("c")) with { Policy = new WavePolicy { MaxConcurrent = 9, MaxPerSourceHost = 9, MaxPerTargetHost = 9 } };
        WaveForecast.Of(wave, Each(("a", 10), ("b", 7), ("c", 10)))!.Low.ShouldBe(TimeSpan.FromMinutes(17));
        WaveForecast.Of(wave with { Policy = wave.Policy with { MaxPerTargetHost = 1 } }, Each(("a", 10), ("b", 7), ("c", 10)))!.Low.ShouldBe(TimeSpan.FromMinutes(27));
    }

    [Fact]
    public void What_was_moved_before_is_not_waited_for()
    {
        var wave = Of(WaveState.Draft, Entry("a"), Entry("b", "a"));
        WaveForecast.Of(wave, Each(("b", 8)))!.Low.ShouldBe(TimeSpan.FromMinutes(8));
    }

    [Fact]
    public void No_number_is_invented()
    {
        var wave = Of(WaveState.Draft, Entry("a"), Entry("b"));
        WaveForecast.Of(wave, new Dictionary<Guid, DowntimeForecast?> { [Id("a")] = Minutes(5), [Id("b")] = null }).ShouldBeNull();
        WaveForecast.Of(wave, new Dictionary<Guid, DowntimeForecast?>()).ShouldBeNull();
        WaveForecast.Of(Of(WaveState.Draft, Entry("a", "b"), Entry("b", "a")), Each(("a", 1), ("b", 1))).ShouldBeNull("they could never start");
    }

    [Fact]
    public void What_a_wave_takes_is_held_against_what_is_free()
    {
        var (one, two) = (Sample.Plan(Sample.Guest), Sample.Plan(Sample.Guest with { Name = "other" }));
        var facts = Sample.KvmFacts with { Cpus = 1, FreeMemoryMiB = 400, Storage = [new StorageSpace(StorageKind.Directory, "default", "/x", 1L << 40, 1L << 30)] };
        var uses = WaveCapacity.Of([one, two], new Dictionary<Guid, (string, HostFacts?)> { [Sample.Kvm.Id] = ("kvm1", facts) });
        uses.Select(use => (use.Resource, use.IsTooMuch)).ShouldBe([("memory", true), ("vCPUs", false), ("default", true)]);
        uses[0].Adds.ShouldBe(512L << 20);
        uses[1].Adds.ShouldBe(2, "more than one processor is slow, not impossible");
        uses[2].Adds.ShouldBe(one.Target.Disks.Concat(two.Target.Disks).Sum(disk => disk.SizeBytes));
        WaveCapacity.Of([one], new Dictionary<Guid, (string, HostFacts?)>()).ShouldAllBe(use => use.Free == null && !use.IsTooMuch);
    }

    private static Dictionary<Guid, DowntimeForecast?> Each(params (string Guest, int Minutes)[] plans) => plans.ToDictionary(plan => Id(plan.Guest), plan => Minutes(plan.Minutes));

    private static DowntimeForecast? Minutes(int low) => new(TimeSpan.FromMinutes(low), TimeSpan.FromMinutes(2 * low), 3, "3 earlier runs");
}
