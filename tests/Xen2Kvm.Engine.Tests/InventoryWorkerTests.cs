using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Inventory;

namespace Xen2Kvm.Engine.Tests;

public sealed class InventoryWorkerTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 26, 2, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("xen1", null, true)]
    [InlineData("xen1", 11, true)]
    [InlineData("xen1", 4, true)]
    [InlineData("kvm1", 4, true)]
    [InlineData("xen2", 4, false)]
    [InlineData("xen1", 2, false)]
    public void Hosts_are_looked_at_again_when_time_has_passed_or_a_run_on_them_has_ended(string host, int? seenMinutesAgo, bool due) =>
        InventoryWorker.IsDue(
            new Host
            {
                Id = Guid.NewGuid(), Name = host, Kind = HostKind.Xen, Ssh = new SshEndpoint { Address = "10.0.0.1" },
                LastSeenAt = seenMinutesAgo is { } minutes ? Now - TimeSpan.FromMinutes(minutes) : null,
            },
            [Ended(3), Ended(null)], Now).ShouldBe(due);

    private static Run Ended(int? minutesAgo) => new()
    {
        Id = Guid.NewGuid(), PlanId = Guid.NewGuid(), GuestName = "files", SourceHost = "xen1", TargetHost = "kvm1", State = RunState.Succeeded, Steps = [],
        StartedBy = "tester", CreatedAt = Now - TimeSpan.FromHours(1), FinishedAt = minutesAgo is { } minutes ? Now - TimeSpan.FromMinutes(minutes) : null,
    };
}
