using System.Diagnostics;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Domain.Preflight.Rules;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Preflight;

namespace Xen2Kvm.Engine.Tests;

public sealed class GuestConcernsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 8, 0, 0, TimeSpan.Zero);
    private static readonly Host Xen = new() { Id = Guid.NewGuid(), Name = "xen1", Kind = HostKind.Xen, Ssh = new SshEndpoint { Address = "192.0.2.1" } };
    private static readonly Host Kvm = Xen with { Id = Guid.NewGuid(), Name = "kvm1", Kind = HostKind.Kvm };
    private readonly Counted _counted = new();

    [Fact]
    public void Guests_are_evaluated_once_for_each_set_of_inventories_and_those_on_kvm_never()
    {
        var concerns = new GuestConcerns([_counted]);
        GuestOnHost[] guests = [On(Xen, "files", Now), On(Xen, "web", Now), On(Kvm, "moved", Now)];
        concerns.Of(guests).Of(guests[0]).ShouldHaveSingleItem().Subject.ShouldBe("files");
        concerns.Of(guests).Of(guests[2]).ShouldBeEmpty();
        _counted.Calls.ShouldBe(2);

        // A newer inventory of any host: what one guest uses may concern another.
        concerns.Of([.. guests.Take(2), On(Kvm, "moved", Now.AddMinutes(1))]);
        _counted.Calls.ShouldBe(4);
    }

    [Fact]
    public void Ten_thousand_guests_take_no_noticeable_time()
    {
        IGuestRule[] rules = [new X01ConfigDrift(), new X02UnparseableConfig(), new X03RandomMac(), new X04Unsupported(), new X05SharedDisk(), new X06MissingDisk(), new X07PartitionDisks(), new X09NoBootLoader(), new X14Duplicates(), new X25Drbd()];
        GuestOnHost[] guests = [.. Enumerable.Range(0, 10_000).Select(i => On(Xen, $"guest{i}", Now, i))];
        var watch = Stopwatch.StartNew();
        var found = new GuestConcerns(rules).Of(guests);
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(5), "a comparison of each guest with each other would take minutes");
        found.Of(guests[9999]).Select(concern => concern.Id).ShouldBe(["X07", "X09"]);
        TestContext.Current.TestOutputHelper!.WriteLine($"10,000 guests in {watch.ElapsedMilliseconds} ms");
    }

    private static GuestOnHost On(Host host, string name, DateTimeOffset at, int number = 0) => new(host, Guests.Files() with
    {
        Name = name,
        Disks = [.. Guests.Files().Disks.Select(disk => disk with { Path = $"/dev/vg0/{name}-{disk.Vdev}" })],
        Nics = [new GuestNic { Index = 0, Mac = $"00:16:3e:00:{number / 256:x2}:{number % 256:x2}", MacIsFixed = true, Addresses = [$"10.0.{number / 256}.{number % 256}"] }],
    }, at);

    private sealed class Counted : IGuestRule
    {
        public string Id => "X99";

        public string Summary => "Counts";

        public int Calls { get; private set; }

        public IEnumerable<Concern> Evaluate(GuestFacts facts)
        {
            Calls++;
            return [new Concern(Id, Severity.Info, facts.Guest.Name, "", "", "")];
        }
    }
}
