using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;

namespace Xen2Kvm.Domain.Tests;

public sealed class PlanProposalTests
{
    [Fact]
    public void Identity_is_kept_name_uuid_and_mac()
    {
        var target = Sample.Plan(Sample.Guest).Target;
        (target.Name, target.Uuid, target.Nics[0].Mac).ShouldBe(("files", Sample.Guest.Uuid!.Value, "00:16:3e:77:00:31"));
    }

    [Fact]
    public void A_bridge_of_the_same_name_is_taken_else_the_first_real_one()
    {
        Sample.Plan(Sample.Guest).Target.Nics[0].Bridge.ShouldBe("br0");
        var choices = new PlanChoices { Bridges = new Dictionary<string, string> { ["xenbr0"] = "br7" } };
        Sample.Plan(Sample.Guest, choices).Target.Nics[0].Bridge.ShouldBe("br7");
    }

    [Fact]
    public void Storage_that_the_target_lacks_is_refused_with_what_it_has() =>
        Should.Throw<PlanningException>(() => Sample.Plan(Sample.Guest, new PlanChoices { Storage = "nvme" })).Message.ShouldContain("default");

    [Fact]
    public void A_plan_from_kvm_to_xen_is_refused_on_this_route() => Should.Throw<PlanningException>(() => PlanProposal.Make(
        Guid.NewGuid(), Sample.Kvm, Sample.Guest, Sample.Xen, Sample.KvmFacts, new PlanChoices(), "tester", Sample.Now));

    [Fact]
    public void Differences_of_two_inventories_name_what_changed()
    {
        var before = Sample.Facts.Source;
        var after = before with { Guests = [Sample.Guest with { MemoryMiB = 512 }, Sample.Guest with { Name = "new" }] };
        SnapshotDifference.Between(before, after).ShouldBe(
            [new("files", "memory in MiB: 256 → 512"), new("new", "appeared")]);
        SnapshotDifference.Between(after, before).ShouldContain(new SnapshotDifference("new", "is gone"));
        SnapshotDifference.Between(null, after).ShouldBeEmpty();
    }

    public static TheoryData<PlanChoices, string> Senseless => new()
    {
        { new() { Vcpus = 0 }, "Give 1 to 512 virtual CPUs." },
        { new() { MemoryMiB = 8 }, "Give at least 32 MiB of memory." },
        { new() { Proof = new() { PingAddress = "nowhere" } }, "nowhere is not an IP address. Give the one the guest has, or none." },
        { new() { Proof = new() { PingAddress = "10.0.0.1", TcpPort = 70000 } }, "Give a TCP port from 1 to 65535, or none." },
        { new() { Proof = new() { TcpPort = 80 } }, "No address of the guest is known, so port 80 cannot be tried. Give its address, or no port." },
        { new() { Proof = new() { TimeoutSeconds = 0 } }, "Give the guest 1 to 86400 seconds to be proven." },
        { new() { ShutdownTimeoutSeconds = 3 }, "Give the guest 10 to 86400 seconds to shut down." },
        { new() { RateLimitBytesPerSecond = -1 }, "Give a rate above zero, or none." },
    };

    [Theory]
    [MemberData(nameof(Senseless))]
    public void A_choice_that_makes_no_sense_is_refused_in_words(PlanChoices choices, string words) =>
        Should.Throw<PlanningException>(() => Sample.Plan(Sample.Guest, choices)).Message.ShouldBe(words);

    [Theory]
    [InlineData("192.0.2.7")]
    [InlineData("2001:db8::7")]
    public void Addresses_of_both_kinds_make_sense(string address) =>
        new PlanChoices { Proof = new() { PingAddress = address, TcpPort = 22 } }.Problems().ShouldBeEmpty();
}
