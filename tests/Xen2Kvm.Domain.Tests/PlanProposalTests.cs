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
}
