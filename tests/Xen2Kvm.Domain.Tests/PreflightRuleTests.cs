using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Domain.Preflight.Rules;

namespace Xen2Kvm.Domain.Tests;

public sealed class PreflightRuleTests
{
    private static readonly GuestInspection Inside = new() { Kernels = [new KernelCapabilities("6.1", true, true)] };

    public static TheoryData<string> Ids =>
        ["X01", "X02", "X03", "X04", "X05", "X06", "X07", "X08", "X09", "X10", "X11", "X12", "X13", "X14", "X19", "X23", "X24", "X25", "X27"];

    [Theory]
    [MemberData(nameof(Ids))]
    public void Every_rule_of_the_catalogue_is_one_class(string id) =>
        typeof(RuleBase).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(RuleBase)) && type.Name.StartsWith(id, StringComparison.Ordinal))
            .ShouldHaveSingleItem();

    [Fact]
    public void A_sound_guest_has_neither_blocker_nor_warning() =>
        All(Sample.Facts).Where(concern => concern.Severity != Severity.Info).ShouldBeEmpty();

    [Fact]
    public void X01_warns_of_drift_and_blocks_what_changed_since_the_plan()
    {
        Only(new X01ConfigDrift(), Sample.Later(guest => guest with { Drift = ["xvdb attached"] })).Severity.ShouldBe(Severity.Warning);
        Only(new X01ConfigDrift(), Sample.Later(guest => guest with { Disks = [.. guest.Disks, Sample.Disk("xvdb", 0, 1)] })).Severity.ShouldBe(Severity.Blocker);
        Only(new X01ConfigDrift(), Sample.Facts with { Source = Sample.Facts.Source with { Guests = [] } }).Severity.ShouldBe(Severity.Blocker);
        Only(new X01ConfigDrift(), Sample.Later(guest => guest with { IsLocked = true })).Fix.ShouldContain("Roll that move back first");
    }

    [Fact]
    public void X02_blocks_an_unreadable_line_unless_the_running_domain_tells()
    {
        Only(new X02UnparseableConfig(), Sample.Later(guest => guest with { ConfigProblems = ["files.cfg:3: computed"] })).Severity.ShouldBe(Severity.Warning);
        Only(new X02UnparseableConfig(), Sample.Later(guest => guest with { Power = PowerState.Off, ConfigProblems = ["files.cfg:3: computed"] }))
            .Severity.ShouldBe(Severity.Blocker);
    }

    [Fact]
    public void X03_asks_for_a_mac_that_can_be_kept()
    {
        Only(new X03RandomMac(), Sample.Later(guest => guest with { Nics = [guest.Nics[0] with { MacIsFixed = false }] })).Severity.ShouldBe(Severity.Warning);
        Only(new X03RandomMac(), Sample.Later(guest => guest with { Nics = [guest.Nics[0] with { Mac = null }] })).Severity.ShouldBe(Severity.Blocker);
    }

    [Fact]
    public void X04_blocks_passthrough() =>
        Only(new X04Unsupported(), Sample.Later(guest => guest with { Unsupported = ["pci = 01:00.0"] })).Evidence.ShouldContain("pci");

    [Fact]
    public void X05_blocks_a_disk_that_another_guest_writes()
    {
        var facts = Sample.Facts with { Source = Sample.Facts.Source with { Guests = [Sample.Guest, Sample.Guest with { Name = "twin" }] } };
        Of(new X05SharedDisk(), facts).Count().ShouldBe(3);
        Only(new X05SharedDisk(), Sample.Later(guest => guest with { Disks = [guest.Disks[0] with { SharedWritable = true }] })).Evidence.ShouldContain("w!");
    }

    [Fact]
    public void X06_blocks_a_missing_disk_and_formats_that_are_not_copied()
    {
        Only(new X06MissingDisk(), Sample.Later(guest => guest with { Disks = [guest.Disks[0] with { Backing = DiskBacking.Missing }] })).Subject.ShouldBe("xvda1");
        Only(new X06MissingDisk(), Sample.Later(guest => guest with { Disks = [guest.Disks[0] with { Format = "qcow2" }] })).Title.ShouldContain("qcow2");
    }

    [Fact]
    public void X07_tells_what_is_assembled() => Only(new X07PartitionDisks(), Sample.Facts).Evidence.ShouldContain("xvda3 → partition 3 (swap");

    [Fact]
    public void X08_blocks_when_neither_guest_nor_dom0_has_a_kernel_for_kvm()
    {
        var xenOnly = new KernelCapabilities("2.6.26-xen", false, false);
        Only(new X08Kernel(), Sample.Facts with { HostKernel = xenOnly }).Severity.ShouldBe(Severity.Warning);
        Only(new X08Kernel(), new GuestInspection { Kernels = [xenOnly] }, null).Severity.ShouldBe(Severity.Blocker);
        new X08Kernel().Evaluate(new DiskFacts(Sample.Guest, new GuestInspection(), new KernelCapabilities("6.1", true, true))).ShouldBeEmpty();
    }

    [Fact]
    public void X09_tells_of_a_guest_without_boot_loader() => Only(new X09NoBootLoader(), Sample.Facts).Severity.ShouldBe(Severity.Info);

    [Fact]
    public void X10_blocks_a_full_root_and_missing_inodes()
    {
        var full = new InspectedFileSystem("/dev/sda1", "ext4", null, "/", 99L * 1024 * 1024, 5);
        new X10FreeSpace().Evaluate(Disk(Inside with { FileSystems = [full] })).Count().ShouldBe(2);
        new X10FreeSpace().Evaluate(Disk(Inside with { FileSystems = [full with { FreeBytes = 1L << 30, FreeInodes = 1000 }] })).ShouldBeEmpty();
    }

    [Fact]
    public void X11_warns_of_a_boot_file_system_without_recipe() =>
        Only(new X11BootFileSystem(), Inside with { FileSystems = [new InspectedFileSystem("/dev/sda1", "btrfs", null, "/")] }, null).Severity.ShouldBe(Severity.Warning);

    [Fact]
    public void X12_names_every_use_of_a_device_name() =>
        Only(new X12DeviceNames(), Inside with { DeviceNameUses = ["/etc/fstab:1: /dev/xvda1 /"] }, null).Severity.ShouldBe(Severity.Info);

    [Fact]
    public void X13_tells_which_interface_name_is_pinned() =>
        Only(new X13NicName(), Inside with { InterfaceNames = ["enX0"], Addresses = ["10.0.0.31/24"] }, null).Fix.ShouldContain("enX0");

    [Fact]
    public void X14_blocks_a_running_twin_but_not_the_same_guest_at_rest()
    {
        Concern[] With(string host, PowerState power) =>
            [.. Of(new X14Duplicates(), Sample.Facts with { Elsewhere = [(host, Sample.Guest with { Power = power, Name = "other", Uuid = null })] })];
        With("xen9", PowerState.Running).Length.ShouldBe(2);
        With("xen9", PowerState.Off).ShouldBeEmpty();
        With("kvm1", PowerState.Off).Length.ShouldBe(2);

        // The guest itself is off: only the plan's part of the rule can speak, and each finding is told once.
        var moved = Sample.Later(guest => guest with { Power = PowerState.Off }) with { Elsewhere = [("xen9", Sample.Guest)] };
        new X14Duplicates().Evaluate(moved.ToGuestFacts()!).ShouldBeEmpty();
        new X14Duplicates().Evaluate(moved).Count().ShouldBe(2);
    }

    [Fact]
    public void X19_blocks_what_the_target_lacks()
    {
        PreflightFacts With(Func<HostFacts, HostFacts> change) => Sample.Facts with { Target = Sample.Facts.Target with { Facts = change(Sample.KvmFacts) } };
        Only(new X19TargetRoom(), With(facts => facts with { Bridges = [] })).Title.ShouldContain("br0");
        Only(new X19TargetRoom(), With(facts => facts with { Storage = [facts.Storage[0] with { FreeBytes = 1 }] })).Title.ShouldContain("no room");
        Only(new X19TargetRoom(), With(facts => facts with { FreeMemoryMiB = 1 })).Subject.ShouldBe("memory");
        Only(new X19TargetRoom(), With(facts => facts with { KvmUsable = false })).Severity.ShouldBe(Severity.Warning);
        Only(new X19TargetRoom(), Sample.Facts with { ExistingTargetPaths = ["/pool/x"] }).Fix.ShouldContain("not overwritten");
    }

    [Fact]
    public void X23_blocks_missing_tools_and_a_closed_data_path()
    {
        Only(new X23Connection(), Sample.Facts with { SourceToTargetError = "no answer" }).Subject.ShouldBe("data path");
        var bare = Sample.Facts with { Target = Sample.Facts.Target with { Facts = Sample.KvmFacts with { Tools = new Dictionary<string, string>() } } };
        Of(new X23Connection(), bare).Count().ShouldBe(4);
    }

    [Fact]
    public void X24_warns_of_a_file_system_that_was_not_unmounted() =>
        Only(new X24DirtyFileSystem(), Inside with { FileSystems = [new InspectedFileSystem("/dev/sda1", "ext4", null, "/", Clean: false)] }, null)
            .Severity.ShouldBe(Severity.Warning);

    [Fact]
    public void X25_blocks_replication_that_is_behind_and_warns_of_the_other_node()
    {
        PreflightFacts With(string state) => Sample.Later(guest => guest with { Facts = [new GuestFact("DRBD r0", state, FactSource.Host, "drbdadm dstate r0")] });
        Only(new X25Drbd(), With("Inconsistent/UpToDate")).Evidence.ShouldBe("r0: Inconsistent/UpToDate");
        var other = Only(new X25Drbd(), With("UpToDate/DUnknown"));
        other.Severity.ShouldBe(Severity.Warning);
        other.Title.ShouldContain("can start the guest");
    }

    [Fact]
    public void X27_blocks_more_disks_than_the_controller_takes()
    {
        var many = Sample.Guest with { Disks = [.. Enumerable.Range(0, 27).Select(index => Sample.Disk("xvda", 0, 1) with { Vdev = $"d{index}", DiskIndex = index })] };
        Only(new X27Limits(), Sample.FactsFor(many)).Severity.ShouldBe(Severity.Blocker);
    }

    [Fact]
    public void What_the_source_side_knows_is_said_before_anybody_made_a_plan()
    {
        var troubled = Sample.Guest with
        {
            Drift = ["xvdb attached"],
            ConfigProblems = ["files.cfg:3: computed"],
            Unsupported = ["pci = 01:00.0"],
            Nics = [Sample.Guest.Nics[0] with { MacIsFixed = false }],
            Disks = [.. Sample.Guest.Disks, Sample.Disk("xvdb1", 1, 10) with { Format = "qcow2" }],
            Facts = [new GuestFact("DRBD r0", "Inconsistent", FactSource.Host, "drbdadm")],
        };
        var twin = Sample.Guest with { Name = "twin" };
        var facts = new GuestFacts("xen1", troubled, Neighbours.Of([("xen1", troubled), ("xen1", twin)]));
        var said = Rules<IGuestRule>().SelectMany(rule => rule.Evaluate(facts)).Select(concern => concern.Id).Distinct();
        said.Order().ShouldBe(["X01", "X02", "X03", "X04", "X05", "X06", "X07", "X09", "X14", "X25"]);
    }

    [Fact]
    public void A_guest_that_is_gone_is_said_to_be_gone_and_nothing_else_of_it()
    {
        var gone = Sample.Facts with { Source = Sample.Facts.Source with { Guests = [] } };
        gone.ToGuestFacts().ShouldBeNull();
        All(gone).Where(concern => concern.Severity == Severity.Blocker).ShouldHaveSingleItem().Id.ShouldBe("X01");
    }

    [Fact]
    public void Blockers_come_first_and_weigh_more_than_any_number_of_warnings()
    {
        static Concern Of(Severity severity, string id) => new(id, severity, "files", "", "", "");
        Concern.InOrder([Of(Severity.Info, "X01"), Of(Severity.Blocker, "X09"), Of(Severity.Warning, "X02"), Of(Severity.Blocker, "X03")])
            .Select(concern => concern.Id).ShouldBe(["X03", "X09", "X02", "X01"]);
        ConcernCounts.Of([Of(Severity.Blocker, "X01"), Of(Severity.Warning, "X02"), Of(Severity.Warning, "X03")]).ShouldBe(new ConcernCounts(1, 2, 0));
        new ConcernCounts(1, 0, 0).Weight.ShouldBeGreaterThan(new ConcernCounts(0, 9999, 9999).Weight);
    }

    private static IEnumerable<T> Rules<T>() => typeof(RuleBase).Assembly.GetTypes()
        .Where(type => type is { IsAbstract: false } && type.IsAssignableTo(typeof(T))).Select(type => (T)Activator.CreateInstance(type)!);

    private static IEnumerable<Concern> All(PreflightFacts facts) => Rules<IRule>().SelectMany(rule => Of(rule, facts));

    // As the preflight does it: a class may hold the part of the source side, the part of the plan, or both.
    private static IEnumerable<Concern> Of(IRule rule, PreflightFacts facts) =>
        (rule is IGuestRule ofGuest && facts.ToGuestFacts() is { } guest ? ofGuest.Evaluate(guest) : [])
        .Concat(rule is IPreflightRule ofPlan ? ofPlan.Evaluate(facts) : []);

    private static DiskFacts Disk(GuestInspection inside) => new(Sample.Guest, inside, null);

    private static Concern Only(IRule rule, PreflightFacts facts) => Of(rule, facts).ShouldHaveSingleItem();

    private static Concern Only(IDiskRule rule, GuestInspection inside, KernelCapabilities? kernel) =>
        rule.Evaluate(new DiskFacts(Sample.Guest, inside, kernel)).ShouldHaveSingleItem();
}
