using Xen2Kvm.Domain.Cleanups;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Runs;

namespace Xen2Kvm.Domain.Tests.Cleanups;

public sealed class GuestStandingTests
{
    private static readonly DateTimeOffset Proven = new(2026, 11, 1, 1, 2, 3, TimeSpan.Zero);
    private static readonly Guid Mine = Guid.NewGuid();

    [Fact]
    public void A_guest_that_runs_on_kvm_proven_and_is_off_and_locked_on_xen_may_be_cleaned_up()
    {
        Standing().Problems().ShouldBeEmpty();
        GuestStanding.ProvenAt(Moved()).ShouldBe(Proven);
    }

    [Theory]
    [InlineData(RunState.Failed)]
    [InlineData(RunState.RolledBack)]
    [InlineData(RunState.RollingBack)]
    [InlineData(RunState.Running)]
    [InlineData(RunState.NeedsAnswer)]
    [InlineData(RunState.Queued)]
    [InlineData(RunState.Stopped)]
    public void A_run_that_is_not_at_its_proven_end_keeps_everything(RunState state)
    {
        var run = Moved() with { State = state };
        GuestStanding.ProvenAt(run).ShouldBeNull();
        (Standing() with { Run = run }).Problems().ShouldHaveSingleItem().ShouldContain("not proven");
    }

    [Fact]
    public void A_route_without_proof_keeps_everything() =>
        (Standing() with { Run = Moved() with { Steps = [] } }).Problems().ShouldHaveSingleItem().ShouldContain("not proven");

    [Theory]
    [InlineData(PowerState.Off)]
    [InlineData(PowerState.Paused)]
    [InlineData(PowerState.Crashed)]
    public void A_guest_that_does_not_run_on_kvm_keeps_everything(PowerState power) =>
        (Standing() with { OnKvm = power }).Problems().ShouldHaveSingleItem().ShouldContain("does not run on kvm1");

    [Fact]
    public void A_guest_that_is_gone_from_kvm_or_was_made_by_another_keeps_everything()
    {
        (Standing() with { OnKvm = null, DefinedBy = null }).Problems().ShouldHaveSingleItem().ShouldContain("may be all there is");
        (Standing() with { DefinedBy = Guid.NewGuid() }).Problems().ShouldHaveSingleItem().ShouldContain("is not the guest that run");
        (Standing() with { DefinedBy = null }).Problems().ShouldHaveSingleItem().ShouldContain("is not the guest that run");
    }

    [Fact]
    public void A_guest_that_exists_on_xen_or_could_be_started_there_keeps_everything()
    {
        (Standing() with { OnXen = PowerState.Running }).Problems().ShouldHaveSingleItem().ShouldContain("is running on xen1");
        (Standing() with { OnXen = PowerState.Unknown }).Problems().ShouldHaveSingleItem();
        (Standing() with { StartableConfig = "/etc/xen/files.cfg" }).Problems().ShouldHaveSingleItem().ShouldContain("/etc/xen/files.cfg");
    }

    [Fact]
    public void A_lock_that_is_gone_or_another_runs_keeps_everything_unless_the_cleanup_took_it_away()
    {
        (Standing() with { LockedBy = null }).Problems().ShouldHaveSingleItem().ShouldContain("not locked");
        (Standing() with { LockedBy = Guid.NewGuid() }).Problems().ShouldHaveSingleItem().ShouldContain("another run");
        (Standing() with { LockedBy = null }).Problems(lockGone: true).ShouldBeEmpty();
    }

    [Fact]
    public void An_open_wave_keeps_everything() => (Standing() with { Wave = "Friday" }).Problems().ShouldHaveSingleItem().ShouldContain("wave Friday");

    private static GuestStanding Standing() => new()
    {
        Run = Moved(), TargetName = "files", OnKvm = PowerState.Running, DefinedBy = Mine, OnXen = PowerState.Off, LockedBy = Mine,
    };

    private static Run Moved() => new()
    {
        Id = Mine, PlanId = Guid.NewGuid(), GuestName = "files", SourceHost = "xen1", TargetHost = "kvm1", State = RunState.Succeeded, StartedBy = "olga", CreatedAt = Proven,
        Steps = [new RunStep { Id = "prove", Title = "Prove", State = StepState.Done, FinishedAt = Proven }],
    };
}
